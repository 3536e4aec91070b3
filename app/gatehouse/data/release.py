"""Which version of the app takes new sessions: `python -m gatehouse.data.release show | serve NAME [SECONDS]`.

Run by the rollout on a cluster, as the owner of the gate's tables. The replicas are told at once.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import psycopg
from psycopg import Connection

from gatehouse.data.connection import parameters
from gatehouse.settings import SecretError, SettingsError

NOTICE = "release"
"""What the gate's channel says when the table has changed."""

_DRAIN = """
    UPDATE gate.release SET state = 'draining', until = now() + make_interval(secs => %s), changed_at = now()
    WHERE state = 'serving' AND name <> %s"""
_SERVE = """
    INSERT INTO gate.release (name, state) VALUES (%s, 'serving')
    ON CONFLICT (name) DO UPDATE SET state = 'serving', until = NULL, changed_at = now()"""


def serving(connection: Connection[Any]) -> str:
    """The name of the version that takes new sessions; empty before the first."""
    row = connection.execute("SELECT name FROM gate.release WHERE state = 'serving'").fetchone()
    return str(row[0]) if row else ""


def serve(connection: Connection[Any], name: str, seconds: float) -> None:
    """Let `name` take new sessions from now on; the one that did keeps its own for so many seconds."""
    with connection.transaction():
        connection.execute(_DRAIN, (seconds, name))
        connection.execute(_SERVE, (name,))
        connection.execute("DELETE FROM gate.release WHERE state = 'draining' AND until < now() - interval '1 day'")
        connection.execute("SELECT pg_notify('gate', %s)", (NOTICE,))


def main(words: list[str] | None = None) -> int:
    """Run one word, print what serves, and return the exit code."""
    parser = argparse.ArgumentParser(prog="release", description="Which version of the app takes new sessions.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="the one that does")
    change = commands.add_parser("serve", help="let another one")
    change.add_argument("name")
    change.add_argument("seconds", type=float, nargs="?", default=600.0, help="that the one before keeps its sessions")
    asked = parser.parse_args(words)
    try:
        login = parameters("gate_migrator", "gate_migrator_password") | {"autocommit": True}
        with psycopg.connect(**login) as connection:
            connection.execute("SET ROLE gate_owner")
            if asked.command == "serve":
                serve(connection, asked.name, asked.seconds)
            print(f"serving={serving(connection)}")  # noqa: T201 - speaks to the rollout
    except (SecretError, SettingsError) as problem:
        sys.stderr.write(f"Error: {problem}\n")
        return 1
    except psycopg.Error as error:
        sys.stderr.write(f"Error: {str(error).splitlines()[0]}; see the log of postgres, then run again\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
