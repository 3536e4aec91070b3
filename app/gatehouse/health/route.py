"""GET /healthz: 200 when this process can serve a user, 503 with the name of the part that cannot."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import runtime

from gatehouse.data.connection import parameters
from gatehouse.settings import SecretError, settings

_DATABASE_SECONDS = 2.0
# nginx asks each second, and a new connection takes 5 ms of CPU here, as much as all else of an idle app.
_GOOD_FOR_SECONDS = 5.0

_log = logging.getLogger(__name__)
_last_fault: str | None = None
_asked_at = float("-inf")
_database_said: str | None = None

# Set when the process is told to stop, so that a balancer looking at it sends nobody here any more.
stopping = threading.Event()


async def _database_fault() -> str | None:
    global _asked_at, _database_said
    if time.monotonic() - _asked_at >= _GOOD_FOR_SECONDS:
        said = await _connection_fault()
        # Only now: whoever asks meanwhile must not be told what was never asked.
        _asked_at, _database_said = time.monotonic(), said
    return _database_said


async def _connection_fault() -> str | None:
    """Open a connection as the app's role. A kept one would hide a changed password or certificate."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            connection = await psycopg.AsyncConnection.connect(
                **parameters("app_a", "app_a_password") | {"application_name": f"{settings().app_name} health"},
                autocommit=True,
            )
            async with connection:
                await connection.execute("SELECT 1")
    except TimeoutError:
        return f"no answer within {_DATABASE_SECONDS:.0f} seconds"
    except (psycopg.Error, SecretError) as error:
        return str(error).partition("\n")[0]
    return None


async def _fault() -> tuple[str, str] | None:
    """Return what keeps this process from serving as (part, reason), or None."""
    if stopping.is_set():
        return "process", "it is stopping"
    if not runtime.exists() or not (await runtime.get_instance().is_ready_for_browser_connection)[0]:
        return "runtime", "Streamlit's runtime is not up"
    if reason := await _database_fault():
        return "database", reason
    return None


async def _healthz(standing: Callable[[], dict[str, object]]) -> JSONResponse:
    global _last_fault  # noqa: PLW0603 - one process, one state; only to log each change once
    fault = await _fault()
    part = fault[0] if fault else None
    if part != _last_fault:
        if fault:
            _log.warning("not healthy: %s: %s", *fault)
        else:
            _log.info("healthy again")
        _last_fault = part
    headers = {"Cache-Control": "no-store"}
    if part:
        return JSONResponse({"status": "unavailable", "part": part}, status_code=503, headers=headers)
    # One that waits for its turn or drains is well, too: nginx reads the word (nginx/replicas.sh).
    return JSONResponse(standing(), headers=headers)


def route(standing: Callable[[], dict[str, object]]) -> Route:
    """Return the route. `standing`: what a process says that is well."""

    async def endpoint(_request: Request) -> JSONResponse:
        return await _healthz(standing)

    return Route("/healthz", endpoint, methods=["GET", "HEAD"])
