"""`st.connection("postgres", type=gatehouse.PostgresConnection)`: Postgres, asked on behalf of whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import pandas as pd
import psycopg
import streamlit as st
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow, dict_row, tuple_row
from streamlit.connections import BaseConnection

from gatehouse.data.asker import NOBODY, Asker, asker
from gatehouse.data.connection import app_parameters
from gatehouse.data.connection_table import table_parameters
from gatehouse.data.cursor import Cursor, Parameters, ServerCursor, Statement, text_of
from gatehouse.data.faults import explained
from gatehouse.data.frame import frame
from gatehouse.data.pool import Pool, open_pool, transaction
from gatehouse.identity import behind_gate

PLATFORM = "postgres"
"""The connection that the platform provides behind the gate; any other name is the author's."""

_CACHED_BYTES = "64mb"
"""For all results of one ttl, pickled; beyond, those unused for longest go."""


class _Question(NamedTuple):
    sql: LiteralString
    params: Parameters
    who: Asker
    connection: UUID


class PostgresConnection(BaseConnection[Pool]):
    """A pool of connections whose every transaction first tells Postgres who asks, for row-level security.

    Transaction-local settings `gatehouse.issuer`, `gatehouse.subject` and `gatehouse.roles` (a JSON array) describe the
    viewer. They are empty outside a script, and with `shared=True`.

    SQL has `:name` placeholders and is text from the source (LiteralString: an f-string does not pass the type checker)
    or composed by `psycopg.sql`. All methods raise PlaceholderError (a ValueError) for parameters that do not fit,
    DatabaseAway for a database that does not answer, else psycopg's errors, without SQL or row values in their text.
    """

    def query(
        self,
        sql: Statement,
        params: Parameters | None = None,
        *,
        ttl: float | timedelta | str | None = None,
        shared: bool = False,
        show_spinner: bool | str = False,
    ) -> pd.DataFrame:
        """Return the rows that the viewer may see, in a transaction that can't write.

        Args:
            sql: a statement that returns rows.
            params: a value for each `:name`.
            ttl: how long the result is kept for this viewer: seconds, a timedelta or "10m". Nothing is kept without
                one, where Streamlit's own connection keeps it for ever.
            shared: ask as nobody, and keep the result for all viewers.
            show_spinner: shown while the database is asked; a text replaces Streamlit's.
        """
        who = NOBODY if shared else asker()
        question = _Question(text_of(sql), dict(params or {}), who, self._connection_instance_id)
        if ttl:
            return _cached(self._connection_name, ttl, show_spinner)(question, self._ask)
        if not show_spinner:
            return self._ask(question)
        with st.spinner(show_spinner) if isinstance(show_spinner, str) else st.spinner():
            return self._ask(question)

    def execute(self, sql: Statement, params: Parameters | None = None) -> int:
        """Run one statement in a transaction of its own and return the number of rows that it changed."""
        with self.transaction() as cursor:
            return cursor.execute(sql, params).rowcount

    @contextmanager
    def transaction(self) -> Iterator[Cursor[DictRow]]:
        """Open a transaction and give a cursor whose rows are dicts.

        Committed at the end; rolled back by an exception, and by st.stop() and st.rerun().
        """
        with self._begun(asker(), read_only=False) as connection, Cursor(connection, row_factory=dict_row) as cursor:
            yield cursor

    def batches(
        self, sql: Statement, params: Parameters | None = None, *, size: int = 10_000
    ) -> Iterator[pd.DataFrame]:
        """Return the rows that the viewer may see, `size` at a time; only one batch is in memory.

        A connection is in use until the last one is taken: do not wait for a user in between.
        """
        if size < 1:
            raise ValueError(f"size={size}: is not a number of rows; make it 1 or more")
        return self._batches(asker(), sql, params, size)

    def reset(self) -> None:
        """Close all connections; the next call opens new ones."""
        opened, self._raw_instance = self._raw_instance, None
        if opened is not None:
            opened.close()

    def close(self) -> None:
        """Streamlit calls this when it lets go of the connection. A script that still holds it may go on."""
        self.reset()

    def _connect(self, **unknown: Any) -> Pool:  # noqa: ANN401 -- st.connection hands over what it is given
        if unknown:
            raise TypeError(f"st.connection: PostgresConnection takes no {next(iter(unknown))}; see docs/author.md")
        self._parameters()  # what is wrong with them is told now, to the author
        return open_pool(self._parameters, self._connection_name)

    def _parameters(self) -> dict[str, Any]:
        if behind_gate() and self._connection_name == PLATFORM:
            return app_parameters()
        return table_parameters(self._connection_name, self._secrets.to_dict())

    @contextmanager
    def _begun(self, who: Asker, *, read_only: bool) -> Iterator[Connection[TupleRow]]:
        with explained(), transaction(self._instance, who.begin(read_only=read_only)) as connection:
            yield connection

    def _batches(self, who: Asker, sql: Statement, params: Parameters | None, size: int) -> Iterator[pd.DataFrame]:
        with self._begun(who, read_only=True) as connection, ServerCursor(connection, "gatehouse") as cursor:
            columns = cursor.execute(sql, params).description or []
            while rows := cursor.fetchmany(size):
                yield frame(columns, rows)

    def _ask(self, question: _Question) -> pd.DataFrame:
        with self._begun(question.who, read_only=True) as connection:
            cursor = Cursor(connection, row_factory=tuple_row).execute(question.sql, question.params)
            columns = cursor.description
            if columns is None:
                raise psycopg.ProgrammingError("query() is for SQL that returns rows; use execute()")
            return frame(columns, cursor.fetchall())


@lru_cache(maxsize=64)
def _cached(name: str, ttl: float | timedelta | str, show_spinner: bool | str) -> Callable[..., pd.DataFrame]:  # noqa: FBT001
    # The question is the whole key: what begins with an underscore is no part of it.
    def query(question: _Question, _ask: Callable[[_Question], pd.DataFrame]) -> pd.DataFrame:
        return _ask(question)

    # Streamlit keeps one cache for each name of a function, and empties it when it is given another ttl.
    query.__qualname__ = f"query_{name}_{ttl!r}_{show_spinner!r}".replace(".", "_")
    return st.cache_data(ttl=ttl, show_spinner=show_spinner, max_size=_CACHED_BYTES)(query)
