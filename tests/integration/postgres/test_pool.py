"""The app's pool against our Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from deploy.prepare.verifiers import verifier
from gatehouse.data.connection import app_parameters
from gatehouse.data.pool import Pool, open_pool, transaction
from gatehouse.settings import settings
from integration.postgres.server import Server, until


@pytest.fixture(autouse=True)
def password(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's secrets, as the app would find them, and the file of its password."""
    for name in ("app_a_password", "database_ca.crt"):
        (tmp_path / name).write_bytes((server.secrets / "app" / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("PGHOSTADDR", server.address)
    return tmp_path / "app_a_password"


@pytest.fixture
def opened() -> Iterator[Pool]:
    """A pool of the test's own."""
    settings.cache_clear()
    pool = open_pool(app_parameters, "app")
    yield pool
    pool.close()
    settings.cache_clear()


def answers(opened: Pool) -> bool:
    with transaction(opened) as connection:
        return connection.execute("SELECT true").fetchone() == (True,)


def test_it_signs_in_as_the_app(opened: Pool) -> None:
    with transaction(opened) as connection:
        row = connection.execute(
            "SELECT session_user, current_schema(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        )
        assert row.fetchone() == ("app_a", "app", True)


def test_nothing_of_one_viewer_reaches_the_next(opened: Pool) -> None:
    opened.resize(1, 1)  # so that the next one gets the same connection
    with transaction(opened) as connection:
        pid = connection.info.backend_pid
        connection.execute("SELECT set_config('app.user_sub', 'sam', false), pg_advisory_lock(1)")
        connection.execute("SET statement_timeout = 0")
        connection.execute("LISTEN spy")
        connection.row_factory = dict_row  # type: ignore[assignment]
    with transaction(opened) as connection:
        assert connection.info.backend_pid == pid
        state = "SELECT coalesce(current_setting('app.user_sub', true), ''), current_setting('statement_timeout'),"
        state += " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),"
        state += " (SELECT count(*) FROM pg_listening_channels())"
        assert connection.execute(state).fetchone() == ("", "15s", 0, 0)


def test_a_connection_that_was_made_another_is_not_used_again(opened: Pool) -> None:
    opened.resize(1, 1)
    with transaction(opened) as connection:
        pid = connection.info.backend_pid
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    with transaction(opened) as connection:
        assert connection.info.backend_pid != pid
        assert connection.isolation_level is None


def test_a_failed_block_is_rolled_back(opened: Pool) -> None:
    def fail() -> None:
        with transaction(opened) as connection:
            connection.execute("SELECT set_config('app.seen', 'yes', false)")
            connection.execute("SELECT * FROM missing")

    with pytest.raises(psycopg.errors.UndefinedTable):
        fail()
    with transaction(opened) as connection:
        assert connection.execute("SELECT coalesce(current_setting('app.seen', true), '')").fetchone() == ("",)


def test_connections_that_the_server_ended_are_replaced_unseen(server: Server, opened: Pool) -> None:
    opened.wait()
    server.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_a'")
    assert answers(opened)


def test_a_database_that_is_down_is_told_soon_and_found_again(server: Server, opened: Pool) -> None:
    assert server.container
    opened.wait()
    container = server.container.get_wrapped_container()
    # Paused, not stopped: a started container may have another address, and names are not looked up here.
    container.pause()
    try:
        with pytest.raises(psycopg.OperationalError):
            answers(opened)
    finally:
        container.unpause()
    until(lambda: answers(opened))


def test_a_rotated_password_needs_no_restart(server: Server, password: Path, opened: Pool) -> None:
    opened.wait()
    file = server.secrets / "roles" / "app_a.verifier"
    before, old = file.read_bytes(), password.read_text()
    try:
        file.write_bytes(verifier("app_a", b"R" * 43))
        server.roles()
        password.write_text("R" * 43)
        server.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_a'")
        assert answers(opened)
    finally:
        file.write_bytes(before)
        password.write_text(old)
        server.roles()
