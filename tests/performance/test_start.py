"""How long an app takes to start, and its first visitor to see something."""

from __future__ import annotations

import time
from statistics import fmean

from performance.conftest import Report
from performance.figures import interval
from performance.load import visitor
from performance.report import Section
from performance.servers import Server
from performance.sharing import Ground

HOW = """The container is restarted; app `table`, past nginx, on one core. Answers: from then until the health route
does. First tab: from there until the first visitor's script has run to its end. Gatehouse checks settings and secrets,
connects to Postgres and loads the libraries of the scripts before it answers."""


def start(server: Server) -> tuple[float, float]:
    """Seconds until it answers, and then until the first tab has all of its page."""
    jar = server.cookies()
    server.stop()
    began = time.monotonic()
    server.start()
    while not server.answers():
        time.sleep(0.01)
    answered = time.monotonic()
    with visitor(server, jar) as tab:
        tab.open()
    return answered - began, time.monotonic() - answered


def test_start(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds = 5 if full else 1
    found: dict[str, list[tuple[float, float]]] = {"plain": [], "gate": []}
    with ground.serve("table", "plain", "gate") as servers:
        for number in range(rounds):
            for server in servers[:: 1 if number % 2 == 0 else -1]:
                found[server.kind].append(start(server))
    table = [["", "plain", "Gatehouse", "better (95 %)"]]
    for name, take in {"answers": 0, "first tab": 1, "both": None}.items():
        plain, gate = ([sum(one) if take is None else one[take] for one in values] for values in found.values())
        better = interval([a / b for a, b in zip(plain, gate, strict=True)])
        table.append([name, f"{fmean(plain):.2f} s", f"{fmean(gate):.2f} s", better.as_times()])
    report(Section("Starting", HOW, table))
    assert len(table) == 4
