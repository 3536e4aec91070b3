"""X.509: authorities that can sign for one name alone, and the certificates that they sign."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SigningKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

AUTHORITY_LIFETIME = timedelta(days=3650)  # a machine's owner trusts it by hand, so seldom
LEAF_LIFETIME = timedelta(days=90)
CLOCK_SKEW = timedelta(hours=1)  # a reader's clock may be behind ours

# A permitted DNS name says nothing about addresses, so they are excluded by themselves (RFC 5280 §4.2.1.10).
_EVERY_ADDRESS = [x509.IPAddress(ipaddress.ip_network(every)) for every in ("0.0.0.0/0", "::/0")]


@dataclass(frozen=True)
class Pair:
    """A private key and the certificate that carries its public half."""

    key: SigningKey
    certificate: x509.Certificate


def load_key(content: bytes) -> SigningKey:
    """An unencrypted PEM key. Raises ValueError when it is anything else, or browsers refuse its kind."""
    try:
        key = load_pem_private_key(content, password=None)
    except (TypeError, UnsupportedAlgorithm):  # encrypted, or of a kind unheard of
        raise ValueError("not usable") from None
    if not isinstance(key, SigningKey):
        raise ValueError("neither ECDSA nor RSA")  # noqa: TRY004 -- the file is wrong, not the caller
    return key


def load_certificates(content: bytes) -> list[x509.Certificate]:
    """The PEM certificates of a file, in its order. Raises ValueError when there is none or one is malformed."""
    return x509.load_pem_x509_certificates(content)


def key_pem(key: SigningKey) -> bytes:
    """The key as PEM, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def new_key() -> ec.EllipticCurvePrivateKey:
    """An ECDSA P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def pairs(key: SigningKey, certificate: x509.Certificate) -> bool:
    """Whether the certificate is this key's."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form)


def new_authority(key: SigningKey, domain: str, now: datetime) -> x509.Certificate:
    """A root that signs servers of `domain` and below, and nothing else."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Part of the key's identifier tells two authorities of one name apart in a trust store; a common name has at most
    # 64 characters (RFC 5280, ub-common-name).
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gatehouse"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Gatehouse {domain[:45]} {identifier.digest.hex()[:8]}"),
        ]
    )
    constraints = x509.NameConstraints(permitted_subtrees=[x509.DNSName(domain)], excluded_subtrees=_EVERY_ADDRESS)
    return (
        _builder(key, name, now, AUTHORITY_LIFETIME)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )


def new_leaf(authority: Pair, names: tuple[str, ...], now: datetime) -> Pair:
    """A server's key and certificate for `names`, valid for 90 days or as long as the authority still is."""
    key = new_key()
    signer = authority.certificate
    identifier = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gatehouse")])
    lifetime = min(LEAF_LIFETIME, signer.not_valid_after_utc - (now - CLOCK_SKEW))
    certificate = (
        _builder(key, subject, now, lifetime)
        .issuer_name(signer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Pair(key, certificate)


def _builder(key: SigningKey, subject: x509.Name, now: datetime, lifetime: timedelta) -> x509.CertificateBuilder:
    start = now - CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
