"""Parametrized queries as Streamlit's users know them: the very lines, by our connection and by Streamlit's own."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing
from typing import TypeAlias

import pytest
import streamlit as st
from streamlit.connections import SQLConnection

import gatehouse
from integration.postgres.server import Server
from support.viewing import seen_by

USERS = "create table users (id bigint, name text); insert into users values (1, 'Ann'), (2, 'Bob')"
INJECTED = "1 OR 1=1"

Connection: TypeAlias = gatehouse.PostgresConnection | SQLConnection


@pytest.fixture(autouse=True)
def users(server: Server) -> Iterator[None]:
    with closing(server.connect("migrator")) as connection:
        connection.execute("SET ROLE owner")
        connection.execute(USERS.encode())
    yield
    gc.collect()  # until then Streamlit's connection keeps a transaction of its query open
    server.superuser("DROP TABLE app.users")


@pytest.fixture(params=["PostgresConnection", "sql"])
def conn(request: pytest.FixtureRequest, postgres: gatehouse.PostgresConnection) -> Connection:
    return postgres if request.param == "PostgresConnection" else st.connection("orders", type="sql")


def test_string_formatting_is_vulnerable(conn: Connection) -> None:
    with seen_by("sam"):
        assert len(conn.query(f"SELECT * FROM users WHERE id = {INJECTED}", ttl=0)) == 2  # noqa: S608 -- to show it


def test_parametrized_query_with_a_ttl(conn: Connection) -> None:
    def ask(user_input: object) -> list[str]:
        df = conn.query(
            "SELECT * FROM users WHERE id = :id",
            params={"id": user_input},
            ttl=600,
        )
        return list(df["name"])

    with seen_by("sam"):
        assert ask(2) == ["Bob"]
        assert ask("1") == ["Ann"]
        assert ask(3) == []
        with pytest.raises(Exception, match="invalid input syntax for type bigint|operator does not exist"):
            ask(INJECTED)
