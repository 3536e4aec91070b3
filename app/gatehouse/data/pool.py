"""The app's connections to its database: one pool in a process."""

from __future__ import annotations

import atexit
import time
from selectors import EVENT_READ, DefaultSelector
from threading import Lock
from typing import TypeAlias

from psycopg import Connection, OperationalError
from psycopg.pq import ExecStatus
from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import ConnectionPool

from gatehouse.data.connection import parameters

Pool: TypeAlias = ConnectionPool[Connection[TupleRow]]

# What a session keeps beyond its transaction. Not DISCARD ALL: prepared statements are the only thing worth keeping.
_RESET = "RESET ALL; CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all()"

_ANSWER_SECONDS = 3.0

_lock = Lock()
_pool: Pool | None = None


def pool() -> Pool:
    """Return the process's pool, opened at the first call, which does not wait for the database.

    `with pool().connection() as connection:` is a transaction: committed at the end, rolled back by an exception. It
    raises psycopg_pool.PoolTimeout, an OperationalError, when the database gives no connection within 5 s.
    """
    global _pool  # noqa: PLW0603 -- one in a process is the purpose
    with _lock:
        if _pool is None:
            _pool = _open()
        return _pool


def _open() -> Pool:
    opened: Pool = ConnectionPool(
        # Called for each new connection, so that a rotated password needs no restart.
        kwargs=lambda: parameters("app_a", "app_a_password"),
        min_size=1,
        # Half of what the login may have (deploy/postgres/roles.sql): room for a second container in a deployment.
        max_size=10,
        max_waiting=50,  # beyond, callers fail at once instead of queueing for a database that can't keep up
        timeout=5,
        max_lifetime=1800,
        max_idle=300,
        reconnect_timeout=60,
        check=_check,
        reset=_reset,
        name="app",
        open=False,
    )
    opened.open()
    atexit.register(opened.close)
    return opened


def _check(connection: Connection[TupleRow]) -> None:
    """Ask for an answer, and close the connection if none comes in time.

    The pool's own check waits for ever on a server that is frozen rather than gone. This is libpq's asynchronous way,
    https://www.postgresql.org/docs/17/libpq-async.html, with an empty query.
    """
    libpq = connection.pgconn
    libpq.send_query(b"")
    with DefaultSelector() as selector:
        selector.register(libpq.socket, EVENT_READ)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while libpq.is_busy():
            if not selector.select(deadline - time.monotonic()):
                connection.close()
                raise OperationalError(f"no answer from the database within {_ANSWER_SECONDS:.0f} s")
            libpq.consume_input()
    while result := libpq.get_result():
        if result.status != ExecStatus.EMPTY_QUERY:
            raise OperationalError("the database ended the connection")


def _reset(connection: Connection[TupleRow]) -> None:
    """Return a connection to the state of a new one: nothing of one viewer's may reach the next."""
    connection.autocommit = True
    connection.execute(_RESET)
    connection.autocommit = False
    connection.isolation_level = connection.read_only = connection.deferrable = None
    connection.row_factory = tuple_row
