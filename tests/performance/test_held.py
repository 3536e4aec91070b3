"""How many open tabs one core serves well, and what each of them takes in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from statistics import fmean

from performance.conftest import Report
from performance.crowd import Crowd
from performance.figures import interval
from performance.plot import Bar, Plot
from performance.report import Section
from performance.servers import Server
from performance.sharing import Ground
from performance.ways import Way, straight, through_nginx_as_many

HOW = """App `{app}`; each tab reruns every ten seconds, evenly spread. Gatehouse's tabs are of fifty signed-in people,
through nginx and TLS. Held: as many as get 95 % of their answers within 100 ms of when the rerun was due, found by
halving between none and what the server could do if it were always busy (at most {most}). Memory: what the app's
processes hold more than with twenty tabs, for each further one; after reruns."""

APP = "table"
EVERY = 10.0
GOOD = 0.1
PEOPLE = 50
MOST = 2500
"""So many tabs the load's own core serves without being what is measured."""
FEW = 20


@dataclass(frozen=True)
class Held:
    """`tabs`: the most that are served well. `p95`: then. `each`: bytes of each tab."""

    tabs: int
    p95: float
    each: float


async def search(server: Server, ways: list[Way], *, steps: int, seconds: float, most: int) -> Held:
    """Find it in so many steps, each of which takes so many seconds."""
    every = min(EVERY, seconds)
    async with Crowd(*ways) as crowd:
        await crowd.grow(FEW)
        rate = (await crowd.busy(seconds / 3)).rate
        few = server.memory()
        good, bad = 0, max(2 * FEW, min(most, int(rate * EVERY)))
        best, each = 0.0, 0.0
        for _ in range(steps):
            tabs = max(1, (good + bad) // 2)
            opened = len(crowd.tabs)
            await crowd.grow(tabs)
            p95 = (await crowd.held(seconds, every, tabs)).percentile(95)
            if tabs > opened:
                each = (server.memory() - few) / (len(crowd.tabs) - FEW)
            if p95 <= GOOD:
                good, best = tabs, p95
            else:
                bad = tabs
        return Held(good, best, each)


def test_tabs_held(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, steps, seconds, most = (2, 5, 10.0, MOST) if full else (1, 1, 0.3, 2 * FEW)
    plains, gates = [], []
    for _ in range(rounds):
        with ground.serve(APP, "plain", "gate") as (plain, gate), ground.front():
            ways = through_nginx_as_many(ground.project, gate, PEOPLE)
            plains.append(asyncio.run(search(plain, [straight(plain)], steps=steps, seconds=seconds, most=most)))
            gates.append(asyncio.run(search(gate, ways, steps=steps, seconds=seconds, most=most)))
    tabs = interval([max(1, ours.tabs) / max(1, theirs.tabs) for theirs, ours in zip(plains, gates, strict=True)])
    each = interval([max(1, theirs.each) / max(1, ours.each) for theirs, ours in zip(plains, gates, strict=True)])
    found = [(fmean(one.tabs for one in all_), fmean(one.p95 for one in all_)) for all_ in (plains, gates)]
    memory = [f"{fmean(one.each for one in all_) / 1024:.0f} KiB" for all_ in (plains, gates)]
    table = [
        ["", "plain", "Gatehouse", "better (95 %)"],
        ["tabs held", *(f"{count:.0f}" for count, _ in found), tabs.as_times()],
        ["95 % of their reruns within", *(f"{1000 * p95:.0f} ms" for _, p95 in found), ""],
        ["memory of a further tab", *memory, each.as_times()],
    ]
    plot = Plot(
        "held", "times as many tabs, and as little memory", [Bar("tabs held", tabs), Bar("memory of a tab", each)]
    )
    report(Section("How many tabs are held", HOW.format(app=APP, most=MOST), table, plot))
    assert len(table) == 4
