"""What a database error says: that the database is away, or Postgres's own sentence, but neither SQL nor row values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

# A connection that broke, a server that stops or starts, one that has no connection left.
_AWAY = ("08", "57P", "53300")


class DatabaseAway(psycopg.OperationalError):
    """The database does not answer, or has no connection left. The next call tries anew."""


@contextmanager
def explained() -> Iterator[None]:
    """Raise DatabaseAway for a database that is away, and psycopg's other errors with one sentence as their text."""
    try:
        yield
    except DatabaseAway:
        raise
    except psycopg.Error as error:
        # Those that have no code are psycopg's and its pool's own: no connection, none free, closed.
        code = error.sqlstate or ""
        if isinstance(error, psycopg.OperationalError) and (not code or code.startswith(_AWAY)):
            raise DatabaseAway("the database does not answer; try again in a minute") from error
        if error.diag.message_primary:
            # Postgres's text goes on with the SQL (LINE 1: …) and with values of the row (DETAIL: …).
            error.args = (error.diag.message_primary,)
        raise
