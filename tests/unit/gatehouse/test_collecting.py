from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from gatehouse import collecting
from gatehouse.collecting import Collecting

pytestmark = pytest.mark.anyio

MUCH = 2 * collecting.GROWN_BYTES


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Cycle:
    """What a run leaves: garbage that only a collection finds."""

    def __init__(self, size: int) -> None:
        self.data = b"x" * size
        self.itself = self


def finished() -> bytes:
    return bytes(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY).SerializeToString())


def element() -> bytes:
    message = ForwardMsg()
    message.delta.new_element.text.body = "x" * 100
    return bytes(message.SerializeToString())


async def left_after(data: bytes, size: int, *, old: bool) -> bool:
    """Whether a cycle of `size` bytes is still there once a script has left it and sent `data`."""

    async def script(_scope: Scope, _receive: Receive, send: Send) -> None:
        cycle = Cycle(size)
        if old:
            gc.collect()
        gone = weakref.ref(cycle)
        del cycle
        await send({"type": "websocket.send", "bytes": data})
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


async def test_what_a_run_leaves_goes_with_it() -> None:
    assert not await left_after(finished(), 1000, old=False)


async def test_what_has_grown_old_goes_once_memory_has_grown() -> None:
    assert not await left_after(finished(), MUCH, old=True)


async def test_little_that_is_old_does_not_cost_a_full_collection() -> None:
    assert await left_after(finished(), 1000, old=True)


async def test_little_that_is_old_goes_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "LATEST_SECONDS", 0.0)
    assert not await left_after(finished(), 1000, old=True)


@pytest.mark.parametrize("data", [element(), b"\xff" * 10, b""])
async def test_while_a_run_goes_on_nothing_is_collected(data: bytes) -> None:
    assert await left_after(data, MUCH, old=False)
