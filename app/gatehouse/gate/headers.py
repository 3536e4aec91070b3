"""What of a request's headers reaches Streamlit and the script: no cookie of the gate's, no identity from outside."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from starlette.types import Scope
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from gatehouse.gate.ownership import SESSION_HEADER
from gatehouse.gate.session import Session

SESSION_COOKIE = "__Host-gate"
REPLICA_COOKIE = "__Host-replica"
XSRF_COOKIE = "_streamlit_xsrf"

_USER_COOKIE = "_streamlit_user"
# Streamlit's own sign-in; the gate's routes stand in its place.
_STREAMLIT_COOKIES = (_USER_COOKIE, "_streamlit_session")

# Names by which proxies pass on who someone is, RFC 9110's `Authorization` among them: an app may believe them.
_IDENTITY_PREFIXES = (
    "authorization",
    "remote-user",
    "x-remote-",
    "x-auth-",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-access-token",
    "x-gatehouse-",
    "x-amzn-oidc-",
    "x-goog-authenticated-user",
    "x-goog-iap-",
    "x-ms-client-principal",
    "x-ms-token-",
    "tailscale-user-",
    "cf-access-",
)


def cookies(scope: Scope) -> dict[str, str]:
    """Return the request's cookies; of several with one name the first (RFC 6265 §5.4: the most specific)."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                key, separator, text = pair.strip().partition("=")
                if separator:
                    found.setdefault(key, text)
    return found


def header(scope: Scope, name: bytes) -> str | None:
    """Return the one value of a header; None if it is absent or given more than once."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def cleaned(scope: Scope, session: Session, extra_cookies: Iterable[tuple[str, str]] = ()) -> Scope:
    """Return `scope` as Streamlit gets it: without the gate's cookies and foreign identity, with the session's id."""
    jar = [
        f"{name}={value}"
        for name, value in cookies(scope).items()
        if not name.startswith((SESSION_COOKIE, REPLICA_COOKIE, *_STREAMLIT_COOKIES))
    ]
    jar += [f"{name}={value}" for name, value in extra_cookies]
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"cookie" and not name.decode("latin-1").startswith(_IDENTITY_PREFIXES)
    ]
    if jar:
        headers.append((b"cookie", "; ".join(jar).encode("latin-1")))
    headers.append((SESSION_HEADER.encode(), str(session.id).encode()))
    return {**scope, "headers": headers}


def streamlit_user(
    session: Session, *, origin: str, secret: str, tokens: dict[str, str] | None
) -> list[tuple[str, str]]:
    """Return the cookies from which Streamlit 1.67 makes `st.user`. They exist inside this process alone.

    Args:
        session: whose claims; they stay the same over a refresh, because Streamlit resumes a dropped session only for
            equal ones (AppSession.matches_user_info).
        origin: of the app; Streamlit compares it with the websocket's.
        secret: Streamlit's cookie_secret.
        tokens: what [auth] expose_tokens names, such as {"id_token": …}; None if it names nothing.
    """
    user = {**session.claims, "origin": origin, "is_logged_in": True, "provider": session.provider}
    made = [(_USER_COOKIE, create_signed_value(secret, _USER_COOKIE, json.dumps(user)).decode())]
    name = f"{_USER_COOKIE}_tokens"
    made.append((name, create_signed_value(secret, name, json.dumps(tokens or {})).decode()))
    return made


class Offered(NamedTuple):
    """What Streamlit's page says in the subprotocols of its handshake (1.67).

    `xsrf`: must match the XSRF cookie. `resumed`: the Streamlit session that the tab wants back.
    """

    protocol: str | None
    xsrf: str | None
    resumed: str | None


def offered(scope: Scope) -> Offered:
    """Return the subprotocols that a handshake offers."""
    parts = [part.strip() or None for part in (header(scope, b"sec-websocket-protocol") or "").split(",")]
    return Offered(*(parts + [None] * 3)[:3])
