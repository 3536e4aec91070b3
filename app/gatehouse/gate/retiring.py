"""This process ends by itself, in good order, when it is short of memory or a script can't be stopped.

It takes no more sessions (nginx leads them to another replica), tells its tabs, moves them when their time is over, and
stops as if it had been told to. The engine starts a fresh one in its place (`restart: unless-stopped`, Swarm's too).
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from datetime import timedelta

from gatehouse.gate.held_files import sizes
from gatehouse.gate.live import Live
from gatehouse.gate.long_runs import LongRuns
from gatehouse.gate.release import Release
from gatehouse.gate.strain import Strain

DRAIN = timedelta(minutes=2)
"""So long its tabs have. Enough to finish what is being typed; a single replica turns newcomers away meanwhile."""

_log = logging.getLogger(__name__)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class Retiring:
    """For upkeep: `judge` once a second, `judge_runs` every few seconds."""

    def __init__(
        self,
        release: Release,
        live: Live,
        runs: LongRuns,
        strain: Strain | None = None,
        stop: Callable[[], None] = _stop,
    ) -> None:
        """Args: release, live: of this process. stop: tells the server to stop, and returns."""
        self._release, self._live, self._runs, self._stop = release, live, runs, stop
        self._strain = strain or Strain()
        self._stopped = False

    async def judge(self) -> None:
        """Look at the memory, begin to retire if that is short, and go on with it."""
        if self._stopped:
            return
        verdict = self._strain.judge()
        if verdict != "well" and not self._release.retired:
            await self._begin(f"memory is short: {self._strain.last} are taken after a collection", _uploads())
        if not self._release.retired:
            return
        leaving = verdict == "leave"
        if self._live.tabs and not (leaving or self._release.over):
            return
        if self._live.tabs:
            cause = "the memory is nearly gone" if leaving else "their time is over"
            _log.warning("%d tabs are moved: %s; memory: %s", self._live.tabs, cause, self._strain.last)
            await self._live.move()
        self._stopped = True
        _log.warning("this process ends, so that a fresh one takes its place")
        self._stop()

    async def judge_runs(self) -> None:
        """Look at the scripts that run, and begin to retire if one can't be stopped."""
        stuck = self._runs.judge()
        if stuck and not self._release.retired:
            await self._begin(f"a script does not stop: {stuck}", {})

    async def _begin(self, cause: str, figures: dict[str, object]) -> None:
        self._release.retire(DRAIN)
        self._live.stand_back()
        told = f"no new sessions here, {self._live.tabs} tabs have {DRAIN.total_seconds():.0f} s"
        _log.warning("%s; %s", cause, told, extra=figures)
        await self._live.notice(self._release.notice())


def _uploads() -> dict[str, object]:
    """How much of it people uploaded, so that a leak can be told from large files."""
    return {"uploads_mb": sum(map(sum, sizes().values())) >> 20}
