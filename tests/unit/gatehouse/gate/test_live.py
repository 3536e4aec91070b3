"""Tabs of a version that is replaced."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from gatehouse.gate.live import Live

pytestmark = pytest.mark.anyio


class Tab:
    """Notes when it is moved."""

    def __init__(self, happened: list[str]) -> None:
        self.session: Any = SimpleNamespace(id=uuid4())
        self._happened = happened

    async def move(self) -> None:
        self._happened.append("moved")


async def test_tabs_are_moved_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []

    async def pause(_: float) -> None:
        happened.append("waited")

    monkeypatch.setattr("gatehouse.gate.live.asyncio.sleep", pause)
    live = Live(cast("Any", None), cast("Any", None), 10)
    for _ in range(3):
        live.register(cast("Any", Tab(happened)))
    await live.move()
    assert happened == ["moved", "waited"] * 3
