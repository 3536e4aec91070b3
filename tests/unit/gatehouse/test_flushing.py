from __future__ import annotations

import pytest
from streamlit.runtime import runtime, runtime_util

from gatehouse import flushing
from gatehouse.settings import StartError


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MESSAGE_FLUSH_INTERVAL_SECS", runtime_util.MESSAGE_FLUSH_INTERVAL_SECS)


def test_the_installed_streamlit_is_the_one_it_was_written_for() -> None:
    flushing.shorten()
    assert "MESSAGE_FLUSH_INTERVAL_SECS" in runtime.Runtime._loop_coroutine.__code__.co_names  # noqa: SLF001
    assert vars(runtime)["MESSAGE_FLUSH_INTERVAL_SECS"] < runtime_util.MESSAGE_FLUSH_INTERVAL_SECS


def test_another_streamlit_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MESSAGE_FLUSH_INTERVAL_SECS", 0.01)
    with pytest.raises(StartError, match="MESSAGE_FLUSH_INTERVAL_SECS is 0.01"):
        flushing.shorten()


def test_a_streamlit_without_it_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(runtime, "MESSAGE_FLUSH_INTERVAL_SECS")
    with pytest.raises(StartError, match="is None"):
        flushing.shorten()
