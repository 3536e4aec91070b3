"""What a rerun costs when two replicas share the tabs of one."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import fmean

from performance.busy import TABS, Busy
from performance.conftest import Report
from performance.figures import alternate, interval
from performance.report import Section
from performance.sharing import Ground
from performance.ways import through_nginx

HOW = """Busy tabs of the app `table`, through nginx and TLS: twenty on one replica, ten on it, or ten on each of two,
which share the core. CPU of nginx's and both replicas' containers for each rerun, in turns with fresh servers in each
round. Aim: twenty on two at most 1.1 times as much as twenty on one. Ten on one: what fewer tabs cost each, because
less of what they are sent goes out together."""

HALF = TABS // 2


def one_round(ground: Ground, pairs: int, seconds: float) -> list[float]:
    """Seconds of CPU of a rerun of twenty tabs on one replica, of ten on it, and of twenty on two."""
    with ExitStack() as stack:
        replicas = stack.enter_context(ground.serve("table", "gate", "gate"))
        front = stack.enter_context(ground.front())
        containers = [*replicas, front]
        ways = [through_nginx(front, replica) for replica in replicas]
        on_one = stack.enter_context(Busy(containers, ways[:1], seconds))
        on_two = stack.enter_context(Busy(containers, ways, seconds))
        nothing = [0.0] * len(containers)  # both stand idle in all turns
        found = alternate(
            lambda: sum(on_one.cpu(nothing, seconds)),
            lambda: sum(on_one.cpu(nothing, seconds, HALF)),
            lambda: sum(on_two.cpu(nothing, seconds)),
            pairs=pairs,
        )
        return [fmean(costs) for costs in found]


def test_two_replicas_against_one(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, pairs, seconds = (5, 4, 2.0) if full else (1, 1, 0.2)
    found = [one_round(ground, pairs, seconds) for _ in range(rounds)]
    table = [["busy tabs", "CPU of a rerun", "against twenty on one (95 %)"]]
    for number, name in enumerate(("twenty on one replica", "ten on one", "ten on each of two")):
        against = interval([costs[number] / costs[0] for costs in found]).as_times() if number else "1"
        table.append([name, f"{1000 * fmean(costs[number] for costs in found):.2f} ms", against])
    report(Section("Two replicas", HOW, table))
    assert len(table) == 4
