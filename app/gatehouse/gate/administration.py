"""Other people's sessions, for a running script: asked from its thread, judged and done on the server's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from gatehouse.data.faults import DatabaseAway
from gatehouse.gate.policy import Policy
from gatehouse.gate.session import Session
from gatehouse.gate.store import Store, Unavailable

T = TypeVar("T")

_SECONDS = 10.0
"""A script waits no longer; the store gives up before."""


class Administration:
    """What those may do whom [sessions] of policy.toml names.

    Each method takes the id of the session that asks, and goes by what the database says of it now: not by what is
    remembered here, and not by what a script claims. Each raises PermissionError if it may not, and DatabaseAway.
    """

    def __init__(self, store: Store, policy: Policy, loop: asyncio.AbstractEventLoop) -> None:
        self._store, self._policy, self._loop = store, policy, loop

    def open_sessions(self, asking: UUID) -> list[Session]:
        """Return all that are open, oldest first."""
        return self._done(asking, self._store.open_sessions)

    def end(self, asking: UUID, session: UUID) -> bool:
        """End one. Its tabs close on every replica, and the provider's session ends too. False if it was over."""
        return self._done(asking, lambda: self._store.end(session, "operator"))

    def end_all(self, asking: UUID, issuer: str, subject: str) -> int:
        """End all of an account's and return how many."""
        return self._done(asking, lambda: self._store.end_user(issuer, subject, "operator"))

    def _done(self, asking: UUID, work: Callable[[], Awaitable[T]]) -> T:
        # Connections of the store belong to the loop, and a script runs in a thread of its own.
        future = asyncio.run_coroutine_threadsafe(self._allowed(asking, work), self._loop)
        try:
            return future.result(_SECONDS)
        except (Unavailable, TimeoutError):
            future.cancel()
            raise DatabaseAway("the database does not answer; try again in a minute") from None

    async def _allowed(self, asking: UUID, work: Callable[[], Awaitable[T]]) -> T:
        found = await self._store.read([asking])
        if not found or found[0].ended_at:
            raise PermissionError("the session that asks is over")
        if not self._policy.may_administer(found[0].claims, found[0].provider):
            raise PermissionError("sessions are for those whom [sessions] of policy.toml names")
        return await work()


_instance: Administration | None = None


def install(administration: Administration) -> None:
    """Make it the one of this process: called once, by what opens the gate."""
    global _instance  # noqa: PLW0603 -- one in a process is the purpose
    _instance = administration


def current() -> Administration:
    """Return the one of this process. Raises PermissionError while there is none."""
    if _instance is None:
        raise PermissionError("no gate is open in this process")
    return _instance
