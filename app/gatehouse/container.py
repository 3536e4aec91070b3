"""What the container gives this process, and what it has taken of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# Version 2 of control groups, then version 1.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_TAKEN = (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"))

# Pages of files, which the kernel gives up before it kills: both of its lists, since a table that is read again and
# again is on the active one. What is in /tmp is on neither. Version 1 counts those of groups below with `total_`.
_FILES = ("inactive_file", "active_file")


@dataclass(frozen=True)
class Memory:
    """What a container holds and cannot be made to give up, and what it may hold, in bytes."""

    taken: int
    limit: int

    @property
    def percent(self) -> float:
        """How much of the limit that is."""
        return 100 * self.taken / self.limit

    def __str__(self) -> str:
        """In megabytes, for the log."""
        return f"{self.taken >> 20} of {self.limit >> 20} MB ({self.percent:.0f} %)"


def memory_bytes() -> int:
    """Return the memory that this process may use before it is killed: the container's limit, or the machine's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _LIMITS:
        try:
            limit = file.read_text(encoding="ascii").strip()
        except OSError:
            continue
        # "max", or in version 1 a number beyond any machine's, is no limit.
        return min(machine, int(limit)) if limit.isdigit() else machine
    return machine


def memory() -> Memory | None:
    """Return what the container holds now, or None where there is no control group to ask (a laptop)."""
    for file in _TAKEN:
        try:
            taken = int(file.read_text(encoding="ascii"))
            lines = (file.parent / "memory.stat").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        stat = {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
        files = sum(stat.get(f"total_{name}", stat.get(name, 0)) for name in _FILES)
        return Memory(max(0, taken - files), memory_bytes())
    return None
