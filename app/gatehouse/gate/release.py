"""Whether this process takes new sessions, keeps those it has, or waits for its turn, as one version of the app."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from gatehouse.gate.database import Pool, connected

State: TypeAlias = Literal["serving", "standby", "draining"]

NOTICE = "A new version of this app is ready. Reload the page when it suits you; it will do so by itself in {left}."

RETIRING = "This app needs a fresh start. Finish what you do and reload the page; it will do so by itself in {left}."

_log = logging.getLogger(__name__)


class Release:
    """The state of this process's version, as the database says it (migration 0003).

    A process that belongs to no version, as on one machine, always serves. While the database does not answer, what it
    said last holds. One that retires drains, whatever its version does.
    """

    def __init__(self, name: str) -> None:
        """Args: name: of the version, or empty."""
        self.name = name
        self.state: State = "standby" if name else "serving"
        self.until: datetime | None = None
        self.retired = False

    def retire(self, within: timedelta) -> None:
        """Take no more sessions from now on, and keep those that are here for so long: this process is to end."""
        self.retired = True
        self.state, self.until = "draining", datetime.now(UTC) + within

    async def look(self, pool: Pool) -> bool:
        """Ask the database; whether this process has begun to drain. Raises Unavailable."""
        if not self.name:
            return False
        async with connected(pool) as connection:
            cursor = await connection.execute("SELECT state, until FROM release WHERE name = %s", (self.name,))
            row = await cursor.fetchone()
        if self.retired:
            return False
        before = self.state
        self.state, self.until = (row["state"], row["until"]) if row else ("standby", None)
        if self.state != before:
            _log.info("this version is %s", self.state, extra={"release": self.name})
        return self.state == "draining" != before

    @property
    def over(self) -> bool:
        """Whether the time that a draining version may keep its sessions has passed."""
        return self.state == "draining" and self.until is not None and datetime.now(UTC) >= self.until

    def notice(self) -> str:
        """What an open tab is told when its version, or this process, drains."""
        left = max(timedelta(0), (self.until or datetime.now(UTC)) - datetime.now(UTC)).total_seconds()
        spoken = f"{round(left / 60)} minutes" if left >= 90 else f"{round(left)} seconds"
        return (RETIRING if self.retired else NOTICE).format(left=spoken)
