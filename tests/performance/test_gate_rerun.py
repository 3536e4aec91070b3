"""What the gate adds to a rerun of a signed-in user's script."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from statistics import fmean
from typing import NamedTuple

from performance.conftest import Report
from performance.figures import alternate, interval, ratio
from performance.load import Visitor, visitor
from performance.report import Section
from performance.servers import Server, idle_cpu, serve
from support.stack import Stack

HOW = """The same image, options and uvicorn, with the gate and without it (where the user is signed in by Streamlit's
own cookie). One tab moves a slider and waits for the script's end, on either server in turn (A B B A); each turn's CPU
time of the container, less what it uses with nobody there, is divided by its reruns. Aim: at most 2 % over. `long` is
two hundred messages from a script that does nothing else."""

# App: reruns of a turn, some tenths of a second.
APPS = {"small": 80, "table": 30, "long": 25}


class Round(NamedTuple):
    """Seconds of CPU per rerun, turn by turn, and per second with nobody there."""

    gate: list[float]
    ungated: list[float]
    idle: tuple[float, float]


def cpu_per_rerun(server: Server, tab: Visitor, reruns: int, idle: float) -> float:
    """Seconds of CPU for each of so many reruns."""
    before, start = server.cpu_at_rest(), time.monotonic()
    for _ in range(reruns):
        tab.rerun()
    used = server.cpu_at_rest() - before
    return (used - idle * (time.monotonic() - start)) / reruns


def one_round(project: Stack, app: str, *, pairs: int, reruns: int, still: float) -> Round:
    """Compare two fresh servers; for so many seconds they are left alone."""
    with ExitStack() as stack:
        servers = stack.enter_context(serve(project, app, "gate", "ungated"))
        tabs = [stack.enter_context(visitor(server, server.cookies())) for server in servers]
        for server, tab in zip(servers, tabs, strict=True):
            tab.open()
            cpu_per_rerun(server, tab, 2 * reruns, 0)  # warm
        idle = idle_cpu(servers, still)
        turns = [
            partial(cpu_per_rerun, server, tab, reruns, rate)
            for server, tab, rate in zip(servers, tabs, idle, strict=True)
        ]
        gate, ungated = alternate(turns[0], turns[1], pairs=pairs)
        return Round(gate, ungated, (idle[0], idle[1]))


def test_what_the_gate_adds_to_a_rerun(database: Stack, full: bool, report: Report) -> None:  # noqa: FBT001
    table = [["app", "CPU of a rerun without the gate", "with it", "over (95 %)"]]
    rounds, pairs, still = (6, 8, 4.0) if full else (1, 2, 0.5)
    idle: list[tuple[float, float]] = []
    for app, reruns in APPS.items() if full else {"small": 5}.items():
        measured = [one_round(database, app, pairs=pairs, reruns=reruns, still=still) for _ in range(rounds)]
        over = interval([ratio(one.gate, one.ungated) for one in measured])
        without = 1000 * fmean(fmean(one.ungated) for one in measured)
        table.append([app, f"{without:.2f} ms", f"{without * over.mean:.2f} ms", over.as_percent_over()])
        idle += [one.idle for one in measured]
    gate, ungated = (1000 * fmean(rates) for rates in zip(*idle, strict=True))
    table.append(["nobody there, a second", f"{ungated:.1f} ms", f"{gate:.1f} ms", f"{gate - ungated:+.1f} ms"])
    report(Section("What the gate adds to a rerun", HOW, table))
    assert len(table) > 2
