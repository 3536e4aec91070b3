"""What a visit costs, in CPU time of containers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from performance.servers import Container

Costs = list[float]
"""Seconds of CPU for each visit, of each container."""


def cost(containers: Sequence[Container], idle: Sequence[float], visit: Callable[[], None], times: int) -> Costs:
    """What each container spends on one visit."""
    before, start = [one.cpu_at_rest() for one in containers], time.monotonic()
    for _ in range(times):
        visit()
    after, took = [one.cpu_at_rest() for one in containers], time.monotonic() - start
    # A cost below what can be told from nothing counts as a microsecond.
    return [max((b - a - rate * took) / times, 1e-6) for a, b, rate in zip(before, after, idle, strict=True)]
