"""What the gate does by itself, every second: limits, refreshes, notes of activity, endings at providers, tidying."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from gatehouse.gate.live import Live
from gatehouse.gate.recheck import Rechecker
from gatehouse.gate.store import Store, Unavailable

_TICK_SECONDS = 0.5
"""An ending that falls due by time alone is seen at most so much later."""

_log = logging.getLogger(__name__)


@dataclass
class _Duty:
    """One kind of work and how often it comes round, in seconds."""

    work: Callable[[], Awaitable[object]]
    every: float
    due: float = 0.0


class Upkeep:
    """Run it as one task for as long as the process serves."""

    def __init__(self, store: Store, live: Live, rechecker: Rechecker) -> None:
        limits = store.limits
        self._store, self._live, self._rechecker = store, live, rechecker
        often = min(timedelta(seconds=10), limits.recheck / 4, limits.idle / 4).total_seconds()
        self._duties = (
            _Duty(self._judge, _TICK_SECONDS),
            _Duty(self._note_activity, often),
            _Duty(self._recheck, often),
            _Duty(self._rechecker.end_at_providers, 2),
            _Duty(self._store.tidy, min(30.0, limits.idle.total_seconds())),
        )

    async def run(self) -> None:
        """Go on until cancelled. A duty that fails is tried again when it comes round."""
        running: set[_DutyTask] = set()
        while True:
            now = time.monotonic()
            for duty in self._duties:
                if now >= duty.due and all(task.duty is not duty for task in running):
                    duty.due = now + duty.every
                    running.add(_DutyTask(duty))
            await asyncio.sleep(_TICK_SECONDS)
            running = {task for task in running if not task.finished()}

    async def _judge(self) -> None:
        await self._live.look_again(self._live.past_limits())

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


class _DutyTask:
    """A duty under way. One kind of work never overlaps itself, and a slow one never holds up another."""

    def __init__(self, duty: _Duty) -> None:
        self.duty = duty
        self._task = asyncio.ensure_future(self._guarded())

    def finished(self) -> bool:
        return self._task.done()

    async def _guarded(self) -> None:
        try:
            await self.duty.work()
        except Unavailable:
            pass  # the listener says so, once
        except Exception:  # noqa: BLE001 - one duty must not keep the others from their turn
            _log.exception("upkeep failed; it is tried again")
