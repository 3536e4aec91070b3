"""The wall around Streamlit, as pure ASGI middleware: every request and websocket passes here first, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import sha256
from urllib.parse import quote

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token

from gatehouse.gate.attempts import Attempts
from gatehouse.gate.content import REPORTS, file_policy
from gatehouse.gate.door import Door
from gatehouse.gate.headers import REPLICA_COOKIE, XSRF_COOKIE, cleaned, cookies, header, offered
from gatehouse.gate.ownership import is_kept, owner_of, owns_media
from gatehouse.gate.refusals import refusal
from gatehouse.gate.request_id import remember
from gatehouse.gate.session import Session
from gatehouse.gate.static_files import is_static, safe_headers, served
from gatehouse.gate.store import Unavailable
from gatehouse.gate.web import NO_STORE
from gatehouse.gate.websocket import GuardedSocket

# A provider's server posts it, which has neither cookie nor Origin (OIDC Back-Channel Logout 1.0 §2.5).
_BACKCHANNEL = "/auth/backchannel-logout"

# Paths of the gate itself and the container's health check answer a stranger, with these methods and no others: what
# Starlette finds no route for falls through to Streamlit's page.
_GET = frozenset({"GET", "HEAD"})
_PUBLIC = {
    "/auth/login": _GET,
    "/auth/logout": _GET | {"POST"},
    "/auth/signed-out": _GET,
    _BACKCHANNEL: frozenset({"POST"}),
    "/oauth2callback": frozenset({"GET"}),
    "/healthz": _GET,
}
_ASSET = re.compile(r"/auth/assets/[a-z0-9._-]+")

_STREAM = "/_stcore/stream"
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+")
_MEDIA = re.compile(r"/media/([^/]+)")
# Figures, an interface that drives the app, a health check that runs the script: for nobody's browser.
_CLOSED = re.compile(r"/_stcore/(metrics|agent|script-health-check)(/.*)?")
# What a page loads and a tab asks for by itself: an answer of 401 says more than a redirect there.
_NOT_PAGES = ("/_stcore/", "/media/", "/component/", "/static/", "/app/static/", "/auth/")

# What people made or uploaded, and what an author put beside their script.
_FILES = ("/media/", "/app/static/")

# Streamlit's page asks these as soon as its scripts run, and opens its websocket when they are answered; by then a
# large font has the line. Asked for with the page, they show it a fifth sooner (2.3 s and not 2.9, 10 Mbit/s, 40 ms).
_HINTS = b", ".join(
    b"<%s>; rel=preload; as=fetch; crossorigin" % path for path in (b"/_stcore/health", b"/_stcore/host-config")
)

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A tab whose session has ended asks these before it opens its websocket anew, which is where it is told.
_ENDED_TAB_ASKS = {"/_stcore/health": "ok", "/_stcore/host-config": "{}"}


class Wall:
    """The middleware. `opened` returns the door, once the server has started; `app` is all that is behind it."""

    def __init__(self, app: ASGIApp, opened: Callable[[], Door]) -> None:
        self._app = app
        self._opened = opened

    @property
    def _door(self) -> Door:
        return self._opened()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it. Raises nothing: a database that is away is a 503."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        remember(scope)
        try:
            if scope["type"] == "websocket":
                await self._websocket(scope, receive, send)
            else:
                await self._http(scope, receive, send)
        except Unavailable:
            await _answer(scope, receive, send, self._door.unavailable(wants_page=_is_navigation(scope)))

    # --- requests ---------------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path != _BACKCHANNEL and method not in _SAFE_METHODS and header(scope, b"origin") != self._door.origin:
            await self._refuse(scope, receive, send, 403, "This request came from another site.")
            return
        methods = _PUBLIC.get(path) or (_GET if _ASSET.fullmatch(path) else None)
        if methods is not None:
            if method in methods:
                await self._app(scope, receive, send)
            else:
                await self._refuse(scope, receive, send, 405, "Method not allowed.")
            return
        session, navigation = await self._door.session_of(cookies(scope)), _is_navigation(scope)
        if session and navigation:
            session = await self._door.rechecked(session)
        if session is None:
            await self._stranger(scope, receive, send)
        elif session.ended_at:
            await self._ended(scope, receive, send, session)
        elif _CLOSED.fullmatch(path) or not _owned(path, str(session.id)) or (is_static(scope) and not served()):
            await self._refuse(scope, receive, send, 404, "Not found.")
        elif navigation and (instead := self._instead_of_page(scope)):
            await _answer(scope, receive, send, instead)
        else:
            # A page that is refused something over and over tells so by itself.
            if navigation or (method not in _SAFE_METHODS and path != REPORTS):
                self._door.live.acted(session.id)
            await self._inside(scope, receive, send, session)

    async def _inside(self, scope: Scope, receive: Receive, send: Send, session: Session) -> None:
        if scope["method"] == "PUT" and _UPLOAD.fullmatch(scope["path"]):
            await self._door.uploading.put(scope, receive, self._own(scope, send), session)
        else:
            await self._app(cleaned(scope, session), receive, self._own(scope, send))

    async def _stranger(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_navigation(scope):
            await _answer(scope, receive, send, RedirectResponse(_login(scope), status_code=302, headers=NO_STORE))
        else:
            await self._refuse(scope, receive, send, 401, "Sign in first.")

    async def _ended(self, scope: Scope, receive: Receive, send: Send, session: Session) -> None:
        if _is_navigation(scope):
            url = f"/auth/signed-out?reason={session.end_reason}&next={quote(_place(scope), safe='')}"
            # Who signed out and comes back by the address wants to sign in; who was signed out is told why.
            url = _login(scope) if session.end_reason in {"signed-out", "replaced"} else url
            await _answer(scope, receive, send, RedirectResponse(url, status_code=302, headers=NO_STORE))
        elif scope["method"] == "GET" and (text := _ENDED_TAB_ASKS.get(scope["path"])):
            await _answer(scope, receive, send, PlainTextResponse(text, headers=NO_STORE))
        else:
            await self._refuse(scope, receive, send, 401, "Your session has ended. Sign in again.")

    def _instead_of_page(self, scope: Scope) -> Response | None:
        """Return the answer to a page that is not loaded here, where another version serves or no place is left."""
        if self._leaves(scope):
            return _to_another_version(scope)
        return self._door.full() if self._door.live.full() else None

    def _leaves(self, scope: Scope) -> bool:
        """Tell whether a browser is to go to the version that serves. One without the mark was sent for lack of it."""
        marked = cookies(scope).get(REPLICA_COOKIE) == _replica(scope["server"][0])
        return marked and self._door.release.state == "draining"

    def _own(self, scope: Scope, send: Send) -> Send:
        """Name this replica to nginx, so that page, websocket, upload and media meet; keep shared caches out."""
        replica = _replica(scope["server"][0])
        known = cookies(scope).get(REPLICA_COOKIE) == replica or self._door.release.state == "draining"

        async def own(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if is_static(scope) and message["status"] < 400:
                    headers = safe_headers(scope["path"], headers)
                given = {name.lower(): value for name, value in headers}
                if b"content-security-policy" not in given:
                    kind = given.get(b"content-type", b"")
                    policy = file_policy(kind) if scope["path"].startswith(_FILES) else self._door.page_policy
                    headers.append((b"content-security-policy", policy.encode()))
                if given.get(b"content-type", b"").startswith(b"text/html") and _is_navigation(scope):
                    headers.append((b"link", _HINTS))
                if not known:
                    cookie = f"{REPLICA_COOKIE}={replica}; Path=/; Secure; HttpOnly; SameSite=Lax"
                    headers.append((b"set-cookie", cookie.encode()))
                if not any(name.lower() == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"private"))
                message = {**message, "headers": headers}
            await send(message)

        return own

    # --- websockets -------------------------------------------------------------------------------------------------

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Streamlit takes a missing Origin, and looks up its own address on the internet for a foreign one (1.67).
        if scope["path"] != _STREAM or header(scope, b"origin") != self._door.origin:
            await self._refuse(scope, receive, send, 403, "")
            return
        jar, asked = cookies(scope), offered(scope)
        session = await self._door.session_of(jar)
        if session:
            session = await self._door.rechecked(session)
        # With a token that does not match its cookie Streamlit goes on as if nobody were signed in.
        genuine = validate_xsrf_token(asked.xsrf, jar.get(XSRF_COOKIE))
        if session is None or not (session.ended_at or genuine):
            await self._refuse(scope, receive, send, 403, "")
            return
        acted = partial(self._door.live.acted, session.id)
        socket = GuardedSocket(session, receive, send, acted, partial(self._door.uploading.no_room, session))
        if session.ended_at:
            await socket.tell(session.end_reason or "absolute", asked.protocol)
            return
        live = self._door.live
        # Whose tab lost its connection has a place: Streamlit keeps that session in memory.
        if live.full() and not is_kept(asked.resumed):
            await socket.turn_away(asked.protocol)
            return
        live.register(socket)
        try:
            if not await live.still_open(session):
                await self._refuse(scope, receive, send, 403, "")
                return
            user = await self._door.streamlit_user(session, asked.resumed)
            await socket.run(self._app, cleaned(scope, session, user))
        finally:
            live.forget(socket)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
        await _answer(scope, receive, send, refusal(scope, self._door.brand, status, text))


@lru_cache(maxsize=8)
def _replica(address: str) -> str:
    """The name of this process to nginx, which computes it from the same address (nginx/replicas.sh)."""
    return sha256(address.encode()).hexdigest()[:16]


def _owned(path: str, session_id: str) -> bool:
    """Tell whether nothing in `path` belongs to another session."""
    if upload := _UPLOAD.fullmatch(path):
        return owner_of(upload[1]) == session_id
    if media := _MEDIA.fullmatch(path):
        return owns_media(media[1], session_id)
    return True


def _to_another_version(scope: Scope) -> Response:
    """The same page again, from the version that serves: one that is loaded has nothing to lose here."""
    unmark = f"{REPLICA_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    headers = {**NO_STORE, "Set-Cookie": unmark}
    return RedirectResponse(Attempts.local(_place(scope)), status_code=302, headers=headers)


def _is_navigation(scope: Scope) -> bool:
    """Tell whether a person opens a page, by Fetch metadata, or by Accept where a browser sends none."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(_NOT_PAGES):
        return False
    mode = header(scope, b"sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    return "text/html" in (header(scope, b"accept") or "")


def _place(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return quote(scope["path"]) + (f"?{query}" if query else "")


def _login(scope: Scope) -> str:
    return f"/auth/login?next={quote(_place(scope), safe='')}"


async def _answer(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before accept: the handshake gets 403
        return
    await response(scope, receive, send)
