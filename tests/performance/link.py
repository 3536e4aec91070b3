"""A slow link: all connections of a browser to one server share its bandwidth, and each byte takes its time.

In user space, on another loopback address. Chromium's own throttling delays requests and not connections, so it knows
nothing of what TLS and HTTP/2 do with a round trip; the kernel's (netem) takes privileges, and a module that many
hosts lack. What this leaves out is TCP's slow start and loss, which would cost whoever sends more bytes more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK = 8192


class Link:
    """`down`: bytes that came from the server so far."""

    def __init__(self, server: tuple[str, int], rate: float, round_trip: float) -> None:
        """Args: server: its address. rate: bits a second, each way. round_trip: seconds."""
        self.down = 0
        self._server, self._rate, self._delay = server, rate / 8, round_trip / 2
        self._free = {"up": 0.0, "down": 0.0}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        there = await asyncio.open_connection(*self._server)
        # TCP's handshake is a round trip before the first byte.
        await asyncio.gather(
            self._carry(reader, there[1], "up", first=2 * self._delay), self._carry(there[0], writer, "down")
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str, *, first: float = 0
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(_CHUNK):
                if way == "down":
                    self.down += len(data)
                sent = max(loop.time() + first, self._free[way]) + len(data) / self._rate
                first, self._free[way] = 0, sent
                loop.call_at(sent + self._delay, _write, writer, data)
                await asyncio.sleep(sent - loop.time())
        except OSError:
            pass  # the browser has let go
        loop.call_at(max(loop.time(), self._free[way]) + self._delay, writer.close)


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


@contextmanager
def slow_link(address: tuple[str, int], server: tuple[str, int], *, rate: float, round_trip: float) -> Iterator[Link]:
    """Listen at `address` for what is meant for `server`."""
    link = Link(server, rate, round_trip)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(link.serve, *address), loop).result(5)
        yield link
        asyncio.run_coroutine_threadsafe(_close(listening), loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


async def _close(listening: asyncio.Server) -> None:
    listening.close()
    connections = asyncio.all_tasks() - {task for task in [asyncio.current_task()] if task}
    for connection in connections:
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)
