"""Tabs that are kept busy, and the containers behind them, whose CPU is divided by the reruns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from performance.crowd import Crowd
from performance.servers import Container
from performance.ways import Way

TABS = 20


class Busy:
    """Twenty open tabs. Use as a context manager."""

    def __init__(self, containers: Sequence[Container], ways: Sequence[Way], warm: float) -> None:
        """Args: containers: that serve them. ways: by which they come. warm: so many seconds of reruns at first."""
        self._containers, self._crowd, self._warm = containers, Crowd(*ways), warm
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.run(self._crowd.__aenter__())
        self._runner.run(self._crowd.grow(TABS))
        self._runner.run(self._crowd.busy(self._warm))
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._crowd.__aexit__())
        self._runner.close()

    def cpu(self, idle: Sequence[float], seconds: float, tabs: int = TABS) -> list[float]:
        """Seconds of CPU of each container for each rerun of so many busy tabs.

        Args:
            idle: what each uses per second with nobody there, which is left out.
            seconds: so long.
            tabs: that are busy.
        """
        before = [one.cpu_at_rest() for one in self._containers]
        pace = self._runner.run(self._crowd.busy(seconds, tabs=tabs))
        after = [one.cpu_at_rest() for one in self._containers]
        return [(b - a - rate * pace.seconds) / len(pace.times) for a, b, rate in zip(before, after, idle, strict=True)]
