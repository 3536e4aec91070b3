"""What a change of versions means for the tabs that are open here: they are told, and moved when their time is over."""

from __future__ import annotations

from gatehouse.gate.database import Pool
from gatehouse.gate.live import Live
from gatehouse.gate.release import Release


class Rollout:
    """Follows the version of this process."""

    def __init__(self, release: Release, live: Live, pool: Pool) -> None:
        self._release, self._live, self._pool = release, live, pool

    async def look(self) -> None:
        """Another version serves: ask which. Tabs of one that drains are told. Raises Unavailable."""
        if await self._release.look(self._pool):
            await self._live.notice(self._release.notice())

    async def resync(self) -> None:
        """The same, with all that is known of sessions, after the listening connection was away. Raises Unavailable."""
        await self._live.resync()
        await self.look()

    async def judge(self) -> None:
        """Move whoever is still here when the version's time is over (a process by itself: gate/retiring.py)."""
        if self._release.over and self._live.tabs and not self._release.retired:
            await self._live.move()
