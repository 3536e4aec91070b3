"""What the wall and the gate's routes share: settings, the parts of the gate, and the judgement on a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response
from streamlit import runtime

from gatehouse.gate.attempts import Attempts
from gatehouse.gate.client import Client
from gatehouse.gate.content_reports import Reports
from gatehouse.gate.headers import REPLICA_COOKIE, SESSION_COOKIE, streamlit_user
from gatehouse.gate.live import Live
from gatehouse.gate.pages.brand import Brand
from gatehouse.gate.pages.page import render
from gatehouse.gate.policy import Policy
from gatehouse.gate.providers import Provider
from gatehouse.gate.recheck import Rechecker
from gatehouse.gate.release import Release
from gatehouse.gate.request_id import current
from gatehouse.gate.session import Session
from gatehouse.gate.store import Store
from gatehouse.gate.uploading import Uploading
from gatehouse.gate.web import NO_STORE, forget_cookie

# Streamlit's page shows it when its tab has lost the app, and goes on asking.
COMING_BACK = "The app is coming back. This page connects again by itself; there is nothing you need to do."


@dataclass(frozen=True)
class Door:
    """Everything that deciding takes.

    `origin`: the app's public one. `page_policy`: the Content-Security-Policy of its pages; `reports`: what it blocked.
    """

    origin: str
    cookie_secret: str = field(repr=False)
    expose_tokens: tuple[str, ...]
    brand: Brand
    providers: Mapping[str, Provider]
    policy: Policy
    store: Store
    live: Live
    client: Client
    attempts: Attempts
    rechecker: Rechecker
    uploading: Uploading
    release: Release
    page_policy: str
    reports: Reports

    async def session_of(self, jar: Mapping[str, str]) -> Session | None:
        """Return the session whose cookie is among these, an ended one too, or None.

        Raises:
            Unavailable: if the database does not answer.
        """
        value = jar.get(SESSION_COOKIE)
        return await self.live.find(value) if value else None

    async def rechecked(self, session: Session) -> Session | None:
        """Ask the provider again before a page or websocket, if its last word is too old.

        In the background it is asked for sessions with an open tab alone.

        Returns:
            The session as it is now, an ended one too; None if it is no longer there at all.

        Raises:
            Unavailable: if the database does not answer.
        """
        due = session.refreshable and not session.ended_at
        if due and datetime.now(UTC) - session.checked_at > self.store.limits.recheck:
            await self.rechecker.recheck([session.id])
            return (await self.live.reread([session.id])).get(session.id)
        return session

    async def streamlit_user(self, session: Session, resumed: str | None) -> list[tuple[str, str]]:
        """Return the cookies from which Streamlit makes st.user for this websocket.

        Args:
            session: whose claims and tokens.
            resumed: Streamlit's session that the tab wants back. It gets the tokens it had, because Streamlit gives it
                back for an equal st.user alone, and tokens change with each refresh.

        Raises:
            Unavailable: if the database does not answer.
        """
        exposed = None
        if self.expose_tokens:
            exposed = _tokens_of(resumed) if resumed else None
            if exposed is None:
                tokens = await self.store.tokens(session.id)
                values = {"id": tokens.id, "access": tokens.access} if tokens else {}
                exposed = {f"{name}_token": value for name in self.expose_tokens if (value := values.get(name))}
        return streamlit_user(session, origin=self.origin, secret=self.cookie_secret, tokens=exposed)

    def full(self) -> Response:
        """Return the page for when no more tabs can be served: it looks again by itself."""
        response = render("full", brand=self.brand, status=503, headers={"Retry-After": "10"})
        # Another replica may have room.
        forget_cookie(response, REPLICA_COOKIE)
        return response

    def unavailable(self, *, wants_page: bool) -> Response:
        """Return the answer for when the database is away: back soon, and nobody is let in or out meanwhile."""
        if wants_page:
            return render("unavailable", brand=self.brand, status=503, headers={"Retry-After": "5"})
        body = {"status": 503, "error": COMING_BACK, "request_id": current()}
        return JSONResponse(body, status_code=503, headers={"Retry-After": "5", **NO_STORE})


def _tokens_of(stream: str) -> dict[str, str] | None:
    session = runtime.get_instance().get_app_session(stream) if runtime.exists() else None
    if session is None:
        return None
    tokens = session._user_info.get("tokens")  # noqa: SLF001 - what Streamlit will compare with
    return {f"{name}_token": value for name, value in tokens.items()} if isinstance(tokens, dict) else None
