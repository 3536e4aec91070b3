"""ID tokens: who signed them, for whom, for which sign-in, and whether they still hold (OIDC Core 1.0 §3.1.3.7)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

from authlib.oidc.core.util import create_half_hash  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from gatehouse.gate import strict_json

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
"""Signatures alone: with an HMAC, the provider's public key would do as a key (RFC 8725 §2.1)."""

LEEWAY = 60
"""How far two clocks may differ, in seconds."""

TENANT = "{tenantid}"
"""What Entra ID writes in the issuer of metadata for several tenants."""

MAX_TOKEN_BYTES = 64 * 1024
_MAX_HEADER_BYTES = 4096
_MAX_KEYS = 100
_MAX_NAME = 255  # OIDC Core §2: `sub` must not be longer
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class TokenFault(Exception):  # noqa: N818 - a token's, not the program's
    """A token is not to be believed. `why` is a short word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class UnknownKey(TokenFault):
    """It names a key that the provider has not published, as far as is known here."""


@dataclass(frozen=True)
class Keys:
    """A provider's public keys, and the algorithms that it says it signs with and that are accepted here."""

    published: KeySet
    algorithms: frozenset[str]


def read_keys(document: object, algorithms: frozenset[str]) -> Keys:
    """Read a JWK Set (RFC 7517 §5). Keys that are of no use here are passed over, as it asks.

    Args:
        document: what the provider's `jwks_uri` answered.
        algorithms: a subset of `ALGORITHMS`.

    Raises:
        ValueError: if no usable key is in it.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = [key for data in (listed if isinstance(listed, list) else [])[:_MAX_KEYS] if (key := _key(data))]
    # Without any algorithm joserfc would go back to its own list, HMAC among it.
    if not keys or not algorithms or not algorithms <= ALGORITHMS:
        raise ValueError("no usable key")
    return Keys(KeySet(keys), algorithms)


def verify_id_token(  # noqa: PLR0913 - all that the rules speak of
    raw: str,
    keys: Keys,
    *,
    issuer: str,
    client_id: str,
    nonce: str | None,
    access_token: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of an ID token that is signed by `issuer` for `client_id`, and valid at `now`.

    Args:
        raw: the token as received.
        keys: the issuer's.
        issuer: as its metadata says; `{tenantid}` in it stands for the token's own `tid` (Entra ID).
        client_id: ours.
        nonce: of the attempt; None for a refresh, whose token needs none (§12.2).
        access_token: what came with it, to be checked if the token has `at_hash` (§3.1.3.8).
        now: with a time zone.

    Raises:
        UnknownKey: if the key is not among `keys`.
        TokenFault: if any rule is broken.
    """
    header, claims, key = decode(raw, keys)
    _check_tenants_key(key, issuer, claims)
    check_claims(claims, now, iss=issuer_for(issuer, claims), aud=client_id, required=("sub", "exp", "iat"))
    check_name(claims, "sub")
    if "sid" in claims:
        check_name(claims, "sid")
    azp, aud = claims.get("azp"), claims["aud"]
    if azp != client_id and (azp is not None or (isinstance(aud, list) and len(aud) > 1)):
        raise TokenFault("claim-azp")
    if nonce is not None and not _same(claims.get("nonce"), nonce):
        raise TokenFault("claim-nonce")
    if access_token is not None and "at_hash" in claims:
        # RFC 9864 renames EdDSA with curve 25519; its hash stays SHA-512.
        algorithm = "EdDSA" if header["alg"] == "Ed25519" else header["alg"]
        if not _same(claims["at_hash"], create_half_hash(access_token, algorithm).decode()):
            raise TokenFault("claim-at_hash")
    return claims


