"""When garbage is collected: all of it not after each run of a script, which can cost more than the run.

Each run leaves cycles that only a collection finds: its module, whose functions refer to it and so to all its data,
and each connection that `st.connection("x", type="sql")` took from SQLAlchemy's pool. So Streamlit collects everything
after each run (`runner.postScriptGC`, script_runner.py in 1.67). Here a run is followed by a collection of what is
young, and by one of everything once memory has grown or some time has passed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import time
from collections.abc import Awaitable

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

GROWN_BYTES = 32 * 1024 * 1024
"""So much more memory than after the last full collection, and there is one."""

LATEST_SECONDS = 10.0
"""So long after the last one there is one in any case, if a script has run."""

_YOUNG = 1
"""Generations 0 and 1: what has survived one collection at most (https://docs.python.org/3.13/library/gc.html)."""

_FINISHED_BYTES = 64
"""A script's end is told in 44 bytes; larger messages are not looked into."""

_PAGE = resource.getpagesize()


class Collecting:
    """ASGI middleware that sees when scripts end and tabs go, and collects garbage then."""

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
            if (data := message.get("bytes")) and len(data) <= _FINISHED_BYTES and _says_finished(data):
                self._soon()
            return send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._soon()

    def _soon(self) -> None:
        """Collect after the message that is on its way now."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._collect)

    def _collect(self) -> None:
        self._due = False
        if self._resident() - self._before < GROWN_BYTES and time.monotonic() - self._at < LATEST_SECONDS:
            gc.collect(_YOUNG)
            return
        gc.collect()
        self._before, self._at = self._resident(), time.monotonic()

    def _resident(self) -> int:
        """Bytes in memory: some 2 µs, since the file is open already (proc_pid_statm(5))."""
        return int(os.pread(self._statm, 64, 0).split()[1]) * _PAGE


def _says_finished(data: bytes) -> bool:
    message = ForwardMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False
    return bool(message.WhichOneof("type") == "script_finished")
