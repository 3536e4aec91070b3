"""The certificate that is held: whether it is for this stack, and when it should be renewed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from acme import errors
from cryptography import x509

from deploy.acme.account import Authority
from deploy.prepare import certificates

LOOK_AGAIN = 6 * 3600.0  # seconds, as RFC 9773 section 4.3.2 advises where the authority says nothing


@dataclass(frozen=True)
class Held:
    """A certificate with its chain."""

    certificate: x509.Certificate
    pem: bytes

    @property
    def ends(self) -> float:
        """When it ends, in seconds since the epoch."""
        return self.certificate.not_valid_after_utc.timestamp()

    @property
    def last_third(self) -> float:
        """When a third of its life is left: where the authority gives no advice, it is renewed then."""
        begins = self.certificate.not_valid_before_utc.timestamp()
        return self.ends - (self.ends - begins) / 3

    def is_for(self, names: tuple[str, ...]) -> bool:
        """Whether it names these, and no others."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return False
        return set(found.get_values_for_type(x509.DNSName)) == set(names)


def read(path: Path) -> Held | None:
    """What is held; None when nothing is that could be served."""
    with suppress(OSError, ValueError):
        content = path.read_bytes()
        certificate, *_ = certificates.load_certificates(content)
        if certificates.pairs(certificates.load_key(content), certificate):
            return Held(certificate, certificates.certificate_pem(certificate))
    return None


def renewal(authority: Authority, held: Held) -> tuple[float, float]:
    """When to renew, and when to ask the authority again for its advice (RFC 9773): seconds since the epoch."""
    try:
        advice, again = authority.client.renewal_time(held.pem)
    except errors.ARIError as error:
        advice, again = None, error.retry_after
    soonest = (datetime.now() + timedelta(hours=1)).timestamp()  # noqa: DTZ005 -- the library's times have no zone
    when = min(advice.astimezone(UTC).timestamp(), held.ends) if advice else held.last_third
    return when, max(again.timestamp(), soonest)
