"""How fast scripts rerun, and how fast tabs open, against plain `streamlit run`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean

import pytest

from performance.conftest import Report
from performance.crowd import Crowd
from performance.figures import Interval, interval
from performance.plot import Bar, Plot
from performance.report import Section
from performance.sharing import SHARED_APP, Ground
from performance.ways import Way, straight, through_nginx

HOW = """Plain is `streamlit run` with its defaults, without what Streamlit's extra `performance` brings (this image has
it), in clear text and with nobody to sign in; Gatehouse is reached through nginx, TLS and the gate, with a signed-in
session. Same image, same app folder, the app on one core, the load on the other, in turns with fresh servers in each
round. Busy: twenty tabs that rerun without a pause. One: a single tab that does, its median. Opening: twenty tabs at
once, until the last one's script has run."""

BUSY = 20
HOW_DESK = """As above. The page is the example app's list of all requests, read from Postgres in each run. Plain has
nobody to sign in there either: whom it shows the page to is set in the environment."""

BETTER = "times as fast as plain `streamlit run`"
HEAD = ["app", "", "plain", "Gatehouse", "better (95 %)"]
APPS = ("table", "small", "vega", "chart")


@dataclass
class Found:
    """Of each round: reruns a second, the median of one tab's reruns and the opening of twenty, in seconds."""

    rate: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    opening: list[float] = field(default_factory=list)


@contextmanager
def ways(ground: Ground, app: str) -> Iterator[dict[str, Way]]:
    """Servers of either kind, and how to reach them."""
    with ground.serve(app, "plain", "gate") as (plain, gate), ground.front() as front:
        yield {"plain": straight(plain), "gate": through_nginx(front, gate)}


async def turn(way: Way, found: Found, seconds: float) -> None:
    """Measure one server."""
    async with Crowd(way) as crowd:
        found.opening.append((await crowd.grow(BUSY)).seconds)
        await crowd.busy(seconds / 4)  # warm
        found.rate.append((await crowd.busy(seconds)).rate)
        found.one.append((await crowd.busy(seconds, tabs=1)).percentile(50))


def test_reruns(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    table, bars = [HEAD], []
    try:
        for app in APPS if full else (SHARED_APP,):
            rows, more = measured(ground, app, *((5, 3.0) if full else (1, 0.3)))
            table += rows
            bars += more
    finally:  # whoever breaks it off keeps what was measured so far
        if bars:
            report(Section("How fast scripts rerun", HOW, table, Plot("reruns", BETTER, bars)))


@pytest.mark.parametrize("full", [pytest.param(True, id="full", marks=pytest.mark.bench)], indirect=True)
def test_the_example_app(ground: Ground, report: Report) -> None:
    rows, bars = measured(ground, "desk", 5, 3.0)
    report(Section("How fast the example app reruns", HOW_DESK, [HEAD, *rows], Plot("desk", BETTER, bars)))


def measured(ground: Ground, app: str, rounds: int, seconds: float) -> tuple[list[list[str]], list[Bar]]:
    """Three rows of the table, and their bars."""
    found = {"plain": Found(), "gate": Found()}
    for number in range(rounds):
        with ways(ground, app) as there:
            for kind in list(found)[:: 1 if number % 2 == 0 else -1]:
                asyncio.run(turn(there[kind], found[kind], seconds))
    plain, gate = found["plain"], found["gate"]
    rows, bars = [], []
    for name, text, better in (
        ("reruns a second, 20 busy", rate, times(gate.rate, plain.rate)),
        ("one tab's rerun, median", milliseconds, times(plain.one, gate.one)),
        ("opening 20 at once", opening, times(plain.opening, gate.opening)),
    ):
        rows.append([app, name, text(plain), text(gate), better.as_times()])
        bars.append(Bar(f"{app}: {name.partition(',')[0]}", better))
    return rows, bars


def times(over: list[float], under: list[float]) -> Interval:
    """How many times better, round by round."""
    return interval([a / b for a, b in zip(over, under, strict=True)])


def rate(found: Found) -> str:
    """Reruns a second."""
    return f"{fmean(found.rate):.0f}"


def milliseconds(found: Found) -> str:
    """One tab's rerun."""
    return f"{1000 * fmean(found.one):.1f} ms"


def opening(found: Found) -> str:
    """Of twenty."""
    return f"{fmean(found.opening):.2f} s"
