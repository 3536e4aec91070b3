"""Messages that are not complete: bounded for one websocket, and for all together."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gatehouse.gate.unfinished import BoundedWebSocket

pytestmark = pytest.mark.anyio

KIB = 1024
LARGEST = 1024 * KIB


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def echo(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- ASGI's
    """Send each message's length back."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": str(len(message["bytes"]))})


@asynccontextmanager
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """uvicorn with room for two of the largest messages, unfinished."""
    monkeypatch.setattr(BoundedWebSocket, "budget", 2 * LARGEST)
    config = uvicorn.Config(echo, ws=BoundedWebSocket, ws_max_size=LARGEST, lifespan="off", log_level="warning")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = uvicorn.Server(config)
        task = asyncio.create_task(running.serve([listening]))
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            await task


async def begin(websocket: ClientConnection, declared: int, sent: int, *, fin: bool = True) -> None:
    """Send a binary frame's header and the first bytes of it, under a mask of zeros."""
    head = struct.pack("!BBQ", 0x82 if fin else 0x02, 0x80 | 127, declared) + bytes(4)
    websocket.transport.write(head + b"x" * sent)
    await asyncio.sleep(0)


async def closed(websocket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(5):
            await websocket.recv()
    assert websocket.close_code is not None
    return websocket.close_code


async def counted(websockets: int) -> None:
    async with asyncio.timeout(5):
        while len(BoundedWebSocket.unfinished) != websockets:  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(0.01)


async def test_too_large_a_message_is_refused_by_its_header_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(monkeypatch) as url, connect(url) as websocket:
        await begin(websocket, LARGEST + 1, 0)
        assert await closed(websocket) == 1009


async def test_pieces_of_a_message_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(monkeypatch) as url, connect(url) as websocket:
        await begin(websocket, LARGEST - 10, LARGEST - 10, fin=False)
        head = struct.pack("!BBQ", 0x80, 0x80 | 127, 100 * KIB) + bytes(4)
        websocket.transport.write(head)
        assert await closed(websocket) == 1009


async def test_all_websockets_share_one_budget_and_the_one_with_most_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        server(monkeypatch) as url,
        connect(url) as honest,
        connect(url) as first,
        connect(url) as second,
        connect(url) as third,
    ):
        await begin(first, LARGEST, LARGEST - 10 * KIB)
        await begin(second, LARGEST, 900 * KIB)
        await begin(third, LARGEST, 800 * KIB)
        assert await closed(first) == 1013
        await honest.send(b"x" * 150 * KIB)
        assert await honest.recv() == str(150 * KIB)
        # The other two are let finish.
        for websocket, sent in ((second, 900 * KIB), (third, 800 * KIB)):
            websocket.transport.write(b"x" * (LARGEST - sent))
            assert await websocket.recv() == str(LARGEST)
        assert BoundedWebSocket.unfinished == {}


async def test_what_is_gone_counts_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(monkeypatch) as url:
        for _ in range(5):
            async with connect(url) as websocket:
                await begin(websocket, LARGEST, LARGEST - 10)
                await counted(1)
                websocket.transport.abort()
            await counted(0)
