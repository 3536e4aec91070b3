"""What a rerun costs when two replicas share the tabs of one."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import fmean

from performance.busy import Busy
from performance.conftest import Report
from performance.figures import alternate, interval
from performance.report import Section
from performance.sharing import Ground
from performance.ways import through_nginx

HOW = """Twenty busy tabs of the app `table`, through nginx and TLS: all on one replica, or ten on each of two, which
share the core. CPU of nginx's and both replicas' containers for each rerun, in turns with fresh servers in each round.
Aim: at most 1.1 times."""


def one_round(ground: Ground, pairs: int, seconds: float) -> tuple[float, float]:
    """Seconds of CPU of a rerun on one replica, and on two."""
    with ExitStack() as stack:
        replicas = stack.enter_context(ground.serve("table", "gate", "gate"))
        containers = [*replicas, stack.enter_context(ground.front())]
        ways = [through_nginx(ground.project, replica) for replica in replicas]
        on_one = stack.enter_context(Busy(containers, ways[:1], seconds))
        on_two = stack.enter_context(Busy(containers, ways, seconds))
        nothing = [0.0] * len(containers)  # both stand idle in both turns
        one, two = alternate(
            lambda: sum(on_one.cpu(nothing, seconds)), lambda: sum(on_two.cpu(nothing, seconds)), pairs=pairs
        )
        return fmean(one), fmean(two)


def test_two_replicas_against_one(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, pairs, seconds = (3, 4, 2.0) if full else (1, 1, 0.2)
    found = [one_round(ground, pairs, seconds) for _ in range(rounds)]
    over = interval([two / one for one, two in found])
    times = [f"{1000 * fmean(values):.2f} ms" for values in zip(*found, strict=True)]
    table = [["", "one replica", "two", "two against one (95 %)"], ["CPU of a rerun, 20 busy", *times, over.as_times()]]
    report(Section("Two replicas", HOW, table))
    assert len(table) == 2
