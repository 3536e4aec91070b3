from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from starlette.types import Message, Receive, Scope, Send

from gatehouse import collecting
from gatehouse.collecting import Collecting

pytestmark = pytest.mark.anyio

END: Message = {"type": "websocket.send", "bytes": b"x" * 44}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Cycle:
    """What a run leaves: garbage that only a collection finds."""

    def __init__(self, size: int) -> None:
        self.data = b"x" * size
        self.itself = self


async def left_after(message: Message, size: int) -> bool:
    """Whether a cycle of `size` bytes is still there once a script has left it and sent `message`."""
    gone: weakref.ref[Cycle]

    async def script(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal gone
        gone = weakref.ref(Cycle(size))
        await send(message)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        found.append(gone() is not None)

    async def send(_message: Message) -> None:
        pass

    async def receive() -> Message:
        raise AssertionError

    found: list[bool] = []
    gc.collect()
    gc.disable()
    try:
        await Collecting(script)({"type": "websocket"}, receive, send)
    finally:
        gc.enable()
    return found[0]


async def test_what_a_run_leaves_is_collected_once_memory_has_grown() -> None:
    assert not await left_after(END, 2 * collecting.GROWN_BYTES)


async def test_little_garbage_does_not_cost_a_collection() -> None:
    assert await left_after(END, 1000)


async def test_little_garbage_is_collected_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "LATEST_SECONDS", 0.0)
    assert not await left_after(END, 1000)


async def test_the_messages_of_a_run_are_not_looked_at() -> None:
    assert await left_after({"type": "websocket.send", "bytes": b"x" * 65}, 2 * collecting.GROWN_BYTES)