def decode(raw: str, keys: Keys) -> tuple[dict[str, Any], dict[str, Any], Key]:
    """Check a JWT's signature; return its header, its claims (not judged yet), and the key.

    Raises:
        UnknownKey: if the key is not among `keys`.
        TokenFault: if it is malformed, too large, signed otherwise than announced, or the signature is wrong.
    """
    try:
        header, _ = unverified(raw)
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in keys.algorithms:
            raise TokenFault("algorithm")
        # No extension is understood here (RFC 7515 §4.1.11), RFC 7797's neither.
        if "crit" in header or "b64" in header or not isinstance(kid, str | None):
            raise TokenFault("header")
        key = keys.published.get_by_kid(kid, {"alg": algorithm, "use": "sig"})
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        registry.max_header_length = _MAX_HEADER_BYTES
        token = jwt.decode(raw, key, registry=registry, decoder_cls=strict_json.StrictDecoder)
    except InvalidKeyIdError:
        raise UnknownKey("unknown-key") from None
    except BadSignatureError:
        raise TokenFault("signature") from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenFault("malformed") from None
    return token.header, token.claims, key


def unverified(raw: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a JWT that anybody may have written: good for choosing whose keys to try.

    Raises:
        TokenFault: if it is malformed, too large, or holds what cannot be stored.
    """
    if len(raw) > MAX_TOKEN_BYTES:
        raise TokenFault("too-large")
    try:
        header, claims, _ = (part.encode("ascii") for part in raw.split("."))
        read = [strict_json.loads(urlsafe_b64decode(part)) for part in (header, claims)]
        strict_json.check_storable(read)
    except ValueError:
        raise TokenFault("malformed") from None
    if len(header) > _MAX_HEADER_BYTES or not all(isinstance(part, dict) for part in read):
        raise TokenFault("malformed")
    return read[0], read[1]


def check_claims(claims: dict[str, Any], now: datetime, *, iss: str, aud: str, required: Collection[str]) -> None:
    """Check issuer, audience and times, with `LEEWAY` (RFC 7519 §4.1).

    Raises:
        TokenFault: naming the claim.
    """
    options: dict[str, ClaimsOption] = {name: {"essential": True} for name in required}
    options |= {"iss": {"essential": True, "value": iss}, "aud": {"essential": True, "value": aud}}
    try:
        JWTClaimsRegistry(int(now.timestamp()), LEEWAY, **options).validate(claims)
    except ExpiredTokenError:
        raise TokenFault("expired") from None
    except ClaimError as error:
        raise TokenFault(f"claim-{error.claim}") from None


def check_name(claims: Mapping[str, Any], name: str) -> None:
    """Check that a claim is a name of somebody or something: text of 1 to 255 characters.

    Raises:
        TokenFault: naming the claim.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_NAME:
        raise TokenFault(f"claim-{name}")


def issuer_for(issuer: str, claims: Mapping[str, Any]) -> str:
    """Return the issuer that must stand in a token with these claims; only Entra's template depends on them.

    Raises:
        TokenFault: if the template's tenant is missing.
    """
    if TENANT not in issuer:
        return issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not _GUID.fullmatch(tenant):
        raise TokenFault("claim-tid")
    return issuer.replace(TENANT, tenant)


def is_issuer(issuer: str, given: str) -> bool:
    """Tell whether `given` is `issuer`, or one of those that Entra's template stands for."""
    before, template, after = issuer.partition(TENANT)
    if not template:
        return given == issuer
    tenant = given[len(before) : len(given) - len(after)]
    return bool(_GUID.fullmatch(tenant)) and given == f"{before}{tenant}{after}"


def _check_tenants_key(key: Key, issuer: str, claims: Mapping[str, Any]) -> None:
    # Entra publishes for all tenants in one set, and says beside each key whose it is:
    # https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer
    owner = key.get("issuer")
    if TENANT in issuer and isinstance(owner, str) and issuer_for(owner, claims) != claims.get("iss"):
        raise TokenFault("key-issuer")


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and compare_digest(given.encode(), expected.encode())


def _key(data: object) -> Key | None:
    try:
        public = isinstance(data, dict) and data.get("kty") in ("RSA", "EC", "OKP") and data.get("use") != "enc"
        key = JWKRegistry.import_key(data) if public else None  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < 2048:  # NIST SP 800-131A rev. 2 §3
        return None
    return key
