"""Start the app as `python -m gatehouse.serve` does, with a second port whose requests go past the gate.

One process, one Streamlit: what differs between the two ports is the gate alone, and not how two processes of the same
program came to lie in memory, which is worth up to some percent.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import uvicorn

from gatehouse import logs, serve
from gatehouse.gate.wall import Wall

PORTS = (8501, 8502)

through = Wall.__call__


async def either(self: Wall, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has them
    """Take the first port's requests through the gate."""
    if scope["type"] == "lifespan" or scope["server"][1] == PORTS[0]:
        await through(self, scope, receive, send)
    else:
        await self._app(scope, receive, send)


def bound(port: int) -> socket.socket:
    """A socket as uvicorn binds one by itself."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("0.0.0.0", port))
    return made


Wall.__call__ = either  # type: ignore[method-assign]
run = uvicorn.Server.run
uvicorn.Server.run = lambda self, sockets=None: run(self, [bound(port) for port in PORTS])  # type: ignore[method-assign]

os.umask(0o077)
serve.prepare()
logs.configure()
serve._serve()  # noqa: SLF001
