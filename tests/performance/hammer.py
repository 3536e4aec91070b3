"""Many requests at once, by h2load: a load in Python would itself be what is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass

from support.command import run

_RATE = re.compile(r"finished in [\d.]+\w+, ([\d.]+) req/s")
_DONE = re.compile(r"requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded")
LOADS_CORE = "1"
"""Where the load runs; servers have core 0."""


@dataclass(frozen=True)
class Target:
    """`url`: what is asked for, by its name. `address`: where that is. `tls`: by HTTP/2, else HTTP/1.1 in the clear."""

    url: str
    address: tuple[str, int]
    tls: bool


def hammer(target: Target, *, requests: int, connections: int, at_once: int = 1) -> float:
    """Requests a second. `at_once`: on each connection; HTTP/1.1 has one."""
    host, port = target.address
    options = [f"--connect-to={host}:{port}", f"-n{requests}", f"-c{connections}", "--header=accept-encoding: br, gzip"]
    options += [f"-m{at_once}"] if target.tls else ["--h1"]
    said = run(["taskset", "--cpu-list", LOADS_CORE, "h2load", *options, target.url], timeout=120).stdout
    done, rate = _DONE.search(said), _RATE.search(said)
    assert done, said
    assert rate, said
    assert done[1] == done[2], said  # all of them, and well
    return float(rate[1])
