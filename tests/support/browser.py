"""Debian's Chromium, trusting the stack's CA as a person's browser would, and kept off every other network."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.artifacts import folder_for
from support.command import run
from support.stack import Stack

if TYPE_CHECKING:  # the fixtures import it themselves, so that tests without a browser need none
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

_NAMES = ("localhost", "*.localhost", "*.gate.test")

_FLAGS = [
    "--no-sandbox",  # its sandbox needs a user other than root, or privileges that the test container has not
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

_report = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember how the test ended, for the fixtures that keep something of a failed one."""
    report = yield
    if report.when == "call":
        item.stash[_report] = report
    return report


def trust(home: Path, ca: Path) -> None:
    """Put `ca` into the NSS database under `home`, as the one that may vouch for servers."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True, exist_ok=True)
    if not (database / "cert9.db").exists():
        run(["certutil", "-N", "-d", f"sql:{database}", "--empty-password"])
    name = ca.parent.name
    run(["certutil", "-A", "-d", f"sql:{database}", "-n", name, "-t", "C,,", "-i", ca])


def launch(playwright: Playwright, home: Path, address: str = "127.0.0.1") -> Browser:
    """Start Debian's Chromium with `home` as its HOME; it finds the stack's names at this loopback address."""
    # No other name resolves: no test can reach, or depend on, anything else.
    names = ", ".join([*(f"MAP {name} {address}" for name in _NAMES), "MAP * ~NOTFOUND"])
    return playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=[*_FLAGS, f"--host-resolver-rules={names}"],
        env={"HOME": str(home), "LANG": "C.UTF-8"},
    )


@contextmanager
def chromium(home: Path, *authorities: Path, address: str = "127.0.0.1") -> Iterator[Browser]:
    """Chromium with `home` as its HOME, trusting these. It reads its trust store at start alone."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (tests without a browser need none)

    for authority in authorities:
        trust(home, authority)
    with sync_playwright() as playwright:
        started = launch(playwright, home, address)
        yield started
        started.close()


@pytest.fixture(scope="session")
def browser_home(run_folder: Path) -> Path:
    """HOME of the browser: its trust store, and nothing of the developer's."""
    home = run_folder / "home"
    home.mkdir()
    return home


@pytest.fixture(scope="module")
def browser(browser_home: Path, stack: Stack) -> Iterator[Browser]:
    """Chromium, started anew for each module."""
    with chromium(browser_home, stack.ca) as started:
        yield started


class Console:
    """What the pages of one browser context wrote to their consoles, and what they could not load."""

    def __init__(self, context: BrowserContext) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        context.on("console", lambda message: self._add(message.type, f"{message.text} ({message.location['url']})"))
        context.on("weberror", lambda error: self._add("error", f"uncaught: {error.error}"))
        context.on(
            "requestfailed", lambda request: self._add("failed", f"{request.method} {request.url}: {request.failure}")
        )

    def _add(self, kind: str, text: str) -> None:
        self.lines.append(f"{kind}: {text}")
        if kind == "error":
            self.errors.append(text)


_console = pytest.StashKey[Console]()


def quiet_network() -> None:
    """Wait until no network interface has come or gone for a while.

    Each container that starts or ends is such a change, also a moment later when its IPv6 address settles, and Chromium
    then breaks off what it is loading (ERR_NETWORK_CHANGED). Interfaces of containers have random names: if they are
    those that were quiet before, they still are.
    """
    global _quiet  # noqa: PLW0603 - one machine, one network
    before, since, deadline = _interfaces(), time.monotonic(), time.monotonic() + 60
    while before != _quiet and time.monotonic() - since < 2:
        assert time.monotonic() < deadline, "the network is never quiet"
        time.sleep(0.1)
        now = _interfaces()
        if now != before:
            before, since = now, time.monotonic()
    _quiet = before


_quiet = ""


def _interfaces() -> str:
    found = Path("/proc/net/if_inet6").read_text(encoding="ascii") + Path("/proc/net/dev").read_text(encoding="ascii")
    return " ".join(sorted(line.split()[0 if ":" in line else -1] for line in found.splitlines() if line.split()))


def new_context(browser: Browser, **options: Any) -> tuple[BrowserContext, Console]:  # noqa: ANN401 -- Playwright's
    """A browser without cookies, and what its pages write to their consoles. `options`: as of Playwright's own."""
    quiet_network()
    fresh = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | options)
    fresh.set_default_timeout(20_000)
    return fresh, Console(fresh)


def failed(test: pytest.Item) -> bool:
    """Whether the test that is ending did not pass."""
    report = test.stash.get(_report, None)
    return report is None or report.failed


def keep(context: BrowserContext, console: Console, folder: Path) -> None:
    """Keep what the pages show and what they wrote to their consoles."""
    for number, page in enumerate(context.pages):
        page.screenshot(path=folder / f"page-{number}.png", full_page=True)
    (folder / "console.txt").write_text("\n".join(console.lines) + "\n", encoding="utf-8")


@pytest.fixture
def context(browser: Browser, run_folder: Path, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser without cookies; if the test fails, its pages and their consoles are kept."""
    fresh, console = new_context(browser)
    request.node.stash[_console] = console
    yield fresh
    if failed(request.node):
        keep(fresh, console, folder_for(run_folder / "artifacts", request.node.nodeid))
    fresh.close()


@pytest.fixture
def console(context: BrowserContext, request: pytest.FixtureRequest) -> Console:
    """What this test's pages wrote to their consoles so far."""
    found: Console = request.node.stash[_console]
    return found


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A new tab."""
    return context.new_page()
