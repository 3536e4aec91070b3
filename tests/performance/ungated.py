"""Start the app as `python -m gatehouse.serve` does, but for the gate: run inside the app's image.

Everything else is the product's own: options, st.App, health route, uvicorn. The gate's modules are not even imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import ClassVar

from starlette.middleware import Middleware
from starlette.routing import Route

from gatehouse import logs, serve


class NoGate:
    """What gatehouse.asgi takes of a gate, empty."""

    routes: ClassVar[list[Route]] = []
    # Starlette calls it with what is behind it: no layer is added.
    middleware = Middleware(lambda app: app)

    def __init__(self, *_: object) -> None:
        pass

    def standing(self) -> dict[str, object]:
        return {"status": "ok"}

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        yield


stand_in = ModuleType("gatehouse.gate.gate")
stand_in.Gate = NoGate  # type: ignore[attr-defined]
sys.modules[stand_in.__name__] = stand_in

os.umask(0o077)
serve.prepare()
logs.configure()
serve._serve()  # noqa: SLF001
