"""A process that ends by itself: who is told what, and when it stops."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from gatehouse.container import Memory
from gatehouse.gate import retiring
from gatehouse.gate.release import Release
from gatehouse.gate.retiring import Retiring

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Tabs:
    """Those that are open, and what became of them."""

    def __init__(self) -> None:
        self.tabs, self.told, self.moved, self.open = 3, [""][:0], 0, True

    def stand_back(self) -> None:
        self.open = False

    async def notice(self, text: str) -> None:
        self.told.append(text)

    async def move(self) -> None:
        self.moved, self.tabs = self.moved + self.tabs, 0


class Process:
    """One that is judged as `verdict` and `stuck` say."""

    def __init__(self) -> None:
        self.verdict: str = "well"
        self.stuck: str | None = None
        self.last = Memory(900 << 20, 1000 << 20)
        self.stops = 0
        self.tabs, self.release = Tabs(), Release("")
        self.retiring = Retiring(self.release, self.tabs, self, self, self.stop)  # type: ignore[arg-type]

    def judge(self) -> str | None:
        return self.verdict

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    monkeypatch.setattr(retiring, "sizes", lambda: {"stream": [3 << 20]})
    return Process()


async def test_while_all_is_well_nothing_happens(process: Process) -> None:
    await process.retiring.judge()
    assert process.tabs.open
    assert process.release.state == "serving"


async def test_short_of_memory_it_takes_nobody_new_and_tells_its_tabs_once(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    process.verdict = "back"
    await process.retiring.judge()
    await process.retiring.judge()
    assert not process.tabs.open
    assert process.release.state == "draining"
    assert [("fresh start" in text, "in 2 minutes" in text) for text in process.tabs.told] == [(True, True)]
    assert (process.tabs.moved, process.stops) == (0, 0)
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    assert line.getMessage() == (
        "memory is short: 900 of 1000 MB (90 %) are taken after a collection; no new sessions here, 3 tabs have 120 s"
    )
    assert vars(line)["uploads_mb"] == 3


async def test_it_stops_once_its_tabs_are_gone(process: Process) -> None:
    process.verdict = "back"
    await process.retiring.judge()
    process.verdict, process.tabs.tabs = "well", 0
    await process.retiring.judge()
    await process.retiring.judge()
    assert (process.tabs.moved, process.stops) == (0, 1)


async def test_when_their_time_is_over_they_are_moved(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retiring, "DRAIN", timedelta(0))
    process.verdict = "back"
    await process.retiring.judge()
    assert (process.tabs.moved, process.stops) == (3, 1)


async def test_when_nearly_nothing_is_left_they_are_moved_at_once(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    process.verdict = "leave"
    await process.retiring.judge()
    assert (process.tabs.moved, process.stops) == (3, 1)
    assert "the memory is nearly gone" in caplog.text
