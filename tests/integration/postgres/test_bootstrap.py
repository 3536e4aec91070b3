"""roles.sh: safe to run at every start, takes changed verifiers, refuses bad ones by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from deploy.prepare.verifiers import verifier
from integration.postgres.server import Server

DUMP = """
pg_dumpall -U postgres --globals-only --restrict-key=x
for database in app keycloak; do pg_dump -U postgres --schema-only --restrict-key=x $database; done
"""


@pytest.fixture
def monitor(server: Server) -> Iterator[Path]:
    """The file of monitor's verifier, put back afterwards."""
    file = server.secrets / "roles" / "monitor.verifier"
    before = file.read_bytes()
    yield file
    rewrite(file, before)


def rewrite(file: Path, content: bytes, mode: int = 0o400, uid: int = 999) -> None:
    file.unlink(missing_ok=True)
    file.write_bytes(content)
    file.chmod(mode)

    os.chown(file, uid, uid)


def test_a_second_run_changes_nothing(server: Server) -> None:
    before = server.shell(DUMP).stdout
    assert "CREATE ROLE app_a" in before
    assert "CREATE SCHEMA gate" in before
    stamp = server.superuser("SELECT string_agg(rolname || rolpassword, ',' ORDER BY rolname) FROM pg_authid")
    server.roles()
    assert server.shell(DUMP).stdout == before
    assert server.superuser("SELECT string_agg(rolname || rolpassword, ',' ORDER BY rolname) FROM pg_authid") == stamp


def test_what_was_altered_by_hand_is_put_right(server: Server) -> None:
    before = server.shell(DUMP).stdout
    server.superuser(
        "ALTER ROLE app_a CREATEDB BYPASSRLS CONNECTION LIMIT -1; ALTER ROLE readonly SET statement_timeout = 0;"
        "GRANT CONNECT, TEMPORARY ON DATABASE app TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC"
    )
    assert server.shell(DUMP).stdout != before
    server.roles()
    assert server.shell(DUMP).stdout == before


def test_a_changed_verifier_is_applied(server: Server, monitor: Path) -> None:
    before = monitor.read_bytes()
    rewrite(monitor, verifier("monitor", b"another password, just made up") + b"\n")
    server.roles()
    with closing(server.connect("monitor", "postgres", password="another password, just made up")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect("monitor", "postgres")
    rewrite(monitor, before)
    server.roles()
    server.connect("monitor", "postgres").close()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "empty"),
        (b"a password in the clear", "not a SCRAM-SHA-256 verifier"),
        (b"md5d41d8cd98f00b204e9800998ecf8427e", "not a SCRAM-SHA-256 verifier"),
        (b"SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2E=$half", "not a SCRAM-SHA-256 verifier"),
    ],
)
def test_a_malformed_verifier_is_refused_by_name(server: Server, monitor: Path, content: bytes, fault: str) -> None:
    rewrite(monitor, content)
    said = refused(server, fault)
    assert not content or content.decode() not in said


@pytest.mark.parametrize(
    ("mode", "uid", "fault"), [(0o404, 999, "mode 404"), (0o440, 999, "mode 440"), (0o444, 0, "belongs to uid 0")]
)
def test_a_verifier_open_to_others_is_refused_by_name(
    server: Server, monitor: Path, mode: int, uid: int, fault: str
) -> None:
    rewrite(monitor, monitor.read_bytes(), mode, uid)
    refused(server, fault)


def test_a_missing_verifier_is_refused_by_name(server: Server, monitor: Path) -> None:
    monitor.unlink()
    refused(server, "missing")


def refused(server: Server, fault: str) -> str:
    said = server.roles(expect=1)
    assert said.startswith(f"Error: secrets/roles/monitor.verifier: {fault}")
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize(
    "name", ["App", "my-app", "1app", "app; DROP DATABASE app", "audit", "gate", "keycloak", "postgres", "pg_x"]
)
def test_a_name_that_cannot_be_a_database_is_refused(server: Server, name: str) -> None:
    said = server.roles(expect=1, APP_NAME=name)
    assert said.startswith(f"Error: APP_NAME={name}: ")
    assert said.count("\n") == 1


def test_a_server_that_does_not_answer_is_named(spare: Server) -> None:
    said = spare.roles(expect=1, PATIENCE="1")
    assert said == "Error: postgres: no answer on its socket within 1 s; see `docker compose logs postgres`\n"
