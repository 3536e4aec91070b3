"""What the gate adds to a rerun of a signed-in user's script."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from statistics import fmean

from performance.conftest import Report
from performance.figures import alternate, interval, ratio
from performance.load import Visitor, visitor
from performance.report import Section
from performance.servers import Server, idle_cpu, serve
from support.stack import Stack

HOW = """One process of the product's server, with a second port whose requests go past the gate (where the user is
signed in by Streamlit's own cookie). A tab moves a slider and waits for the script's end, on either port in turn
(A B B A); each turn's CPU time of the container, less what it uses with nobody there, is divided by its reruns. Aim: at
most 2 % over. `long` is two hundred messages from a script that does nothing else. Nobody there: a server with the gate
beside one without it, from the same image."""

# App: reruns of a turn, some tenths of a second.
APPS = {"small": 80, "table": 30, "long": 25}


def cpu_per_rerun(server: Server, tab: Visitor, reruns: int, idle: float) -> float:
    """Seconds of CPU for each of so many reruns."""
    before, start = server.cpu_at_rest(), time.monotonic()
    for _ in range(reruns):
        tab.rerun()
    used = server.cpu_at_rest() - before
    return (used - idle * (time.monotonic() - start)) / reruns


def one_round(project: Stack, app: str, *, pairs: int, reruns: int, still: float) -> tuple[list[float], list[float]]:
    """Seconds of CPU per rerun with the gate and past it, turn by turn, in a fresh process."""
    with ExitStack() as stack:
        (gate,) = stack.enter_context(serve(project, app, "both"))
        sides, tabs = (gate, gate.past_the_gate()), list[Visitor]()
        assert [side.http.get("/_stcore/health").status_code for side in sides] == [401, 200], "one asks who comes"
        for side in sides:
            tab = stack.enter_context(visitor(side, side.cookies()))
            tab.open()
            cpu_per_rerun(side, tab, 2 * reruns, 0)  # warm
            tabs.append(tab)
        (idle,) = idle_cpu([gate], still)
        turns = [partial(cpu_per_rerun, gate, tab, reruns, idle) for tab in tabs]
        with_it, past_it = alternate(*turns, pairs=pairs)
        return with_it, past_it


def standing(project: Stack, seconds: float) -> list[str]:
    """The row of what a server uses with nobody there."""
    with serve(project, "small", "ungated", "gate") as servers:
        ungated, gate = (1000 * rate for rate in idle_cpu(servers, seconds))
    return ["nobody there, a second", f"{ungated:.1f} ms", f"{gate:.1f} ms", f"{gate - ungated:+.1f} ms"]


def test_what_the_gate_adds_to_a_rerun(database: Stack, full: bool, report: Report) -> None:  # noqa: FBT001
    table = [["app", "CPU of a rerun without the gate", "with it", "over (95 %)"]]
    rounds, pairs, still = (6, 24, 3.0) if full else (1, 2, 0.5)
    for app, reruns in APPS.items() if full else {"small": 5}.items():
        measured = [one_round(database, app, pairs=pairs, reruns=reruns, still=still) for _ in range(rounds)]
        over = interval([ratio(gate, without) for gate, without in measured])
        without = 1000 * fmean(fmean(turns) for _, turns in measured)
        table.append([app, f"{without:.2f} ms", f"{without * over.mean:.2f} ms", over.as_percent_over()])
    table.append(standing(database, 5 * still))
    report(Section("What the gate adds to a rerun", HOW, table))
    assert len(table) > 2
