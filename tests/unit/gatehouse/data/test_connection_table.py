"""[connections.<name>] of secrets.toml."""

from __future__ import annotations

import pytest

from gatehouse.data.connection_table import ConnectionTableError, table_parameters

GOOD = {"host": "db", "database": "shop", "username": "ann", "password": "p w%40"}


def test_single_keys() -> None:
    found = table_parameters("postgres", GOOD | {"dialect": "postgresql", "driver": "psycopg"})
    assert {key: found[key] for key in ("host", "port", "dbname", "user", "password")} == {
        "host": "db", "port": 5432, "dbname": "shop", "user": "ann", "password": "p w%40",
    }  # fmt: skip
    assert found["connect_timeout"] == 5


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_url(scheme: str) -> None:
    found = table_parameters("x", {"url": f"{scheme}://ann:p%40w@db:5433/shop?sslmode=require"})
    assert (found["host"], found["port"], found["dbname"], found["user"]) == ("db", "5433", "shop", "ann")
    assert (found["password"], found["sslmode"]) == ("p@w", "require")


def test_further_parameters_of_libpq() -> None:
    assert table_parameters("x", GOOD | {"query": {"sslmode": "verify-full"}})["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, r"\[connections.orders\]: is missing; add it"),
        ({"user": "ann", "host": "db"}, "user: extra"),
        (GOOD | {"port": "private"}, "port: "),
        (GOOD | {"port": 0}, "port: "),
        (GOOD | {"dialect": "mysql"}, "dialect postgresql"),
        ({"database": "shop"}, "needs url, or host"),
        (GOOD | {"url": "postgresql://db/shop"}, "keep one of both"),
        ({"url": "mysql://ann:private@db/shop"}, "url: does not begin with postgresql"),
        ({"url": "private"}, "url: does not begin"),
        ({"url": "postgresql://ann:private@[db/shop"}, "url: is not"),
        ({"url": "postgresql://db/shop?private=1"}, "url: is not"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConnectionTableError, match=said) as error:
        table_parameters("orders", table)
    assert "secrets.toml: [connections.orders]" in str(error.value)
    assert "private" not in str(error.value)
