"""Apply one set of migrations: one runner at a time, one transaction for each file, every applied file in a ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, sql

from gatehouse.data.migration_files import MigrationError, pending, read

_LOCK_PATIENCE = "2min"
# A file's text is handed over as a setting and run by PL/pgSQL, which refuses COMMIT: a file is whole or nothing.
_EXECUTE = "DO $$ BEGIN EXECUTE current_setting('gatehouse.file'); END $$"
_LEDGER = sql.SQL("""
    CREATE TABLE IF NOT EXISTS {ledger} (
        version     integer PRIMARY KEY,
        name        text NOT NULL,
        sha256      text NOT NULL,
        applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
    )""")


@dataclass(frozen=True)
class MigrationSet:
    """Whose files, and as whom they run. `readers` have privileges on new tables by default, but not on the ledger."""

    title: str
    folder: Path
    schema: str
    owner: str
    readers: tuple[str, ...]

    @property
    def ledger(self) -> sql.Identifier:
        """The table of what was applied."""
        return sql.Identifier(self.schema, "gatehouse_migration")


def apply(connection: Connection[Any], which: MigrationSet, say: Callable[[str], None]) -> None:
    """Apply what is new in the set's folder. `connection` is in autocommit mode and may SET ROLE to the set's owner.

    Raises:
        MigrationError: if a file is refused (see migration_files) or fails; files before it stay applied.
    """
    try:
        files = read(which.folder)
        _lock(connection, which)
        _make_ledger(connection, which)
        rows = connection.execute(sql.SQL("SELECT version, name, sha256 FROM {}").format(which.ledger))
        todo = pending(files, {version: (name, digest) for version, name, digest in rows})
    except MigrationError as refusal:
        raise MigrationError("\n".join(f"{which.title}: {line}" for line in str(refusal).splitlines())) from None
    for file in todo:
        started = time.monotonic()
        with as_owner(connection, which, file.name, file.sql):
            run_text(connection, file.sql)
            # Again, as the file may have changed role.
            connection.execute(_become(which, "SET LOCAL ROLE {}"))
            record = sql.SQL("INSERT INTO {} (version, name, sha256) VALUES (%s, %s, %s)").format(which.ledger)
            connection.execute(record, (file.version, file.name, file.digest))
        say(f"{which.title}: {file.name} applied in {time.monotonic() - started:.2f} s")
    if not todo:
        say(f"{which.title}: nothing to apply, {len(files)} applied before")


@contextmanager
def as_owner(connection: Connection[Any], which: MigrationSet, name: str, text: str) -> Iterator[None]:
    """One transaction as the set's owner; `name` and `text` of the file run in it are for the error's line.

    Raises:
        MigrationError: if it fails. Then nothing of it was applied.
    """
    try:
        with connection.transaction():
            connection.execute(_become(which, "SET LOCAL ROLE {}"))
            yield
    except psycopg.Error as error:
        raise MigrationError(f"{which.title}: {_explain(name, text, error)}") from None
    # What one file set for the session must not reach the next.
    connection.execute("RESET ALL")


def run_text(connection: Connection[Any], text: str) -> None:
    """Run the statements of a file inside the running transaction, which they cannot end."""
    connection.execute("SELECT set_config('gatehouse.file', %s, true)", (text,))
    connection.execute(_EXECUTE)


def _become(which: MigrationSet, statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(which.owner))


def _lock(connection: Connection[Any], which: MigrationSet) -> None:
    """Wait for other runners of the set to end. The lock goes with the connection, however that ends."""
    try:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (_LOCK_PATIENCE,))
        connection.execute("SELECT pg_advisory_lock(hashtextextended('gatehouse/migrate/' || %s, 0))", (which.schema,))
        connection.execute("RESET lock_timeout")
    except psycopg.errors.LockNotAvailable:
        raise MigrationError(f"another run has not ended for {_LOCK_PATIENCE}; wait and run again") from None


def _make_ledger(connection: Connection[Any], which: MigrationSet) -> None:
    with connection.transaction():
        connection.execute(_become(which, "SET LOCAL ROLE {}"))
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(_LEDGER.format(ledger=which.ledger))
        readers = sql.SQL(", ").join(map(sql.Identifier, which.readers))
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(which.ledger, readers))
    # From here on its owner reads it.
    connection.execute(_become(which, "SET ROLE {}"))


def _explain(name: str, text: str, error: psycopg.Error) -> str:
    """One line: file, line where Postgres tells it, its message and hint."""
    told = error.diag
    where = name
    if told.internal_position and told.internal_query == text:
        where += f", line {text.count(chr(10), 0, int(told.internal_position) - 1) + 1}"
    message = told.message_primary or str(error).splitlines()[0]
    if told.sqlstate == "0A000" and "transaction commands" in message:
        message = "holds BEGIN, COMMIT, ROLLBACK or SAVEPOINT, but a file is one transaction"
    elif isinstance(error, psycopg.errors.LockNotAvailable):
        message = "waited too long for a lock that a running session holds; try again when it is quiet"
    elif told.message_hint:
        message += f" ({told.message_hint})"
    return f"{where}: {' '.join(message.split())}; nothing of this file was applied, mend it and run again"
