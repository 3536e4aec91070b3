"""A connection to the authority, with an account there that is made once."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from acme import client, messages
from acme.errors import ConflictError
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from deploy.acme import places
from deploy.acme.errors import AcmeError
from deploy.acme.options import Account
from deploy.prepare import certificates

TIMEOUT = 30  # seconds, for each answer


@dataclass(frozen=True)
class Authority:
    """A connection to an authority, and the key of our account there."""

    client: client.ClientV2
    key: JWKEC


def connect(directory: str) -> Authority:
    """A connection with this stack's key, before there is an account. Raises what errors.words() explains."""
    key = JWKEC(key=_key(places.ACCOUNT_KEY))
    net = client.ClientNetwork(key, alg=ES256, user_agent="gatehouse", timeout=TIMEOUT)
    # requests takes a file here as well, and else trusts the list that it brings instead of the system's.
    net.verify_ssl = str(_trusted())  # type: ignore[assignment]
    return Authority(client.ClientV2(client.ClientV2.get_directory(directory, net), net), key)


def sign_up(authority: Authority, email: str, binding: Account | None) -> None:
    """Have an account: find the one of this key, or make it. Raises what errors.words() explains."""
    server = authority.client
    if server.external_account_required() and binding is None:
        raise AcmeError(
            "the authority asks for external account binding; put key_id and hmac_key that it gave you under [account] "
            "in secrets/provided/acme.toml"
        )
    bound = None
    if binding:
        bound = messages.ExternalAccountBinding.from_data(
            authority.key.public_key(), binding.key_id, binding.hmac_key, server.directory
        )
    wanted = messages.NewRegistration.from_data(
        email=email or None, terms_of_service_agreed=True, external_account_binding=bound
    )
    try:
        server.new_account(wanted)
    except ConflictError as there:
        account = messages.RegistrationResource(uri=there.location, body=messages.Registration())
        held = server.query_registration(account)
        if set(held.body.emails) != {email} - {""}:
            server.update_registration(held, messages.Registration.from_data(email=email or None, contact=()))


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The account's key, made when it is missing. Raises AcmeError."""
    try:
        key = certificates.load_key(path.read_bytes())
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AcmeError("secrets/acme/account.key: not an ECDSA key; remove it: a new account is made")
    except FileNotFoundError:
        key = certificates.new_key()
        write(path, certificates.key_pem(key))
    except (ValueError, OSError):
        raise AcmeError("secrets/acme/account.key: cannot be used; remove it: a new account is made") from None
    return key


def write(path: Path, content: bytes) -> None:
    """Put a secret into its place, whole or not at all. Raises OSError."""
    temporary = path.with_name(f".{path.name}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.rename(path)


def _trusted() -> Path:
    """The authorities that may vouch for the directory: the system's, a private one's, the proxy's."""
    system = ssl.get_default_verify_paths().cafile
    sources = [Path(system)] if system else []
    bundle = places.TEMPORARY / "trusted.pem"
    with bundle.open("wb") as file:
        for source in [*sources, places.AUTHORITY, places.EGRESS_AUTHORITY]:
            if source.is_file() or source.is_char_device():  # /dev/null stands for "none"
                file.write(source.read_bytes() + b"\n")
    return bundle
