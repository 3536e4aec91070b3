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
halving between none and what the server could do if it were always busy (at most {most}). Better: against the fewest
tabs with which plain Streamlit fails, which is more than it holds. Memory: what the app's processes hold more for each
of two hundred further tabs, after reruns."""

APP = "table"
EVERY = 10.0
GOOD = 0.1
PEOPLE = 50
MOST = 2500
"""So many tabs the load's own core serves without being what is measured."""
FEW = 20


@dataclass(frozen=True)
class Effort:
    """How much is measured: steps of halving, of so many seconds each, and further tabs whose memory is weighed."""

    steps: int
    seconds: float
    most: int
    further: int


FULL, SHORT = Effort(6, 10.0, MOST, 200), Effort(1, 0.3, 2 * FEW, FEW)


@dataclass(frozen=True)
class Held:
    """`good`: the most tabs that are served well. `bad`: the fewest that are not. `p95`: with `good`. `each`: bytes."""

    good: int
    bad: int
    p95: float
    each: float


async def search(server: Server, ways: list[Way], effort: Effort) -> Held:
    """Find it."""
    every = min(EVERY, effort.seconds)
    async with Crowd(*ways) as crowd:
        await crowd.grow(FEW)
        rate = (await crowd.busy(effort.seconds / 3)).rate
        few = server.memory()
        await crowd.grow(FEW + effort.further)
        await crowd.busy(effort.seconds / 3)
        each = (server.memory() - few) / effort.further
    async with Crowd(*ways) as crowd:
        good, bad, best = 0, max(2 * FEW, min(effort.most, int(rate * EVERY))), 0.0
        for _ in range(effort.steps):
            tabs = max(1, (good + bad) // 2)
            await crowd.grow(tabs)
            p95 = (await crowd.held(effort.seconds, every, tabs)).percentile(95)
            if p95 <= GOOD:
                good, best = tabs, p95
            else:
                bad = tabs
    return Held(good, bad, best, each)


def test_tabs_held(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, effort = (3, FULL) if full else (1, SHORT)
    plains, gates = [], []
    for _ in range(rounds):
        with ground.serve(APP, "plain", "gate") as (plain, gate), ground.front() as front:
            ways = through_nginx_as_many(front, gate, PEOPLE)
            plains.append(asyncio.run(search(plain, [straight(plain)], effort)))
            gates.append(asyncio.run(search(gate, ways, effort)))
    tabs = interval([max(1, ours.good) / theirs.bad for theirs, ours in zip(plains, gates, strict=True)])
    each = interval([max(1, theirs.each) / max(1, ours.each) for theirs, ours in zip(plains, gates, strict=True)])
    held, within, memory = [], [], []
    for all_ in (plains, gates):
        held.append(f"{fmean(one.good for one in all_):.0f}")
        within.append(f"{1000 * fmean(one.p95 for one in all_):.0f} ms")
        memory.append(f"{fmean(one.each for one in all_) / 1024:.0f} KiB")
    table = [
        ["", "plain", "Gatehouse", "better (95 %)"],
        ["tabs held", *held, f"more than {tabs.as_times()}"],
        ["95 % of their reruns within", *within, ""],
        ["memory of a further tab", *memory, each.as_times()],
    ]
    plot = Plot(
        "held", "times as many tabs, and as little memory", [Bar("tabs held", tabs), Bar("memory of a tab", each)]
    )
    report(Section("How many tabs are held", HOW.format(app=APP, most=MOST), table, plot))
    assert len(table) == 4
