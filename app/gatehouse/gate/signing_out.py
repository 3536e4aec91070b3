"""GET and POST /auth/logout, GET /auth/signed-out, POST /auth/backchannel-logout: the ways out."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import get_args
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Message, Receive

from gatehouse.gate.attempts import Attempts
from gatehouse.gate.client import GrantRefused, ProviderDown, ProviderFault
from gatehouse.gate.door import Door
from gatehouse.gate.headers import SESSION_COOKIE, cookies
from gatehouse.gate.logout_token import LogoutTokenError
from gatehouse.gate.pages.page import render
from gatehouse.gate.providers import Provider
from gatehouse.gate.session import Reason, Session, Tokens
from gatehouse.gate.web import NO_STORE, forget_cookie, one

_REASONS = frozenset(get_args(Reason))
_PROVIDER_SECONDS = 3.0
_LOGOUT_TOKEN_BYTES = 64 * 1024

_log = logging.getLogger(__name__)


async def logout(door: Door, request: Request) -> Response:
    """End the session here, then send the browser to the provider to end its own (OIDC RP-Initiated Logout 1.0 §2).

    A GET ends it only when a page of the app asked (Fetch metadata: st.logout() navigates there); a link from elsewhere
    gets a question, whose answer is a POST.

    Raises:
        Unavailable: if the database does not answer; then nothing has changed.
    """
    session = await door.session_of(cookies(request.scope))
    if session is None or session.ended_at:
        return _leave("/auth/signed-out?reason=signed-out", 302)
    back = f"{door.origin}/auth/signed-out"
    provider, tokens = door.providers.get(session.provider), await door.store.tokens(session.id)
    url = await _at_provider(door, provider, tokens, back)
    if request.method == "GET" and request.headers.get("sec-fetch-site") != "same-origin":
        there = urlsplit(url) if url else None
        return render(
            "confirm_sign_out",
            brand=door.brand,
            forms_to=f"{there.scheme}://{there.netloc}" if there else "",
            name=session.claims.get("name"),
            email=session.claims.get("email"),
            provider=provider,
            next="/",
        )
    await door.store.end(session.id, "signed-out")
    if provider and tokens:
        await _end_at_provider(door, session, provider, tokens)
    return _leave(url or f"{back}?reason=signed-out", 303)


async def _at_provider(door: Door, provider: Provider | None, tokens: Tokens | None, back: str) -> str | None:
    """Where the browser ends the provider's session, if there is such a place and it can be known now."""
    if provider is None or tokens is None or tokens.id is None:
        return None
    try:
        return await door.client.end_session_url(provider, tokens.id, back)
    except (ProviderDown, ProviderFault):
        return None


async def _end_at_provider(door: Door, session: Session, provider: Provider, tokens: Tokens) -> None:
    """Have the provider's session over before the browser can ask for another; what fails here is tried again later."""
    with suppress(ProviderDown, ProviderFault, GrantRefused, TimeoutError):
        async with asyncio.timeout(_PROVIDER_SECONDS):
            if await door.client.end(provider, tokens):
                await door.store.logout_done(session.id, ok=True)


async def signed_out(door: Door, request: Request) -> Response:
    """Say why the session ended. Redirects nobody: who is asked for a password should know what for."""
    given = one(request, "reason")
    reason = given if given in _REASONS else "signed-out"
    return render("signed_out", brand=door.brand, reason=reason, next=Attempts.local(one(request, "next")))


async def backchannel_logout(door: Door, request: Request) -> Response:
    """Take a provider's word that a session of its own has ended (OIDC Back-Channel Logout 1.0 §2.5 to §2.8).

    Raises:
        Unavailable: if the database does not answer; the provider sees 503 and may try again.
    """
    token = await _logout_token(request)
    if token is None:
        return _refused("invalid_request")
    try:
        provider, logout = await door.client.verify_logout(token)
    except LogoutTokenError as fault:
        _log.warning("logout token refused", extra={"why": fault.why})
        return _refused("invalid_request")
    except (ProviderDown, ProviderFault):
        return JSONResponse({"error": "temporarily_unavailable"}, status_code=503, headers=NO_STORE)
    fresh = await door.store.logged_out(
        logout.issuer,
        jti=logout.jti,
        sid=logout.sid,
        subject=logout.subject,
        issued_at=logout.issued_at,
        expires_at=logout.expires_at,
    )
    if not fresh:
        _log.warning("logout token replayed", extra={"provider": provider.name})
        return _refused("invalid_request")
    return Response(status_code=200, headers=NO_STORE)


async def _logout_token(request: Request) -> str | None:
    """The one parameter of the form, bounded while it arrives: anybody may post here."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LOGOUT_TOKEN_BYTES:
            return None
    bounded = Request(request.scope, _replay(body))
    try:
        values = (await bounded.form()).getlist("logout_token")
    except (HTTPException, ValueError):
        return None
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, status_code=400, headers=NO_STORE)


def _leave(url: str, status: int) -> Response:
    response = RedirectResponse(url, status_code=status, headers=NO_STORE)
    forget_cookie(response, SESSION_COOKIE)
    return response
