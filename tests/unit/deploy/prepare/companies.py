"""A private authority that isn't ours, as a company has one, and what it issues."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.prepare.certificates import SigningKey, certificate_pem, key_pem, new_key
from unit.deploy.prepare.trees import NOW

DAY = timedelta(days=1)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class Company:
    """A private authority."""

    name: str = "Example Company CA"
    end: timedelta = 400 * DAY
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @cached_property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = self._builder(_name(self.name), self.key, -2 * DAY, self.end)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return certificate_pem(builder.add_extension(usage, critical=True).sign(self.key, hashes.SHA256()))

    def issue(
        self, *names: str, begin: timedelta = -DAY, end: timedelta = 60 * DAY, key: SigningKey | None = None
    ) -> tuple[bytes, bytes]:
        """Key and certificate for `names`, valid from `begin` to `end` from now, as PEM."""
        key = key or new_key()
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = self._builder(_name(names[0]), key, begin, end).add_extension(alternatives, critical=False)
        return key_pem(key), certificate_pem(builder.sign(self.key, hashes.SHA256()))

    def _builder(
        self, subject: x509.Name, key: SigningKey, begin: timedelta, end: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + begin)
            .not_valid_after(NOW + end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
