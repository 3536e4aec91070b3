"""`python -m gatehouse.data.migrate` against our Postgres: whole, once, in order, or refused by name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gatehouse.data import migrate
from gatehouse.settings import settings
from integration.postgres.server import Server
from support.command import ROOT, run

FIRST = "CREATE TABLE purchase (id integer PRIMARY KEY, item text);\nINSERT INTO purchase VALUES (1, 'chair');\n"


class Author:
    """An author's folder, and the migrate job on it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder / "app"
        (self.folder / "migrations").mkdir(parents=True)
        # The job's own uid, which is that of the tests here.
        self.secrets = folder / "migrate"
        self.secrets.mkdir(mode=0o700)
        for source in (server.secrets / "migrate").iterdir():
            (self.secrets / source.name).write_bytes(source.read_bytes())
            (self.secrets / source.name).chmod(0o400)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "app"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SECRETS_DIR": str(self.secrets),
            "SECRETS_FOLDER": "migrate",
            "APP_DIR": str(self.folder),
            "PGHOSTADDR": server.address,  # the host name stays `postgres`, which is what the certificate is for
        }

    def write(self, name: str, text: str) -> None:
        """Write a file of the author's; a plain name is one of a migration."""
        path = self.folder / name if "/" in name else self.folder / "migrations" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start the job."""
        command = [sys.executable, "-m", "gatehouse.data.migrate"]
        environment = self.environment | environment
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def migrate(self, **environment: str) -> list[str]:
        """Run the job and return the lines it said."""
        command = [sys.executable, "-m", "gatehouse.data.migrate"]
        return run(command, env=self.environment | environment).stdout.splitlines()

    def refused(self, **environment: str) -> str:
        """Run the job, which stops, and return its one line without the word Error."""
        command = [sys.executable, "-m", "gatehouse.data.migrate"]
        result = run(command, env=self.environment | environment, check=False)
        assert result.returncode == 1
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("Error: ").rstrip()


@pytest.fixture
def author(server: Server, tmp_path: Path) -> Iterator[Author]:
    """An author whose database is as roles.sh leaves it."""
    yield Author(server, tmp_path)
    server.superuser("SET client_min_messages = error; DROP SCHEMA app, audit, gate CASCADE")
    server.roles()


def tables(server: Server) -> list[str]:
    return server.superuser("SELECT tablename FROM pg_tables WHERE schemaname = 'app' ORDER BY 1").split()


def test_migrations_are_applied_once_and_in_order(server: Server, author: Author) -> None:
    author.write("0010_more.sql", "INSERT INTO purchase VALUES (2, 'desk')")
    author.write("0001_first.sql", FIRST)
    author.write("README.md", "not a migration")
    said = author.migrate()
    assert [line.split(" in ")[0] for line in said if line.startswith("app: ")] == [
        "app: 0001_first.sql applied",
        "app: 0010_more.sql applied",
    ]
    with closing(server.connect("app_a")) as connection:
        assert connection.execute("SELECT item FROM purchase ORDER BY id").fetchall() == [("chair",), ("desk",)]
    assert "app: nothing to apply, 2 applied before" in author.migrate()
    assert server.superuser("SELECT version, name FROM app.gatehouse_migration ORDER BY 1").splitlines() == [
        "1|0001_first.sql",
        "10|0010_more.sql",
    ]


def test_an_author_without_migrations_is_fine(author: Author) -> None:
    (author.folder / "migrations").rmdir()
    assert "app: nothing to apply, 0 applied before" in author.migrate()


def test_a_changed_file_is_refused(server: Server, author: Author) -> None:
    author.write("0001_first.sql", FIRST)
    author.migrate()
    author.write("0001_first.sql", FIRST + "-- a word more")
    author.write("0002_next.sql", "CREATE TABLE next ()")
    assert author.refused().startswith("app: 0001_first.sql: changed since it was applied; restore it")
    assert tables(server) == ["gatehouse_migration", "purchase"]


def test_a_checkout_with_other_line_ends_is_not_a_change(author: Author) -> None:
    author.write("0001_first.sql", FIRST)
    author.migrate()
    (author.folder / "migrations" / "0001_first.sql").write_bytes(FIRST.replace("\n", "\r\n").encode())
    assert "app: nothing to apply, 1 applied before" in author.migrate()


def test_a_missing_or_renamed_file_is_refused(author: Author) -> None:
    author.write("0001_first.sql", FIRST)
    author.migrate()
    file = author.folder / "migrations" / "0001_first.sql"
    file.rename(file.with_name("0001_renamed.sql"))
    assert author.refused().startswith("app: 0001_first.sql: missing, but applied here; put it back")
    file.with_name("0001_renamed.sql").unlink()
    assert author.refused().startswith("app: 0001_first.sql: missing, but applied here; put it back")


def test_a_failing_file_leaves_nothing(server: Server, author: Author) -> None:
    author.write("0001_first.sql", FIRST)
    author.write(
        "0002_bad.sql", "CREATE TABLE half ();\nINSERT INTO purchase VALUES (2, 'desk');\n\nSELECT wrong FROM half;"
    )
    author.write("0003_next.sql", "CREATE TABLE next ()")
    assert author.refused().startswith('app: 0002_bad.sql, line 4: column "wrong" does not exist; nothing of this file')
    assert tables(server) == ["gatehouse_migration", "purchase"]
    assert server.superuser("SELECT count(*) FROM app.purchase") == "1"
    author.write("0002_bad.sql", "CREATE TABLE half ()")
    assert len([line for line in author.migrate() if " applied in " in line]) == 2


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "BEGIN", "DO 'BEGIN COMMIT; END'"])
def test_a_file_cannot_end_its_transaction(server: Server, author: Author, statement: str) -> None:
    author.write("0001_first.sql", f"CREATE TABLE half ();\n{statement};\nCREATE TABLE other ()")
    assert author.refused().startswith("app: 0001_first.sql")
    assert tables(server) == ["gatehouse_migration"]


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE gate_owner",
        "RESET ROLE; SET ROLE gate_owner",
        "SET SESSION AUTHORIZATION gate_migrator",
        "CREATE TABLE gate.mine ()",
        "RESET ROLE; CREATE TABLE gate.mine ()",
        "SELECT * FROM gate.gatehouse_migration",
        "DROP TABLE gate.gatehouse_migration",
        "GRANT USAGE ON SCHEMA gate TO app_rw",
        "ALTER ROLE app_a SUPERUSER",
        "CREATE EXTENSION citext SCHEMA gate",
        "ALTER DATABASE app SET search_path = app",
        "CREATE EVENT TRIGGER spy ON ddl_command_start EXECUTE FUNCTION app.spy()",
    ],
)
def test_an_authors_migration_has_no_way_into_the_gate(author: Author, statement: str) -> None:
    author.write(
        "0001_first.sql",
        f"CREATE FUNCTION app.spy() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';\n{statement}",
    )
    said = author.refused()
    assert said.startswith("app: 0001_first.sql")
    assert any(word in said for word in ("permission denied", "must be owner", "ust be superuser"))


def test_what_a_file_sets_does_not_reach_the_next(server: Server, author: Author) -> None:
    author.write("0001_first.sql", "SET search_path = pg_catalog; RESET ROLE;")
    author.write("0002_next.sql", "CREATE TABLE next ()")
    author.migrate()
    assert tables(server) == ["gatehouse_migration", "next"]


def test_two_runners_apply_once(author: Author) -> None:
    author.write("0001_first.sql", FIRST)
    author.write("0002_slow.sql", "SELECT pg_sleep(1); INSERT INTO purchase VALUES (2, 'desk')")
    jobs = [author.start(), author.start()]
    outputs = [job.communicate(timeout=60) for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], outputs
    assert sum(out.count("app: 0002_slow.sql applied") for out, _ in outputs) == 1
    assert sum(out.count("app: nothing to apply, 2 applied before") for out, _ in outputs) == 1


def test_a_killed_runner_leaves_nothing_half_done_and_no_lock(server: Server, author: Author) -> None:
    author.write("0001_first.sql", FIRST + "SELECT pg_sleep(600)")
    job = author.start()
    sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while not server.superuser(sleeping):
        assert job.poll() is None
    job.kill()
    job.communicate()
    author.write("0001_first.sql", FIRST)
    assert any("0001_first.sql applied" in line for line in author.migrate())


def test_no_login_has_a_privilege_on_a_ledger(server: Server, author: Author) -> None:
    author.migrate()
    held = """
        SELECT rolname, ledger, privilege
        FROM pg_roles, unnest(ARRAY['app.gatehouse_migration', 'gate.gatehouse_migration']) AS ledger,
            unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
        WHERE rolcanlogin AND NOT rolsuper AND has_table_privilege(rolname, ledger, privilege)"""
    assert server.superuser(held) == ""


def test_demo_data_is_run_each_time_under_localhost_alone(server: Server, author: Author) -> None:
    author.write("0001_first.sql", "CREATE TABLE person (issuer text, at timestamptz DEFAULT clock_timestamp())")
    author.write("demo/seed.sql", "INSERT INTO person (issuer) VALUES (current_setting('gatehouse.issuer'))")
    author.migrate(DOMAIN="example.com")
    assert server.superuser("SELECT count(*) FROM app.person") == "0"
    assert author.migrate(PORT="9443")[-1] == "app: demo/seed.sql run"
    author.migrate(PORT="443")
    assert server.superuser("SELECT issuer FROM app.person ORDER BY at").splitlines() == [
        "https://id.localhost:9443/realms/apps",
        "https://id.localhost/realms/apps",
    ]


def test_failing_demo_data_is_named_and_leaves_nothing(server: Server, author: Author) -> None:
    author.write("0001_first.sql", FIRST)
    author.write("demo/seed.sql", "INSERT INTO purchase VALUES (2, 'desk');\nINSERT INTO purchase VALUES (1, 'twice')")
    assert author.refused().startswith("app: demo/seed.sql: duplicate key value violates unique constraint")
    assert server.superuser("SELECT count(*) FROM app.purchase") == "1"


def test_bad_secrets_and_settings_stop_it_by_name(author: Author) -> None:
    (author.secrets / "migrator_password").chmod(0o444)
    assert author.refused().startswith("secrets/migrate/migrator_password: ")
    (author.secrets / "gate_migrator_password").unlink()
    assert author.refused().startswith("secrets/migrate/gate_migrator_password: ")
    assert author.refused(DOMAIN="Wrong_").startswith("DOMAIN=")


def test_a_login_that_is_refused_is_told_after_a_bounded_wait(
    author: Author, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = author.secrets / "gate_migrator_password"
    file.unlink()
    file.write_text("W" * 43)
    file.chmod(0o400)
    for name, value in author.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(migrate, "_PATIENCE", 2.0)
    settings.cache_clear()
    assert migrate.main() == 1
    settings.cache_clear()
    said = capsys.readouterr().err
    assert said.startswith("Error: no connection to postgres:5432 as gate_migrator within 2 s: ")
    assert 'password authentication failed for user "gate_migrator"' in said
    assert "WWWW" not in said
    assert said.count("\n") == 1
