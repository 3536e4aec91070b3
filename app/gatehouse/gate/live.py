"""The sessions that this process knows and the websockets open under them; the one place where a session ends here."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from gatehouse.gate.policy import Policy
from gatehouse.gate.session import Reason, Session
from gatehouse.gate.store import Store, Unavailable

_KNOWN = 20_000
"""So many cookies are remembered; one more forgets the one unused for longest, which the next request reads again."""

_MOVE_SECONDS = 0.5
"""Between two tabs that are moved: each has a script run for the first time, in processes that have just begun."""

_log = logging.getLogger(__name__)


class Socket(Protocol):
    """One open websocket of a session."""

    session: Session

    def busy(self) -> bool:
        """Whether a script that a user's action started is running."""

    async def end(self, reason: Reason) -> None:
        """Send the tab to the page that says why, and close."""

    def end_soon(self, reason: Reason) -> None:
        """The same, a moment later; nothing of the app is sent from now on."""

    async def reconnect(self) -> None:
        """Close so that the tab comes back by itself and is looked at anew."""

    async def notice(self, text: str) -> None:
        """Show the tab a line."""

    async def move(self) -> None:
        """Have the tab load its page again, and close."""


class Live:
    """What is known here is trusted only while the listening connection stands."""

    def __init__(self, store: Store, policy: Policy, most_tabs: int) -> None:
        """Args: most_tabs: so many websockets are served at a time."""
        self._most_tabs = most_tabs
        self._store = store
        self._policy = policy
        self._cookies: OrderedDict[bytes, UUID] = OrderedDict()
        self._sessions: dict[UUID, Session] = {}
        self._sockets: dict[UUID, set[Socket]] = {}
        self._active: dict[UUID, datetime] = {}
        self._listens: Callable[[], bool] = lambda: False

    def trust(self, listens: Callable[[], bool]) -> None:
        """Believe what is known here while `listens` says so: that every change up to now has been told."""
        self._listens = listens

    @property
    def trusted(self) -> bool:
        """Whether what is known here counts."""
        return self._listens()

    # --- requests ---------------------------------------------------------------------------------------------------

    async def find(self, cookie: str) -> Session | None:
        """Return the session of this cookie, an ended one too, or None if there is none.

        Raises:
            Unavailable: if it has to be read and the database does not answer.
        """
        digest = sha256(cookie.encode()).digest()
        if self.trusted and (known := self._cookies.get(digest)):
            session = self._sessions.get(known)
            if session and self._within_limits(session):
                self._cookies.move_to_end(digest)
                return session
        session = await self._store.find(cookie)
        if session is None or session.ended_at:
            self._cookies.pop(digest, None)
            if session:
                await self._ended(session)
            return session
        self._sessions[session.id] = session
        self._cookies[digest] = session.id
        while len(self._cookies) > _KNOWN:
            _, forgotten = self._cookies.popitem(last=False)
            if forgotten not in self._sockets:
                self._sessions.pop(forgotten, None)
        return session

    def current(self, session_id: UUID) -> Session | None:
        """Return the open session as this process knows it now."""
        return self._sessions.get(session_id)

    def acted(self, session_id: UUID) -> None:
        """Note that the user did something: the idle limit counts from here."""
        self._active[session_id] = datetime.now(UTC)

    def _within_limits(self, session: Session) -> bool:
        # The store knows the limits' lengths and what other replicas have seen; here it is only whether to ask it.
        now = datetime.now(UTC)
        active = max(session.active_at, self._active.get(session.id, session.active_at))
        idle = self._store.limits.idle
        return now < session.expires_at and now < active + idle and (not session.reauth_at or now < session.reauth_at)

    # --- websockets -------------------------------------------------------------------------------------------------

    def full(self) -> bool:
        """Tell whether no more tabs can be served just now."""
        return sum(map(len, self._sockets.values())) >= self._most_tabs

    def stand_back(self) -> None:
        """Serve no more tabs than there are, for good: this process is to end."""
        self._most_tabs = 0

    def register(self, socket: Socket) -> None:
        """Count a websocket in. Afterwards, and not before, ask `still_open`: an ending in between is then seen."""
        self._sockets.setdefault(socket.session.id, set()).add(socket)

    def forget(self, socket: Socket) -> None:
        """Count a websocket out."""
        sockets = self._sockets.get(socket.session.id)
        if sockets:
            sockets.discard(socket)
            if not sockets:
                del self._sockets[socket.session.id]

    async def still_open(self, session: Session) -> bool:
        """Tell whether a session that was admitted a moment ago is still open, now that its websocket is registered.

        Raises:
            Unavailable: if it has to be read and the database does not answer.
        """
        if self.trusted:
            return session.id in self._sessions
        return any(not found.ended_at for found in await self._store.read([session.id]))

    def with_tabs(self) -> list[UUID]:
        """Return the sessions that have a websocket open here."""
        return list(self._sockets)

    def past_limits(self) -> list[UUID]:
        """Return those of them that have reached a limit, as far as is known here."""
        return [
            session_id
            for session_id in self._sockets
            if (session := self._sessions.get(session_id)) and not self._within_limits(session)
        ]

    def take_activity(self) -> dict[UUID, datetime]:
        """Return when each session's user last acted, since this was last asked; a running script counts as now."""
        now = datetime.now(UTC)
        for session_id, sockets in self._sockets.items():
            if any(socket.busy() for socket in sockets):
                self._active[session_id] = now
        taken, self._active = self._active, {}
        for session_id, at in taken.items():
            if session := self._sessions.get(session_id):
                self._sessions[session_id] = replace(session, active_at=max(session.active_at, at))
        return taken

    def give_back(self, taken: Mapping[UUID, datetime]) -> None:
        """Keep what `take_activity` returned for the next time: it could not be written."""
        for session_id, at in taken.items():
            self._active[session_id] = max(at, self._active.get(session_id, at))

    @property
    def tabs(self) -> int:
        """How many websockets are open here."""
        return sum(len(sockets) for sockets in self._sockets.values())

    async def notice(self, text: str) -> None:
        """Show every tab a line."""
        await asyncio.gather(*(socket.notice(text) for socket in self._all()))

    async def move(self) -> None:
        """Have every tab load its page again, one after the other: this process is to end."""
        for socket in self._all():
            await socket.move()
            await asyncio.sleep(_MOVE_SECONDS)

    def _all(self) -> list[Socket]:
        return [socket for sockets in self._sockets.values() for socket in sockets]

    # --- what the database tells ------------------------------------------------------------------------------------

    async def changed(self, session_id: UUID) -> None:
        """Follow a change of one session, told by the database."""
        if session_id in self._sessions or session_id in self._sockets:
            await self.reread([session_id])

    async def resync(self) -> None:
        """Read everything known here again, after the listening connection was away."""
        await self.reread({*self._sessions, *self._sockets})

    async def lost(self) -> None:
        """The listening connection is gone, and with it every ending: nothing known counts, and tabs come back anew."""
        for socket in self._all():
            await socket.reconnect()

    async def reread(self, session_ids: Collection[UUID]) -> dict[UUID, Session]:
        """Have the database judge sessions, follow what has changed, and return those that are there, ended ones too.

        Raises:
            Unavailable: if the database does not answer.
        """
        found = {session.id: session for session in await self._store.read(session_ids)}
        for session_id in session_ids:
            session = found.get(session_id)
            if session is None or session.ended_at:
                before = self._sessions.pop(session_id, None)
                if ended := session or before:
                    await self._ended(ended)
                continue
            before = self._sessions.get(session_id)
            self._sessions[session_id] = session
            if before and before.claims != session.claims:
                await self._claims_changed(session)
        return found

    async def _claims_changed(self, session: Session) -> None:
        if not self._policy.may_enter(session.claims, session.provider):
            try:
                await self._store.end(session.id, "denied")
            except Unavailable:
                _log.warning("could not end a session that policy no longer admits; its tabs are closed")
            self._sessions.pop(session.id, None)
            await self._close(session, "denied")
            return
        # Streamlit read the claims at the handshake; a new one brings the new ones, in a new Streamlit session.
        for socket in list(self._sockets.get(session.id, ())):
            await socket.reconnect()

    async def _ended(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        await self._close(session, session.end_reason or "absolute")

    async def _close(self, session: Session, reason: Reason) -> None:
        for socket in list(self._sockets.get(session.id, ())):
            if reason in {"signed-out", "replaced"}:
                socket.end_soon(reason)
            else:
                await socket.end(reason)


active = False
"""Whether a gate stands in this process. `gatehouse.viewer` trusts nothing but the gate where it does."""

_instance: Live | None = None


def install(live: Live) -> None:
    """Make `live` the registry that scripts of this process ask."""
    global active, _instance
    active, _instance = True, live


def claims_of(session_id: str) -> Session | None:
    """Return the open session behind a running script, by the id that the gate put into its handshake."""
    try:
        return _instance.current(UUID(session_id)) if _instance else None
    except ValueError:
        return None
