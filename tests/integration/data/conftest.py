"""A Postgres of ours with desk's tables and one of these tests' own, and a connection as a script gets it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
import tomli_w
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

import gatehouse
from gatehouse.data.migration_run import MigrationSet, apply
from integration.postgres.server import Server, prepare
from support.command import ROOT

_NOTE = """
    create table note (id bigint generated always as identity primary key, issuer text, subject text, body text);
    alter table note enable row level security, force row level security;
    create policy own on note to app_rw using (
        issuer = current_setting('gatehouse.issuer', true) and subject = current_setting('gatehouse.subject', true));
    create policy migrations on note to owner using (session_user = 'migrator');
    create table word (word text primary key);
    insert into word values ('common');
"""

Tables = dict[str, dict[str, object]]


@pytest.fixture(scope="session")
def server(run_folder: Path) -> Iterator[Server]:
    """A healthy server with its roles and the tables."""
    tree = run_folder / "data-secrets"
    prepare(tree)
    server = Server(f"{run_folder.name}-data", tree)
    try:
        server.start()
        server.roles()
        desk = MigrationSet("app", ROOT / "app/desk/migrations", "app", "owner", ("app_rw", "app_ro"))
        with closing(server.connect("migrator")) as connection:
            apply(connection, desk, lambda _: None)
            connection.execute("SET ROLE owner")
            connection.execute(_NOTE)
        yield server
    finally:
        server.remove()


@pytest.fixture
def tables(server: Server) -> Tables:
    """[connections] as an author writes it, for either of Streamlit's ways."""
    one: dict[str, object] = {
        "dialect": "postgresql",
        "driver": "psycopg",
        "host": "postgres",
        "port": 5432,
        "database": "app",
        "username": "app_a",
        "password": server.password("app_a"),
        "query": {
            "hostaddr": server.address,
            "sslmode": "verify-full",
            "sslrootcert": str(server.secrets / "ca" / "internal" / "ca.crt"),
        },
    }
    return {"postgres": one, "orders": one}


Write = Callable[[Tables], Path]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write secrets.toml, where Streamlit looks for it."""
    path = tmp_path / "secrets.toml"
    before = config.get_option("secrets.files")

    def written(tables: Tables) -> Path:
        path.write_text(tomli_w.dumps({"connections": tables}), encoding="utf-8")
        config.set_option("secrets.files", [str(path)])
        secrets_singleton._reset()  # noqa: SLF001 -- a new process would have none
        return path

    yield written
    config.set_option("secrets.files", before)
    secrets_singleton._reset()  # noqa: SLF001


@pytest.fixture
def postgres(write: Write, tables: Tables) -> Iterator[gatehouse.PostgresConnection]:
    """The connection of a script under plain `streamlit run`, with nothing cached."""
    write(tables)
    yield st.connection("postgres", type=gatehouse.PostgresConnection)
    st.cache_resource.clear()
    st.cache_data.clear()
    gc.collect()  # Streamlit's own connection leaves each of SQLAlchemy's to it, in mid-transaction


@pytest.fixture
def notes(server: Server) -> Iterator[None]:
    """Two notes of Sam's and one of Mia's."""
    server.superuser("""
        INSERT INTO app.note (issuer, subject, body) VALUES
            ('https://id.example', 'sam', 'sam 1'), ('https://id.example', 'sam', 'sam 2'),
            ('https://id.example', 'mia', 'mia 1')""")
    yield
    server.superuser("TRUNCATE app.note RESTART IDENTITY")
