"""Whether this process still has room: judged before the kernel would kill it and everybody's work with it."""

from __future__ import annotations

import ctypes
import gc
import math
import random
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped]

from gatehouse.container import Memory, memory
from gatehouse.settings import StartError

BACK = 85.0
"""Percent of the limit above which no more tabs come here. What is left has to carry those that are here while they
leave: fifteen percent of 1g are what the scripts of twenty tabs take for a middling table each."""

SPREAD = 5.0
"""So much earlier at most, drawn at start: replicas that leak alike don't all stand back at the same moment."""

LEAVE = 95.0
"""Percent above which nobody stays: the next large table would be the end for all."""

HELD_SECONDS = 5.0
"""So long it must be above `BACK`: a table that is read, worked on and let go is no leak."""

COLLECT_SECONDS = 10.0
"""A full collection takes a second for a million objects, in which nobody is answered: at the edge not more often."""

AT_START = 70.0
"""Percent that may be taken before anybody comes: with more it would stand back as soon as they do."""

Verdict: TypeAlias = Literal["well", "back", "leave"]


def collect() -> None:
    """Let go of what nothing holds, down to the kernel: the allocators keep what Python has freed."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    # glibc's alone has it (malloc_trim(3)).
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def check_start() -> None:
    """Refuse a limit that leaves no room for anybody; when all that is loaded at start is there.

    Raises:
        StartError: with the limit that would do.
    """
    found = memory()
    if found and found.percent >= AT_START:
        taken = found.taken >> 20
        raise StartError(
            f"APP_MEMORY: {found.limit >> 20} MB, of which {taken} are taken before anybody comes; "
            f"set it to at least {2 * taken}m in .env"
        )


class Strain:
    """Looks at the memory, once a second or so. The verdict follows what is there now; `last` is the last look."""

    def __init__(
        self,
        look: Callable[[], Memory | None] = memory,
        collect: Callable[[], None] = collect,
        clock: Callable[[], float] = time.monotonic,
        spread: float | None = None,
    ) -> None:
        """Args: spread: percent below `BACK`, in place of a drawn one."""
        self._look, self._collect, self._clock = look, collect, clock
        self._back = BACK - (random.uniform(0, SPREAD) if spread is None else spread)  # noqa: S311 - no secret
        self._since: float | None = None
        self._collected = float("-inf")
        self.last: Memory | None = None

    def judge(self) -> Verdict:
        """Look, collect garbage if it seems short, and say what that means."""
        if not self._short():
            self._since = None
            return "well"
        now = self._clock()
        begins = self._since is None
        self._since = now if self._since is None else self._since
        held, leaving = now - self._since >= HELD_SECONDS, self._percent() >= LEAVE
        # At the beginning, unless that was just now; and before anything follows from it.
        if now - self._collected >= (HELD_SECONDS if held or leaving else COLLECT_SECONDS if begins else math.inf):
            self._collected = now
            self._collect()
            if not self._short():
                self._since = None
                return "well"
        if self._percent() >= LEAVE:
            return "leave"
        return "back" if held else "well"

    def _short(self) -> bool:
        self.last = self._look()
        return self._percent() >= self._back

    def _percent(self) -> float:
        return self.last.percent if self.last else 0.0
