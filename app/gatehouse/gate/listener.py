"""What other replicas changed: a connection that listens, and the knowledge of whether it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from time import monotonic
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from gatehouse.data.release import NOTICE
from gatehouse.gate.database import CHANNEL, Connection, deadline, login

_BEAT = 2.0  # seconds between two heartbeats
_PATIENCE = 2.0  # seconds for an answer
_PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds before each try to reconnect; the last one from then on

_log = logging.getLogger(__name__)


class Listener:
    """Listens for changed sessions on a connection of its own.

    Args:
        changed: called with a session's id for each notification, one after the other.
        resync: called once listening, before that is trusted, to read again all that is cached.
        lost: called when the connection fails that listened.
        released: called when another version of the app serves.

    A failure of `changed`, `released` or `resync` counts as one of the connection: something may have been missed.
    """

    def __init__(
        self,
        changed: Callable[[UUID], Awaitable[None]],
        resync: Callable[[], Awaitable[None]],
        lost: Callable[[], Awaitable[None]],
        released: Callable[[], Awaitable[None]],
    ) -> None:
        self._changed = changed
        self._resync = resync
        self._lost = lost
        self._released = released
        self._current = False
        self._listening = False
        self._settled = False
        self._heard = 0.0

    @property
    def trusted(self) -> bool:
        """Whether what is cached may be believed: every change up to a few seconds ago has been told.

        It also lapses by itself when nothing was heard for two heartbeats, whatever keeps the loop.
        """
        return self._current and monotonic() - self._heard < _BEAT + _PATIENCE

    async def run(self) -> None:
        """Listen until cancelled, and connect again whenever that fails."""
        failures = 0
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 -- whatever it was, nothing cached can be trusted now
                failures = 0 if self._settled else failures + 1
                if self._listening:
                    # The type alone: a message may quote what was read.
                    _log.warning("Listening to the database was lost: %s", type(error).__name__)
                    await self._tell_lost()
                elif failures == 1:
                    _log.warning("Listening to the database is not possible: %s", type(error).__name__)
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])

    async def _tell_lost(self) -> None:
        try:
            await self._lost()
        except Exception as error:  # noqa: BLE001 -- to listen again is the way out of this, too
            _log.error("What follows from that failed: %s", type(error).__name__)

    async def _listen(self) -> None:
        self._listening = self._settled = False
        connection: Connection = await AsyncConnection[DictRow].connect(**login())
        try:
            with deadline(connection, _PATIENCE):
                await connection.execute(f"LISTEN {CHANNEL}")
            self._listening = True
            # Only now: what changes from here on is told, and what changed before is read.
            await self._resync()
            while True:
                with deadline(connection, _PATIENCE):
                    await connection.execute("SELECT")
                self._heard = beat = monotonic()
                await self._drain(connection)
                # What came during resync has been passed on by now.
                self._current = self._settled = True
                while await _readable(connection, beat + _BEAT - monotonic()):
                    await self._drain(connection)
        finally:
            self._current = False
            await connection.close()

    async def _drain(self, connection: Connection) -> None:
        """Pass on what has arrived."""
        async with aclosing(connection.notifies(timeout=0)) as notices:
            async for notice in notices:
                self._heard = monotonic()
                await self._pass_on(notice.payload)

    async def _pass_on(self, payload: str) -> None:
        if payload == NOTICE:
            await self._released()
            return
        try:
            session = UUID(payload)
        except ValueError:
            # Every login of the database may notify on every channel.
            return
        await self._changed(session)


async def _readable(connection: Connection, seconds: float) -> bool:
    """Wait until the server says something; False if it does not within this time.

    psycopg's own waiting wakes up ten times a second (3.3), which took 3 ms of CPU each second.
    """
    loop, arrived, socket = asyncio.get_running_loop(), asyncio.Event(), connection.fileno()
    loop.add_reader(socket, arrived.set)
    try:
        async with asyncio.timeout(seconds):
            await arrived.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(socket)
    return True
