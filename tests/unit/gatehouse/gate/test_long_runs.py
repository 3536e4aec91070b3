"""Runs of scripts that last: told, stopped where there is a limit, and named when they don't stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_run_context_attr import SCRIPT_RUN_CONTEXT_ATTR_NAME

from gatehouse.gate import long_runs
from gatehouse.gate.long_runs import STOP_SECONDS, TELL_SECONDS, LongRuns

URL = "https://app.example.org/report?secret=1"


class Scripts:
    """Threads that look as Streamlit's do, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []

    def start(self, stream: str = "s", name: str = "ScriptRunner.scriptThread") -> None:
        thread = threading.Thread(target=self.over.wait, name=name, daemon=True)
        context = SimpleNamespace(session_id=stream, context_info=SimpleNamespace(url=URL))
        setattr(thread, SCRIPT_RUN_CONTEXT_ATTR_NAME, context)
        thread.start()
        self.threads.append(thread)

    def runs(self, limit: timedelta | None = None) -> LongRuns:
        return LongRuns(limit, lambda: self.threads, lambda: self.now)


@pytest.fixture
def scripts() -> Iterator[Scripts]:
    made = Scripts()
    yield made
    made.over.set()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(long_runs, "_ask_to_stop", found.append)
    return found


def test_a_long_run_is_told_once_with_its_page_and_goes_on(
    scripts: Scripts, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    scripts.start()
    runs = scripts.runs()
    for _ in range(3):
        assert runs.judge() is None
        scripts.now += TELL_SECONDS
    (line,) = caplog.messages
    assert line == "a long run: page /report has run for 600 s, 0 s of them on the processor"
    assert asked == []


def test_over_the_limit_it_is_asked_to_stop_once_and_named_when_it_does_not(scripts: Scripts, asked: list[str]) -> None:
    scripts.start("s1")
    runs = scripts.runs(timedelta(minutes=5))
    assert runs.judge() is None
    scripts.now = 300
    assert runs.judge() is None
    scripts.now += STOP_SECONDS - 1
    assert runs.judge() is None
    assert asked == ["s1"]
    scripts.now += 1
    assert str(runs.judge()).startswith("page /report has run for 330 s")


def test_one_that_stops_is_forgotten(scripts: Scripts, asked: list[str]) -> None:
    scripts.start("s1")
    runs = scripts.runs(timedelta(minutes=5))
    runs.judge()
    scripts.now = 301
    runs.judge()
    scripts.over.set()
    scripts.threads.pop().join()
    scripts.over.clear()
    scripts.start("s2")
    scripts.now += STOP_SECONDS
    assert runs.judge() is None
    assert asked == ["s1"]


def test_threads_of_the_authors_own_are_none_of_its_business(scripts: Scripts, asked: list[str]) -> None:
    scripts.start(name="worker")
    runs = scripts.runs(timedelta(seconds=1))
    runs.judge()
    scripts.now = 3600
    assert runs.judge() is None
    assert asked == []


def test_streamlit_names_the_threads_of_scripts_so() -> None:
    assert long_runs._THREAD in ScriptRunner.start.__code__.co_consts  # noqa: SLF001
