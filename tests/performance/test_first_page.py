"""How much a first page weighs and how soon it shows, in Chromium on a slow link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from playwright.sync_api import Error

from performance.conftest import Report
from performance.figures import interval
from performance.link import Link, slow_link
from performance.plot import Bar, Plot
from performance.report import Section
from performance.servers import PORT, Server
from performance.sharing import Ground
from support.browser import chromium, new_context
from support.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

HOW = """Chromium with an empty cache, signed in, opens the app `table` on a link of 10 Mbit/s with 40 ms there and
back: a relay in user space (tests/performance/link.py says why) that all connections share. Megabytes: what came down
it, TLS included, until nothing more does. Shown: from the navigation until the table is drawn. Again: the same with
what the browser has kept."""

RATE, ROUND_TRIP = 10e6, 0.04
LINK = "127.0.0.2"
"""Where the slow link listens: with the port of nginx, because the page's origin is the same."""


@dataclass
class Site:
    """A server as the browser finds it, and what was found: megabytes, seconds, and seconds of the second visit."""

    url: str
    link: Link
    cookies: dict[str, str]
    weight: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)

    def visit(self, browser: Browser) -> None:
        """Open the page twice; from the start again if a network of the machine came or went meanwhile."""
        for _ in range(4):
            context, console = new_context(browser)
            try:
                self._visit(context)
            except (AssertionError, Error):
                if not any("ERR_NETWORK_CHANGED" in line for line in console.lines):
                    raise
            else:
                return
            finally:
                context.close()
        raise AssertionError("the network is never quiet for long enough")

    def _visit(self, context: BrowserContext) -> None:
        for name, value in self.cookies.items():
            context.add_cookies([{"name": name, "value": value, "url": self.url, "secure": True}])
        before = self.link.down
        first = shown(context, self.url)
        weight = (self.link.down - before) / 1e6
        again = shown(context, self.url)
        self.shown.append(first)
        self.weight.append(weight)
        self.again.append(again)


def shown(context: BrowserContext, url: str) -> float:
    """Seconds until the table is drawn in a new tab."""
    page = context.new_page()
    page.goto(url, wait_until="commit", timeout=30_000)
    page.wait_for_selector("[data-testid='stDataFrame'] canvas", timeout=30_000)
    seconds = float(page.evaluate("performance.now()")) / 1000
    page.wait_for_load_state("networkidle")  # what it loads for later weighs, too
    page.close()
    return seconds


@contextmanager
def sites(ground: Ground) -> Iterator[dict[str, Site]]:
    """Both servers, each behind a slow link of its own."""
    with ExitStack() as stack:
        plain, gate = stack.enter_context(ground.serve("table", "plain", "gate"))
        front = stack.enter_context(ground.front())
        plains, ours = ((plain.address, PORT), free_port()), (front.address, front.address[1])
        slow = [stack.enter_context(_slow(server, own)) for server, own in (plains, ours)]
        yield {
            "plain": Site(f"http://localhost:{plains[1]}/", slow[0], {}),
            "gate": Site(f"{ground.project.app_url}/", slow[1], _jar(gate)),
        }


def _slow(server: tuple[str, int], port: int) -> AbstractContextManager[Link]:
    return slow_link((LINK, port), server, rate=RATE, round_trip=ROUND_TRIP)


def _jar(server: Server) -> dict[str, str]:
    return {name: value for name, value in server.cookies().items() if name.startswith("__Host-")}


def test_first_page(ground: Ground, full: bool, report: Report, run_folder: Path) -> None:  # noqa: FBT001
    rounds = 6 if full else 1
    home = run_folder / "home-of-a-slow-browser"
    home.mkdir(exist_ok=True)
    with sites(ground) as there, chromium(home, ground.project.ca, address=LINK) as browser:
        if full:
            for site in there.values():
                site.visit(browser)  # loads what the first visitor waits for
                for values in (site.weight, site.shown, site.again):
                    values.clear()
        for number in range(rounds):
            for site in list(there.values())[:: 1 if number % 2 == 0 else -1]:
                site.visit(browser)
    plain, gate = there["plain"], there["gate"]
    figures = {
        "megabytes": (plain.weight, gate.weight),
        "seconds until the table is shown": (plain.shown, gate.shown),
        "seconds until it is shown again": (plain.again, gate.again),
    }
    table, bars = [["", "plain", "Gatehouse", "better (95 %)"]], []
    for name, (theirs, ours) in figures.items():
        better = interval([a / b for a, b in zip(theirs, ours, strict=True)])
        table.append([name, f"{fmean(theirs):.2f}", f"{fmean(ours):.2f}", better.as_times()])
        bars.append(Bar(name, better))
    report(Section("The first page", HOW, table, Plot("first-page", "times as small, or as soon", bars)))
    assert len(table) == 4
