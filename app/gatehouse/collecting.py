"""When garbage is collected: not after each run of a script, which can cost more than the run, but when it matters.

Each run leaves a module whose functions refer to it, and so to all its data: a cycle, which Python finds by itself only
once there are many objects, however large these are. So Streamlit collects after each run (`runner.postScriptGC`,
script_runner.py in 1.67). Here it is done once memory has grown, or a minute has passed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import time
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

GROWN_BYTES = 32 * 1024 * 1024
"""So much more memory than after the last collection, and there is one."""

LATEST_SECONDS = 60.0
"""So long after the last one there is one in any case, if a script has run."""

_STATUS_BYTES = 64
"""A script's end is told in 44 bytes; elements take more. To look at all that is as small costs less than to parse."""

_PAGE = resource.getpagesize()


class Collecting:
    """ASGI middleware that sees when scripts end and tabs go, and collects garbage then if it is time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._before = self._resident()
        self._at = time.monotonic()
        self._due = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `scope`; only websockets have scripts behind them."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return

        def watched(message: Message) -> Awaitable[None]:
            if (data := message.get("bytes")) and len(data) <= _STATUS_BYTES:
                self._look()
            return send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._look()

    def _look(self) -> None:
        grown = self._resident() - self._before >= GROWN_BYTES
        if not self._due and (grown or time.monotonic() - self._at >= LATEST_SECONDS):
            self._due = True
            # After the message that is on its way now.
            asyncio.get_running_loop().call_soon(self._collect)

    def _collect(self) -> None:
        gc.collect()
        self._before, self._at, self._due = self._resident(), time.monotonic(), False

    def _resident(self) -> int:
        """Bytes in memory: some 2 µs, since the file is open already (proc_pid_statm(5))."""
        return int(os.pread(self._statm, 64, 0).split()[1]) * _PAGE
