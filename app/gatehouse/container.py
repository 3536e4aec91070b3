"""What the container gives this process."""

from __future__ import annotations

import os
from pathlib import Path

# Version 2 of control groups, then version 1.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


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
