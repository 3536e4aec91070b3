"""dns-01: the answer is a TXT record, put there by a signed dynamic update (RFC 8555 section 8.4, RFC 2136, RFC 8945).

For a machine that the authority cannot reach. Where _acme-challenge is a CNAME, the record goes where it points to, so
that the key is good for a zone of that purpose alone.
"""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.tsig
import dns.update
from acme import challenges
from josepy.jwk import JWK

from deploy.acme.errors import AcmeError
from deploy.acme.options import Dns as Options

LIFETIME = 60  # seconds; of the record
TIMEOUT = 10.0  # seconds, for each answer
SOURCE = "[dns] in secrets/provided/acme.toml"
PATIENCE = 120.0  # seconds for the zone's other name servers to have it


class Dns:
    """Records on the operator's name server."""

    kind = challenges.DNS01

    def __init__(self, options: Options) -> None:
        """Args: options: the server and its key."""
        self._options = options
        secret = base64.b64decode(options.key_secret.replace("-", "+").replace("_", "/") + "==")
        key_name = dns.name.from_text(options.key_name)
        self._key = dns.tsig.Key(key_name, secret, dns.name.from_text(options.key_algorithm))
        self._shown: list[tuple[dns.name.Name, dns.name.Name, str]] = []

    def ready(self, names: tuple[str, ...]) -> None:
        """See that the server has a zone for each name. Raises AcmeError."""
        for name in names:
            self._zone(_target(name))

    @contextmanager
    def shown(self, name: str, body: challenges.KeyAuthorizationChallenge, key: JWK) -> Iterator[None]:
        """Keep the record there. Raises AcmeError."""
        record, value = _target(name), str(body.validation(key))
        zone = self._zone(record)
        update = dns.update.UpdateMessage(zone, keyring=self._key)
        update.add(record, LIFETIME, "TXT", value)
        self._send(update, zone)
        self._shown.append((zone, record, value))
        try:
            yield
        finally:
            self._shown.remove((zone, record, value))
            removal = dns.update.UpdateMessage(zone, keyring=self._key)
            removal.delete(record, "TXT", value)
            try:
                self._send(removal, zone)
            except AcmeError as error:  # no reason to lose the certificate
                print(f"{record}: its TXT record stays: {error}", flush=True)

    def settled(self) -> None:
        """Wait until every name server of the zone that can be asked has the records. Raises AcmeError."""
        deadline = time.monotonic() + PATIENCE
        for zone, record, value in self._shown:
            for server in _servers(zone):
                while _has(server, record, value) is False:
                    if time.monotonic() > deadline:
                        raise AcmeError(f"the name server {server} of {zone} does not have {record} after two minutes")
                    time.sleep(2)

    def _zone(self, name: dns.name.Name) -> dns.name.Name:
        """The zone of a name, as the server has it."""
        while name != dns.name.root:
            answer = self._send(dns.message.make_query(name, dns.rdatatype.SOA), name)
            if any(found.rdtype == dns.rdatatype.SOA and found.name == name for found in answer.answer):
                return name
            name = name.parent()
        raise AcmeError(f"{self._options.server} has no zone for that name; see {SOURCE}")

    def _send(self, message: dns.message.Message, about: dns.name.Name) -> dns.message.Message:
        place = f"{self._options.server}:{self._options.port}"
        try:
            (address, *_), *_ = [found[4] for found in socket.getaddrinfo(self._options.server, None)]
            answer = dns.query.tcp(message, str(address), TIMEOUT, self._options.port)
        except (OSError, dns.exception.Timeout) as error:
            raise AcmeError(f"name server {place} does not answer ({type(error).__name__}); see {SOURCE}") from None
        except dns.exception.DNSException as error:
            # Also an unsigned no to a key that it doesn't know.
            key = self._key.name.to_text(omit_final_dot=True)
            raise AcmeError(f"name server {place} does not take the key {key} ({error}); see {SOURCE}") from None
        if isinstance(message, dns.update.UpdateMessage) and answer.rcode() != dns.rcode.NOERROR:
            code = dns.rcode.to_text(answer.rcode())
            raise AcmeError(f"name server {place} refuses to change {about} ({code}); may this key change that zone?")
        return answer


def _target(name: str) -> dns.name.Name:
    """Where the record of a public name belongs."""
    record = dns.name.from_text(f"_acme-challenge.{name}")
    try:
        target: dns.name.Name = dns.resolver.resolve(record, "CNAME", lifetime=TIMEOUT)[0].target
    except dns.exception.DNSException:
        return record
    return target


def _servers(zone: dns.name.Name) -> list[str]:
    """Addresses of a zone's name servers, those that this machine can find."""
    try:
        names = [str(found.target) for found in dns.resolver.resolve(zone, "NS", lifetime=TIMEOUT)]
        return sorted({str(found[4][0]) for name in names for found in socket.getaddrinfo(name, 53)})
    except (OSError, dns.exception.DNSException):
        return []


def _has(server: str, record: dns.name.Name, value: str) -> bool | None:
    """Whether a name server shows the record; None when it does not answer at all."""
    try:
        answer = dns.query.tcp(dns.message.make_query(record, dns.rdatatype.TXT), server, TIMEOUT)
    except (OSError, dns.exception.DNSException):
        return None
    return any(f'"{value}"' == str(found) for rows in answer.answer for found in rows)
