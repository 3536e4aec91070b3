"""Logout tokens: a provider's word that a session of its own has ended (OIDC Back-Channel Logout 1.0 §2.4, §2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gatehouse.gate.tokens import LEEWAY, Keys, TokenFault, UnknownKey, check_claims, check_name, decode, issuer_for

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = frozenset({"jwt", "logout+jwt", "application/logout+jwt"})
_MAX_AGE = timedelta(minutes=5)
_LONGEST = timedelta(hours=1)


class LogoutTokenError(TokenFault):
    """A logout token is not to be believed. `why` is a short word for the log."""


@dataclass(frozen=True)
class LogoutToken:
    """What ended: the provider's session `sid`, or all of `subject`; with both, that session of that subject.

    `expires_at`: until when `jti` must be remembered; later the token is refused for its age.
    """

    issuer: str
    jti: str
    sid: str | None
    subject: str | None
    issued_at: datetime
    expires_at: datetime


def verify_logout_token(raw: str, keys: Keys, *, issuer: str, client_id: str, now: datetime) -> LogoutToken:
    """Return what the token says. That its `jti` is new is for the caller to check.

    Args:
        raw: the token as received, from anybody.
        keys: the issuer's.
        issuer: as its metadata says.
        client_id: ours.
        now: with a time zone.

    Raises:
        UnknownKey: if the key is not among `keys`.
        LogoutTokenError: if any rule is broken.
    """
    try:
        return _verify(raw, keys, issuer, client_id, now)
    except UnknownKey:
        raise
    except TokenFault as fault:
        raise LogoutTokenError(fault.why) from None


def _verify(raw: str, keys: Keys, issuer: str, client_id: str, now: datetime) -> LogoutToken:
    header, claims, _ = decode(raw, keys)
    # Another kind of token of the same issuer must not pass for this one (RFC 8725 §3.11).
    if str(header.get("typ", "JWT")).lower() not in _TYPES:
        raise TokenFault("type")
    issuer = issuer_for(issuer, claims)
    check_claims(claims, now, iss=issuer, aud=client_id, required=("iat", "exp", "jti", "events"))
    if claims["iat"] < (now - _MAX_AGE).timestamp() - LEEWAY:
        raise TokenFault("claim-iat")
    for name in ("jti", *(name for name in ("sub", "sid") if name in claims)):
        check_name(claims, name)
    if "sub" not in claims and "sid" not in claims:
        raise TokenFault("nobody")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise TokenFault("claim-events")
    # Or an ID token could be made to pass for a logout token.
    if "nonce" in claims:
        raise TokenFault("claim-nonce")
    return LogoutToken(
        issuer,
        claims["jti"],
        claims.get("sid"),
        claims.get("sub"),
        datetime.fromtimestamp(claims["iat"], UTC),
        datetime.fromtimestamp(min(claims["exp"], (now + _LONGEST).timestamp()), UTC),
    )
