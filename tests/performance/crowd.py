"""Many open tabs at once, from one event loop."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import quantiles
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from performance.load import offer
from performance.page import Page, finished
from performance.ways import Way


@dataclass(frozen=True)
class Pace:
    """What tabs saw. `times`: seconds from a click to the script's end."""

    seconds: float
    times: list[float]

    @property
    def rate(self) -> float:
        """Reruns a second, of all tabs together."""
        return len(self.times) / self.seconds

    def percentile(self, percent: int) -> float:
        """Seconds within which so many percent of the reruns ended."""
        return quantiles(self.times, n=100, method="inclusive")[percent - 1] if len(self.times) > 1 else self.times[0]


class Tab:
    """One of them."""

    def __init__(self, websocket: ClientConnection, page: Page) -> None:
        self._websocket, self._page = websocket, page

    async def open(self) -> float:
        """Run the script for the first time; returns seconds."""
        return await self._run(first=True)

    async def rerun(self) -> float:
        """Move the slider, and wait for the script's end; returns seconds."""
        return await self._run(first=False)

    async def _run(self, *, first: bool) -> float:
        start = time.monotonic()
        await self._websocket.send(self._page.run())
        while True:
            data = await self._websocket.recv(decode=False)
            if first:
                self._page.look(data)
            if finished(data):
                return time.monotonic() - start


class Crowd:
    """Tabs that come by these ways, each in turn. Use as an asynchronous context manager; `grow` opens them."""

    def __init__(self, *ways: Way) -> None:
        self._ways = ways
        self._stack = AsyncExitStack()
        self.tabs: list[Tab] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        await self._stack.aclose()

    async def grow(self, count: int, at_once: int = 20) -> Pace:
        """Open tabs and have each run its script, until there are so many."""
        start, first = time.monotonic(), len(self.tabs)
        room = asyncio.Semaphore(at_once)

        async def one(number: int) -> float:
            async with room:
                return await self._open(self._ways[number % len(self._ways)])

        times = await asyncio.gather(*(one(number) for number in range(first, count)))
        return Pace(time.monotonic() - start, times)

    async def busy(self, seconds: float, tabs: int | None = None) -> Pace:
        """Have so many of the tabs, or all, rerun without a pause for so long."""
        start = time.monotonic()

        async def one(tab: Tab) -> list[float]:
            times = []
            while time.monotonic() - start < seconds:
                times.append(await tab.rerun())
            return times

        found = await asyncio.gather(*(one(tab) for tab in self.tabs[:tabs]))
        return Pace(time.monotonic() - start, [moment for times in found for moment in times])

    async def held(self, seconds: float, every: float, tabs: int) -> Pace:
        """Have so many of the tabs rerun every so many seconds, spread evenly, for so long.

        Each time counts from when the rerun was due: what waits for a slower one before it has waited, too.
        """
        start = time.monotonic()
        end = start + seconds

        async def one(number: int, tab: Tab) -> list[float]:
            due, times = start + every * number / tabs, []
            while due < end:
                now = time.monotonic()
                if now > end + every:  # hopelessly late: what is still due is not asked for
                    times.append(now - due)
                else:
                    await asyncio.sleep(max(0.0, due - now))
                    await tab.rerun()
                    times.append(time.monotonic() - due)
                due += every
            return times

        found = await asyncio.gather(*(one(number, tab) for number, tab in enumerate(self.tabs[:tabs])))
        return Pace(time.monotonic() - start, [moment for times in found for moment in times])

    async def _open(self, way: Way) -> float:
        start = time.monotonic()
        raw = socket.create_connection(way.address, timeout=20)
        raw.setblocking(False)  # noqa: FBT003 -- its only form
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        origin = f"https://{way.host}"
        subprotocols, headers = offer(way.cookies)
        websocket = await self._stack.enter_async_context(
            connect(
                f"{'wss' if way.tls else 'ws'}://{way.host}/_stcore/stream",
                sock=raw,
                origin=Origin(origin),
                subprotocols=subprotocols,
                additional_headers=headers,
                compression=None,
                max_size=None,
                open_timeout=60,
                close_timeout=1,
                ping_interval=None,
                proxy=None,
                ssl=way.tls,
                server_hostname=way.host.partition(":")[0] if way.tls else None,
            )
        )
        tab = Tab(websocket, Page(origin, way.page))
        await tab.open()
        self.tabs.append(tab)
        return time.monotonic() - start
