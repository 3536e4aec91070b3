"""What nginx and the gate together add to a rerun, in CPU, and to the stack, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import fmean, median

from performance.busy import TABS, Busy
from performance.conftest import Report
from performance.report import Section
from performance.servers import idle_cpu
from performance.sharing import Ground
from performance.ways import straight, through_nginx

HOW = """The same image, options and uvicorn: with the gate, through nginx and TLS; and without either, in clear text.
CPU of nginx's and the app's containers for each rerun, less what they use with nobody there, in turns (A B B A) with
fresh servers in each round; the spread is that of the rounds. Memory: of nginx with all its helpers, and what the app's
processes hold more than without the gate, with twenty tabs open after all reruns. nginx + oauth2-proxy before plain
Streamlit: 0.4 … 0.5 ms with 20 busy, 1.0 … 1.2 ms with one, 43 MB, measured at another time."""

LOADS = {"20 busy": TABS, "one tab": 1}


@dataclass(frozen=True)
class Pace:
    """How often and how long is measured. `still`: seconds with nobody there."""

    pairs: int
    seconds: float
    still: float


@dataclass
class Added:
    """Seconds of CPU of each pair of turns: of the app without the gate, what the gate adds, and of nginx."""

    bare: list[float] = field(default_factory=list)
    gate: list[float] = field(default_factory=list)
    nginx: list[float] = field(default_factory=list)

    def milliseconds(self) -> tuple[float, float, float]:
        """Medians: without either, what both add, and of it nginx."""
        bare, gate, nginx = (1000 * median(values) for values in (self.bare, self.gate, self.nginx))
        return bare, gate + nginx, nginx


def one_round(ground: Ground, app: str, pace: Pace) -> tuple[list[Added], tuple[float, float]]:
    """What is added under each load, and megabytes of the gate and of nginx."""
    with ExitStack() as stack:
        gate, ungated = stack.enter_context(ground.serve(app, "gate", "ungated"))
        nginx = stack.enter_context(ground.front())
        idle = idle_cpu([gate, nginx, ungated], pace.still)
        through = stack.enter_context(Busy([gate, nginx], [through_nginx(nginx, gate)], pace.seconds))
        past = stack.enter_context(Busy([ungated], [straight(ungated)], pace.seconds))
        loads = []
        for tabs in LOADS.values():
            added = Added()
            for number in range(pace.pairs):
                if number % 2:
                    (bare,) = past.cpu(idle[2:], pace.seconds, tabs)
                app_cpu, front = through.cpu(idle[:2], pace.seconds, tabs)
                if not number % 2:
                    (bare,) = past.cpu(idle[2:], pace.seconds, tabs)
                added.bare.append(bare)
                added.gate.append(app_cpu - bare)
                added.nginx.append(front)
            loads.append(added)
        return loads, ((gate.memory() - ungated.memory()) / 1e6, nginx.memory() / 1e6)


def test_what_nginx_and_the_gate_add(ground: Ground, full: bool, report: Report) -> None:  # noqa: FBT001
    rounds, pace = (3, Pace(4, 1.0, 3.0)) if full else (1, Pace(1, 0.2, 0.2))
    table = [["app", "", "without either", "both add", "of it nginx"]]
    for app in ("table", "small") if full else ("table",):
        found = [one_round(ground, app, pace) for _ in range(rounds)]
        for number, load in enumerate(LOADS):
            figures = [loads[number].milliseconds() for loads, _ in found]
            bare, both, nginx = zip(*figures, strict=True)
            mean = f"{fmean(bare):.2f} ms", _spread(both), f"{fmean(nginx):.2f} ms"
            table.append([app, f"CPU of a rerun, {load}", *mean])
        gate, front = (fmean(values) for values in zip(*(memory for _, memory in found), strict=True))
        table.append([app, "memory", "-", f"{gate + front:.0f} MB", f"{front:.0f} MB"])
    report(Section("What nginx and the gate add together", HOW, table))
    assert len(table) == (7 if full else 4)


def _spread(values: Sequence[float]) -> str:
    return f"{fmean(values):.2f} ms ({min(values):.2f} … {max(values):.2f})"
