"""Bring the database's schemas up to date: `python -m gatehouse.data.migrate`. First the platform's, then the author's.

The author's files are SQL of the app's owner: they run as they are, as a role that owns the app's schema and has
no way into the gate's. Exits 1 with one line for each problem.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from gatehouse.data.connection import parameters
from gatehouse.data.migration_files import MigrationError
from gatehouse.data.migration_run import MigrationSet, apply, as_owner, run_text
from gatehouse.settings import INSIDE, SecretError, SettingsError, settings

_PATIENCE = 60.0
"""Seconds to wait for the database: depends_on is not honoured when the engine brings containers back."""


class _LastReason(logging.Handler):
    """Keeps why the pool's last attempt failed, which its timeout does not tell."""

    reason = "no answer"

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception in `record`, without the address that libpq puts before it."""
        if record.args and isinstance(record.args, tuple) and isinstance(record.args[-1], Exception):
            self.reason = str(record.args[-1]).strip().splitlines()[-1]


@contextmanager
def _connected(login: str) -> Iterator[Connection[Any]]:
    """Sign in as `login` when the database answers. Raises MigrationError if it does not in time."""
    file = f"{login}_password"
    parameters(login, file)  # a wrong secret is told at once, not after the wait
    reasons = _LastReason()
    logger = logging.getLogger("psycopg.pool")
    logger.addHandler(reasons)
    logger.propagate = False
    try:
        with ConnectionPool(
            kwargs=lambda: {**parameters(login, file), "autocommit": True}, min_size=1, max_size=1, open=False
        ) as pool:
            try:
                pool.wait(_PATIENCE)
            except PoolTimeout:
                config = settings()
                remedy = "see the logs of postgres and roles"
                if config.database_host != INSIDE:
                    remedy = "has its administrator applied deploy/postgres/roles.sql (docs/scaling.md)?"
                raise MigrationError(
                    f"no connection to {config.database_host}:{config.database_port} as {login} within "
                    f"{_PATIENCE:.0f} s: {reasons.reason}; {remedy}"
                ) from None
            with pool.connection() as connection:
                yield connection
    finally:
        logger.removeHandler(reasons)
        logger.propagate = True


def _seed(connection: Connection[Any], author: MigrationSet, file: Path) -> None:
    """Run the author's demo data, each time: it says itself what is there already."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationError(f"demo/{file.name}: cannot be read ({error}); make it a readable UTF-8 file") from None
    with as_owner(connection, author, f"demo/{file.name}", text):
        connection.execute("SELECT set_config('gatehouse.issuer', %s, true)", (settings().issuer,))
        run_text(connection, text)
    _say(f"{author.title}: demo/{file.name} run")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def migrate() -> None:
    """Apply both sets, then the demo data where demo users exist. Raises MigrationError, SecretError, SettingsError."""
    config = settings()
    platform = MigrationSet("platform", Path(__file__).parent / "migrations", "gate", "gate_owner", ("gate",))
    author = MigrationSet("app", config.app_dir / "migrations", config.app_name, "owner", ("app_rw", "app_ro"))
    with _connected("gate_migrator") as connection:
        apply(connection, platform, _say)
    with _connected("migrator") as connection:
        apply(connection, author, _say)
        seed = config.app_dir / "demo" / "seed.sql"
        if config.domain == "localhost" and seed.exists():
            _seed(connection, author, seed)


def main() -> int:
    """Migrate and return the exit code."""
    try:
        migrate()
    except (MigrationError, SecretError, SettingsError) as problem:
        sys.stderr.writelines(f"Error: {line}\n" for line in str(problem).splitlines())
        return 1
    except psycopg.Error as error:
        sys.stderr.write(f"Error: {str(error).splitlines()[0]}; see the log of postgres, then run again\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
