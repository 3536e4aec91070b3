"""psycopg's cursors with `:name` placeholders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, LiteralString, Self, TypeAlias, cast

import psycopg
from psycopg import sql
from psycopg.rows import Row, TupleRow

from gatehouse.data.placeholders import check, convert

Statement: TypeAlias = LiteralString | sql.SQL | sql.Composed
"""SQL that no input is part of: text from the source, or composed by psycopg.sql, which quotes."""
Parameters: TypeAlias = Mapping[str, Any]


def text_of(statement: Statement) -> LiteralString:
    """Return the text of a statement. Raises TypeError if it is none."""
    if isinstance(statement, str):
        return statement
    if isinstance(statement, (sql.SQL, sql.Composed)):
        # Its parts were literal, and identifiers are quoted. To mypy it is one as it stands.
        return cast("LiteralString", statement.as_string(None))  # type: ignore[redundant-cast]
    raise TypeError(f"SQL is text or psycopg.sql, not {type(statement).__name__}")


def _ready(statement: Statement, params: Parameters | None) -> tuple[Any, Parameters]:
    converted, names = convert(text_of(statement))
    given = params or {}
    check(names, given)
    # As bytes: this was LiteralString before it was converted.
    return converted.encode(), given


# They take fewer kinds of SQL and of parameters than psycopg's own, on purpose: hence the ignored overrides.
class Cursor(psycopg.Cursor[Row]):
    """A cursor whose statements have `:name` placeholders, one statement in each call."""

    def execute(  # type: ignore[override]
        self,
        query: Statement,
        params: Parameters | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        """Run one statement.

        Raises:
            PlaceholderError: if `params` are not those that the SQL names.
        """
        ready, given = _ready(query, params)
        # Without parameters psycopg would send it in the protocol that takes several statements, injected ones too.
        return super().execute(ready, given, prepare=True if not given else prepare, binary=binary)

    def executemany(  # type: ignore[override]
        self, query: Statement, params_seq: Iterable[Parameters], *, returning: bool = False
    ) -> None:
        """Run one statement once for each of the parameters.

        Raises:
            PlaceholderError: if one of them is not what the SQL names.
        """
        ready, names = convert(text_of(query))

        def checked() -> Iterable[Parameters]:
            for given in params_seq:
                check(names, given)
                yield given

        super().executemany(ready.encode(), checked(), returning=returning)


class ServerCursor(psycopg.ServerCursor[TupleRow]):
    """A cursor whose rows stay on the server until they are fetched."""

    def execute(  # type: ignore[override]
        self, query: Statement, params: Parameters | None = None, *, binary: bool | None = None
    ) -> Self:
        """Open the cursor.

        Raises:
            PlaceholderError: if `params` are not those that the SQL names.
        """
        ready, given = _ready(query, params)
        return super().execute(ready, given, binary=binary)
