"""How fast scripts rerun, and how fast tabs open, against plain `streamlit run`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean

from performance.conftest import Report
from performance.crowd import Crowd, Way
from performance.figures import interval
from performance.report import Section
from performance.servers import PORT, Server, front, serve
from support.http import tls_context
from support.stack import Stack

HOW = """Plain is `streamlit run` with its defaults, in clear text and with nobody to sign in; Gatehouse is reached
through nginx, TLS and the gate, with a signed-in session. Same image, same app folder, the app on one core, the load on
the other, in turns with fresh servers in each round. Busy: twenty tabs that rerun without a pause. One: a single tab
that does, its median. Opening: twenty tabs at once, until the last one's script has run."""

BUSY = 20
APPS = ("small", "table", "chart", "vega")


@dataclass
class Found:
    """Of each round: reruns a second, the median of one tab's reruns and the opening of twenty, in seconds."""

    rate: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    opening: list[float] = field(default_factory=list)


@contextmanager
def ways(database: Stack, app: str) -> Iterator[dict[str, Way]]:
    """Fresh servers of either kind, and how to reach them."""
    with serve(database, app, "plain", "gate") as (plain, gate), front(database):
        yield {"plain": straight(plain), "gate": through_nginx(database, gate)}


def straight(server: Server) -> Way:
    """In clear text, past nginx."""
    return Way(server.host, (server.address, PORT), None, server.cookies())


def through_nginx(database: Stack, server: Server) -> Way:
    """As a browser comes."""
    return Way(server.host, ("127.0.0.1", int(database.settings["PORT"])), tls_context(database.ca), server.cookies())


async def turn(way: Way, found: Found, seconds: float) -> None:
    """Measure one server."""
    async with Crowd(way, BUSY) as crowd:
        found.opening.append(crowd.opening.seconds)
        await crowd.busy(seconds / 4)  # warm
        found.rate.append((await crowd.busy(seconds)).rate)
        found.one.append((await crowd.busy(seconds, tabs=1)).percentile(50))


def test_reruns(database: Stack, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, seconds = (4, 6.0) if full else (1, 0.5)
    table = [["app", "", "plain", "Gatehouse", "better (95 %)"]]
    for app in APPS if full else APPS[:1]:
        found = {"plain": Found(), "gate": Found()}
        for number in range(rounds):
            with ways(database, app) as there:
                for kind in list(found)[:: 1 if number % 2 == 0 else -1]:
                    asyncio.run(turn(there[kind], found[kind], seconds))
        plain, gate = found["plain"], found["gate"]
        one, opening = (milliseconds(plain.one), milliseconds(gate.one)), (seconds_of(plain), seconds_of(gate))
        table += [
            [app, "reruns a second, 20 busy", rate(plain), rate(gate), times(gate.rate, plain.rate)],
            [app, "one tab's rerun, median", *one, times(plain.one, gate.one)],
            [app, "opening 20 at once", *opening, times(plain.opening, gate.opening)],
        ]
    report(Section("How fast scripts rerun", HOW, table))
    assert len(table) > 1


def times(over: list[float], under: list[float]) -> str:
    """How many times better, round by round."""
    return interval([a / b for a, b in zip(over, under, strict=True)]).as_times()


def rate(found: Found) -> str:
    """Reruns a second."""
    return f"{fmean(found.rate):.0f}"


def milliseconds(found: list[float]) -> str:
    """A time."""
    return f"{1000 * fmean(found):.1f} ms"


def seconds_of(found: Found) -> str:
    """The opening."""
    return f"{fmean(found.opening):.2f} s"
