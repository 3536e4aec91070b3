"""What the gate does by itself: limits, refreshes, notes of activity, endings at providers, tidying."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from gatehouse.gate import held_files, watchdog
from gatehouse.gate.live import Live
from gatehouse.gate.recheck import Rechecker
from gatehouse.gate.retiring import Retiring
from gatehouse.gate.rollout import Rollout
from gatehouse.gate.store import Store, Unavailable

_JUDGE_SECONDS = 0.5
"""An ending that falls due by time alone is seen at most so much later."""

_log = logging.getLogger(__name__)


class Upkeep:
    """Run it as one task for as long as the process serves."""

    def __init__(self, store: Store, live: Live, rechecker: Rechecker, rollout: Rollout, retiring: Retiring) -> None:
        self._store, self._live, self._rechecker, self._rollout = store, live, rechecker, rollout
        self._retiring = retiring

    async def run(self) -> None:
        """Go on until cancelled. No duty holds up another, and none overlaps itself."""
        try:
            await self._run()
        finally:
            watchdog.off()

    async def _run(self) -> None:
        limits = self._store.limits
        often = min(timedelta(seconds=10), limits.recheck / 4, limits.idle / 4).total_seconds()
        async with asyncio.TaskGroup() as duties:
            duties.create_task(_again_and_again(self._judge, _JUDGE_SECONDS))
            duties.create_task(_again_and_again(self._note_activity, often))
            duties.create_task(_again_and_again(self._recheck, often))
            duties.create_task(_again_and_again(self._rechecker.end_at_providers, 2))
            duties.create_task(_again_and_again(held_files.sweep, 2))
            duties.create_task(_again_and_again(self._rollout.judge, 2))
            duties.create_task(_again_and_again(self._retiring.judge, 1))
            duties.create_task(_again_and_again(self._retiring.judge_runs, 5))
            duties.create_task(_again_and_again(watchdog.feed, 5))
            duties.create_task(_again_and_again(self._store.tidy, min(30.0, limits.idle.total_seconds())))

    async def _judge(self) -> None:
        await self._live.reread(self._live.past_limits())

    async def _note_activity(self) -> None:
        taken = self._live.take_activity()
        if taken:
            try:
                await self._store.touch(taken)
            except Unavailable:
                self._live.give_back(taken)
                raise

    async def _recheck(self) -> None:
        if open_here := self._live.with_tabs():
            await self._rechecker.recheck(open_here)


async def _again_and_again(duty: Callable[[], Awaitable[object]], seconds: float) -> None:
    while True:
        try:
            with suppress(Unavailable):  # the listener says so, once
                await duty()
        except Exception:  # noqa: BLE001 - one duty must not end the others
            _log.exception("upkeep failed; it is tried again")
        await asyncio.sleep(seconds)
