from __future__ import annotations

import sys

import pytest

import gatehouse
from gatehouse.gate import administration


def test_on_a_laptop_there_are_no_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gatehouse.gate.live", raising=False)
    assert gatehouse.sessions.open_sessions() == []
    assert gatehouse.sessions.end("1") is False
    assert gatehouse.sessions.end_all("https://id.example", "sam") == 0


def test_before_the_gate_is_open_nobody_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "_instance", None)
    with pytest.raises(PermissionError):
        administration.current()
