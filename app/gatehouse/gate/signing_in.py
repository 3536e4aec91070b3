"""GET /auth/login and GET /oauth2callback: from a stranger to a session."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from streamlit.auth_util import decode_provider_token
from streamlit.errors import StreamlitAuthError

from gatehouse.gate.attempts import LIFETIME, Attempt, Attempts
from gatehouse.gate.client import Grant, GrantRefused, ProviderDown, ProviderFault
from gatehouse.gate.door import Door
from gatehouse.gate.headers import SESSION_COOKIE, cookies
from gatehouse.gate.pages.page import render
from gatehouse.gate.providers import Provider
from gatehouse.gate.session import NewSession
from gatehouse.gate.store import Refused
from gatehouse.gate.web import NO_STORE, forget_cookie, keep_cookie, one

# Endings after which the provider must not wave the browser through where its own session could not be ended.
_ASK_ANEW = frozenset({"idle", "absolute", "operator", "disabled"})

_log = logging.getLogger(__name__)


async def login(door: Door, request: Request) -> Response:
    """Send the browser to the provider, or to a choice of several. Writes nothing: the attempt is a cookie.

    `provider` is a name of [auth], or the signed token that Streamlit's st.login() makes of one; `next` is where the
    person wanted to go.
    """
    place = Attempts.local(one(request, "next"))
    name = _chosen(door, request)
    if name is None and len(door.providers) == 1:
        name = next(iter(door.providers))
    provider = door.providers.get(name or "")
    if provider is None:
        fresh = one(request, "fresh") == "1"
        return render("choose", brand=door.brand, providers=list(door.providers.values()), next=place, fresh=fresh)
    jar = cookies(request.scope)
    anew = await _must_ask_anew(door, jar)
    attempt = door.attempts.start(provider.name, place, fresh=anew)
    # Another account is wanted, or it was st.login that asked: Streamlit's default is to let people choose one.
    chooses = one(request, "fresh") == "1"
    prompt = "login" if anew else "select_account" if chooses else None
    try:
        url = await door.client.authorization_url(provider, attempt, prompt)
    except (ProviderDown, ProviderFault) as fault:
        return _provider_away(door, provider, fault, place)
    response = RedirectResponse(url, status_code=302, headers=NO_STORE)
    cookie, value = door.attempts.cookie(attempt)
    for surplus in door.attempts.surplus(jar):
        forget_cookie(response, surplus)
    keep_cookie(response, cookie, value, LIFETIME)
    return response


async def callback(door: Door, request: Request) -> Response:
    """Take the provider's answer (OIDC Core §3.1.2.5), and make a session of it.

    Raises:
        Unavailable: if the database does not answer; then nobody is signed in or out.
    """
    jar = cookies(request.scope)
    state = one(request, "state")
    attempt = door.attempts.find(jar, state) if state else None
    if attempt is None:
        # Reloaded, or restored with a browser's tabs, after it had served.
        if (session := await door.session_of(jar)) and not session.ended_at:
            return RedirectResponse("/", status_code=302, headers=NO_STORE)
        return _failed(door, "/", "unknown-attempt")
    provider = door.providers.get(attempt.provider)
    if provider is None:
        response = _failed(door, attempt.next, "malformed")
    else:
        response = await _answered(door, request, provider, attempt, jar)
    # Whatever came of it, this attempt has served.
    forget_cookie(response, Attempts.cookie_name(attempt.state))
    return response


async def _answered(
    door: Door, request: Request, provider: Provider, attempt: Attempt, jar: dict[str, str]
) -> Response:
    code, error = one(request, "code"), one(request, "error")
    if error is not None and "code" not in request.query_params:
        return _failed(door, attempt.next, "cancelled" if error == "access_denied" else "refused-by-provider")
    if code is None or "error" in request.query_params or len(request.query_params.getlist("iss")) > 1:
        return _failed(door, attempt.next, "malformed")
    try:
        grant = await door.client.exchange(provider, attempt, code, one(request, "iss"))
    except ProviderDown as fault:
        return _provider_away(door, provider, fault, attempt.next)
    except GrantRefused:
        return _failed(door, attempt.next, "refused-by-provider")
    except ProviderFault as fault:
        return _failed(door, attempt.next, fault.why)
    return await _enter(door, provider, attempt, grant, jar)


async def _enter(door: Door, provider: Provider, attempt: Attempt, grant: Grant, jar: dict[str, str]) -> Response:
    claims = grant.claims
    new = NewSession(
        provider.name, claims["iss"], claims["sub"], grant.sid, grant.issued_at, claims=claims, tokens=grant.tokens
    )
    if not door.policy.may_enter(claims, provider.name):
        await door.store.event("denied", session=None, provider=provider.name, issuer=new.issuer, subject=new.subject)
        # Or the provider would wave the same account through again.
        with suppress(ProviderDown, ProviderFault, GrantRefused):
            await door.client.end(provider, grant.tokens)
        return _denied(door, provider, claims, attempt.next)
    before = await door.session_of(jar)
    try:
        _, value = await door.store.begin(
            new, attempt=attempt.state, replaces=before.id if before and not before.ended_at else None
        )
    except Refused as refusal:
        return _failed(door, attempt.next, refusal.reason)
    response = RedirectResponse(attempt.next, status_code=302, headers=NO_STORE)
    keep_cookie(response, SESSION_COOKIE, value, int(door.store.limits.absolute.total_seconds()))
    return response


def _chosen(door: Door, request: Request) -> str | None:
    given = one(request, "provider")
    if given is None or given in door.providers:
        return given
    try:
        return decode_provider_token(given)["provider"]
    except StreamlitAuthError:
        return None


async def _must_ask_anew(door: Door, jar: dict[str, str]) -> bool:
    """After an ending that the provider could not be told of, its own session would let anybody at this browser in."""
    session = await door.session_of(jar)
    return bool(session and session.ended_at and session.end_reason in _ASK_ANEW and session.provider_logout != "done")


def _provider_away(door: Door, provider: Provider, fault: ProviderDown | ProviderFault, place: str) -> Response:
    _log.warning("the provider does not answer", extra={"provider": provider.name, "why": fault.why})
    return render(
        "provider_away", brand=door.brand, status=503, headers={"Retry-After": "10"}, provider=provider, next=place
    )


def _failed(door: Door, place: str, why: str) -> Response:
    _log.info("sign-in failed", extra={"why": why})
    return render("error", brand=door.brand, status=400, why=why, next=place)


def _denied(door: Door, provider: Provider, claims: dict[str, Any], place: str) -> Response:
    return render(
        "denied",
        brand=door.brand,
        status=403,
        name=claims.get("name"),
        email=claims.get("email"),
        provider=provider,
        next=place,
    )
