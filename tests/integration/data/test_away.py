"""A database that is away, errors that tell too much, and settings that are wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import streamlit as st

import gatehouse
from deploy.prepare.verifiers import verifier
from gatehouse.data.connection_table import ConnectionTableError
from gatehouse.data.faults import DatabaseAway
from gatehouse.settings import settings
from integration.data.conftest import Tables, Write
from integration.postgres.server import Server, until
from support.viewing import seen_by

Postgres = gatehouse.PostgresConnection


def answers(postgres: Postgres) -> bool:
    return bool(postgres.query("select true as yes")["yes"][0])


def test_a_database_that_is_away_is_said_and_found_again(server: Server, postgres: Postgres) -> None:
    assert answers(postgres)
    assert server.container
    container = server.container.get_wrapped_container()
    container.pause()
    asked: list[Callable[[], object]] = [
        lambda: answers(postgres),
        lambda: postgres.execute("update note set body = 'x'"),
        lambda: list(postgres.batches("select 1")),
    ]
    try:
        for ask in asked:
            with pytest.raises(DatabaseAway, match="does not answer; try again"):
                ask()
    finally:
        container.unpause()
    until(lambda: answers(postgres))


def test_connections_that_the_server_ended_are_replaced_unseen(server: Server, postgres: Postgres) -> None:
    assert answers(postgres)
    server.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_a'")
    assert answers(postgres)


def test_one_that_ends_in_mid_transaction_is_away_and_the_next_one_is_not(server: Server, postgres: Postgres) -> None:
    def ended() -> None:
        with postgres.transaction() as cursor:
            server.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_a'")
            cursor.execute("select 1")

    with pytest.raises(DatabaseAway):
        ended()
    assert answers(postgres)


def test_a_table_that_a_migration_changed_is_read_again(server: Server, postgres: Postgres) -> None:
    """A statement that was prepared before fails once on its connection, and not for ever."""
    postgres._instance.resize(1, 1)  # noqa: SLF001 -- one connection
    server.superuser("CREATE TABLE app.grown (a int); GRANT SELECT ON app.grown TO app_rw")

    def columns() -> list[str]:
        return list(postgres.query("select * from grown").columns)

    try:
        assert columns() == ["a"]
        server.superuser("ALTER TABLE app.grown ADD COLUMN b int")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            columns()
        assert columns() == ["a", "b"]
    finally:
        server.superuser("DROP TABLE app.grown")


@pytest.mark.usefixtures("notes")
def test_an_error_says_neither_sql_nor_values(postgres: Postgres) -> None:
    failing: list[Callable[[], object]] = [
        lambda: postgres.query("select password from secret_table"),
        lambda: postgres.execute("insert into word values (:word)", {"word": "common"}),
        lambda: list(postgres.batches("select password from secret_table")),
    ]
    with seen_by("sam"):
        for fail in failing:
            with pytest.raises(psycopg.Error) as caught:
                fail()
            told = str(caught.value)
            assert told
            assert "\n" not in told
            for private in ("select", "insert", "password", "LINE", "DETAIL", "common"):
                assert private not in told


def test_a_password_that_was_changed_needs_no_restart(
    server: Server, postgres: Postgres, write: Write, tables: Tables
) -> None:
    assert answers(postgres)
    file = server.secrets / "roles" / "app_a.verifier"
    before = file.read_bytes()
    try:
        file.write_bytes(verifier("app_a", b"R" * 43))
        server.roles()
        write({"postgres": {**tables["postgres"], "password": "R" * 43}})
        server.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_a'")
        assert answers(postgres)
    finally:
        file.write_bytes(before)
        server.roles()


def test_behind_the_gate_the_platform_provides_the_connection(
    server: Server, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own secret files, and not what an author's secrets.toml has for their laptop."""
    write({"postgres": {"host": "laptop", "database": "elsewhere"}})
    for name in ("app_a_password", "database_ca.crt"):
        (tmp_path / name).write_bytes((server.secrets / "app" / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("PGHOSTADDR", server.address)
    monkeypatch.setitem(sys.modules, "gatehouse.gate.live", SimpleNamespace(active=True))
    settings.cache_clear()
    try:
        postgres = st.connection("postgres", type=Postgres)
        found = postgres.query("select session_user as login, current_schema() as place, inet_server_port() as port")
        assert found.iloc[0].tolist() == ["app_a", "app", 5432]
        with pytest.raises(ConnectionTableError, match="orders"):
            st.connection("orders", type=Postgres)
        # What docs/author.md says for SQLAlchemy.
        streamlits = st.connection("sql", type="sql", url="postgresql+psycopg://", creator=gatehouse.connect)
        assert streamlits.query("select session_user as login", ttl=0)["login"][0] == "app_a"
        assert st.connection("sql", type="sql", url="postgresql+psycopg://", creator=gatehouse.connect) is streamlits
    finally:
        st.cache_resource.clear()
        settings.cache_clear()


def test_streamlit_lets_go_of_a_connection_and_a_script_that_holds_it_goes_on(
    server: Server, tables: Tables, write: Write
) -> None:
    def connected() -> int:
        return int(server.superuser("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'let go'"))

    query = tables["postgres"]["query"]
    assert isinstance(query, dict)
    write({"postgres": tables["postgres"] | {"query": query | {"application_name": "let go"}}})
    postgres = st.connection("postgres", type=Postgres)
    assert answers(postgres)
    assert connected()
    st.cache_resource.clear()
    until(lambda: not connected())
    assert answers(postgres)
    postgres.close()


def test_streamlits_own_connection_works_beside_it(postgres: Postgres, server: Server) -> None:
    orders = st.connection("orders", type="sql")
    assert orders.query("select word from word where word = :word", params={"word": "common"})["word"][0] == "common"
    with orders.session as session:
        assert session.connection().exec_driver_sql("select body from note").all() == []
    assert answers(postgres)
