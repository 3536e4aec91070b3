"""Pools of connections to Postgres: bounded, checked, and without memory of who used them before."""

from __future__ import annotations

import atexit
import select
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias
from weakref import WeakSet

from psycopg import Connection, Error, OperationalError
from psycopg.errors import FeatureNotSupported, InFailedSqlTransaction
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import ConnectionPool

Pool: TypeAlias = ConnectionPool[Connection[TupleRow]]

# What a session keeps beyond its transaction. Not DISCARD ALL: prepared statements are the only thing worth keeping.
_RESET = (
    b"; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP;"
    b" SELECT pg_advisory_unlock_all()"
)

_ANSWER_SECONDS = 3.0

_opened: WeakSet[Pool] = WeakSet()


def open_pool(parameters: Callable[[], Mapping[str, Any]], name: str) -> Pool:
    """Return a new pool that opens by itself; this does not wait for the database. Use it through `transaction`.

    Args:
        parameters: libpq's, asked anew for each connection, so that a rotated password needs no restart.
        name: for its threads and logs.
    """
    opened: Pool = ConnectionPool(
        # Transactions are begun and ended by `transaction`, each in one message to the server.
        kwargs=lambda: {**parameters(), "autocommit": True, "client_encoding": "UTF8"},
        min_size=1,
        # Half of what the login may have (deploy/postgres/roles.sql): room for a second container in a deployment.
        max_size=10,
        max_waiting=50,  # beyond, callers fail at once instead of queueing for a database that can't keep up
        timeout=5,
        max_lifetime=1800,
        max_idle=300,
        reconnect_timeout=60,
        check=_check,
        name=name,
        open=False,
    )
    opened.open()
    _opened.add(opened)
    return opened


@atexit.register
def _close_all() -> None:
    for opened in list(_opened):
        opened.close()


@contextmanager
def transaction(opened: Pool, begin: bytes = b"BEGIN") -> Iterator[Connection[TupleRow]]:
    """Lend a connection in a transaction: committed at the end, rolled back if anything is raised.

    Args:
        opened: the pool.
        begin: one or more statements, of which the first begins the transaction.

    Raises:
        psycopg.OperationalError: a PoolTimeout when the database gives no connection within 5 s.
        psycopg.errors.InFailedSqlTransaction: if an error of a statement was caught inside: nothing is committed.
    """
    connection = opened.getconn()
    try:
        connection.execute(begin)
        yield connection
        _commit(connection)
    except FeatureNotSupported:
        # Such as a prepared statement whose table a migration has changed: it would fail on this connection for ever.
        connection.close()
        raise
    except BaseException:
        _roll_back(connection)
        raise
    finally:
        _forget(connection)
        opened.putconn(connection)


def _commit(connection: Connection[TupleRow]) -> None:
    # Postgres would answer COMMIT with a rollback, and no error.
    if connection.pgconn.transaction_status == TransactionStatus.INERROR:
        raise InFailedSqlTransaction("a statement of the transaction failed, so nothing of it was committed")
    connection.execute(b"COMMIT" + _RESET)


def _roll_back(connection: Connection[TupleRow]) -> None:
    try:
        # What the server has not answered yet, as after an interrupt, can't be waited for.
        if connection.pgconn.transaction_status != TransactionStatus.ACTIVE:
            connection.execute(b"ROLLBACK" + _RESET)
            return
    except Error:
        pass
    connection.close()


def _forget(connection: Connection[TupleRow]) -> None:
    """Nothing of one viewer's may reach the next; the server's side of it is reset by now."""
    connection.row_factory = tuple_row
    changed = connection.isolation_level, connection.read_only, connection.deferrable
    if not connection.autocommit or changed != (None, None, None):
        connection.close()


def _check(connection: Connection[TupleRow]) -> None:
    """Ask for an answer, and close the connection if none comes in time.

    The pool's own check waits for ever on a server that is frozen rather than gone. This is libpq's asynchronous way,
    https://www.postgresql.org/docs/17/libpq-async.html, with an empty query.
    """
    libpq = connection.pgconn
    libpq.send_query(b"")
    readable = select.poll()
    readable.register(libpq.socket, select.POLLIN)
    deadline = time.monotonic() + _ANSWER_SECONDS
    while libpq.is_busy():
        if not readable.poll(max(0.0, deadline - time.monotonic()) * 1000):
            connection.close()
            raise OperationalError(f"no answer from the database within {_ANSWER_SECONDS:.0f} s")
        libpq.consume_input()
    while result := libpq.get_result():
        if result.status != ExecStatus.EMPTY_QUERY:
            raise OperationalError("the database ended the connection")
