"""The gate's own way to Postgres: few connections, short waits, and one exception when it does not answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeAlias

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from gatehouse.data.connection import parameters
from gatehouse.gate.request_id import application_name
from gatehouse.settings import settings

Connection: TypeAlias = AsyncConnection[DictRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

CHANNEL = "gate"

_WAIT = 2.0  # seconds to get a connection
_CHECK = 1.0  # seconds for a connection to prove itself
_WORK = 4.0  # seconds for all of one checkout, below the login's statement_timeout of 5 s


class Unavailable(Exception):  # noqa: N818 -- a state, told as one
    """The database does not answer. Whoever asked is not let in: 503."""


class Refused(Exception):  # noqa: N818 -- an answer, not an error
    """A sign-in that must not become a session.

    `reason`: "used" (its attempt was used before), "logged-out" (a back-channel logout overtook it), "claims" (what the
    provider says can't be stored: a zero byte, half a surrogate, NaN).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def login() -> dict[str, Any]:
    """Return how login `gate` connects, its password as it is now. Raises SecretError."""
    return {**parameters("gate", "gate_password"), "connect_timeout": 2, "autocommit": True, "row_factory": dict_row}


async def open_pool() -> Pool:
    """Open the gate's pool on the running loop, without waiting for the database. `await pool.close()` ends it."""
    pool: Pool = AsyncConnectionPool(
        connection_class=AsyncConnection[DictRow],
        # Called for each new connection, so that a rotated password needs no restart.
        kwargs=login,
        min_size=1,
        max_size=3,
        timeout=_WAIT,
        max_lifetime=1800,
        max_idle=300,
        reconnect_timeout=60,
        check=_check,
        name="gate",
        open=False,
    )
    await pool.open()
    return pool


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """A connection for one short piece of work; each statement is its own transaction unless one is begun.

    Raises:
        Unavailable: if none is free within 2 s, or if the work fails or takes longer than 4 s.
        Refused: with reason "claims", if a value can't be stored.
    """
    try:
        async with pool.connection() as connection:
            with deadline(connection, _WORK):
                yield connection
    except (psycopg.DataError, UnicodeError):
        raise Refused("claims") from None
    except (psycopg.Error, OSError) as error:
        # Its text may quote a row.
        code = getattr(error, "sqlstate", None)
        raise Unavailable(f"{type(error).__name__}{f' {code}' if code else ''}") from None


@contextmanager
def deadline(connection: AsyncConnection[Any], seconds: float) -> Iterator[None]:
    """Cut the connection if the block takes longer, so that a server that is frozen rather than gone fails it.

    Cancelling would not do: psycopg then asks the server to stop, and waits for its answer.
    """
    timer = asyncio.get_running_loop().call_later(seconds, _cut, connection)
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: AsyncConnection[Any]) -> None:
    # The descriptor stays libpq's: it sees the end of the stream, and closes it by itself.
    with suppress(psycopg.Error, OSError):
        duplicate = socket.fromfd(connection.pgconn.socket, socket.AF_UNSPEC, socket.SOCK_STREAM)
        with duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)


async def _check(connection: Connection) -> None:
    # For whom it works now: Postgres' log has the id of the request.
    name = sql.SQL("SET application_name = {}").format(application_name(settings().app_name))
    with deadline(connection, _CHECK):
        await connection.execute(name)
