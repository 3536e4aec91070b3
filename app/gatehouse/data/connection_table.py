"""The table [connections.<name>] of secrets.toml, with the keys that Streamlit's own SQL connection takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatehouse.data.connection import BOUNDED_WAITS


class ConnectionTableError(ValueError):
    """The table is missing or wrong. Names the key, never its value."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: str = ""
    host: str = ""
    port: int = Field(default=5432, ge=1, le=65535)
    database: str = ""
    username: str = ""
    password: str = Field(default="", repr=False)
    # Further parameters of libpq, such as sslmode.
    query: dict[str, str] = {}
    # Of SQLAlchemy alone, so that one table may serve both connections.
    dialect: str = "postgresql"
    driver: str = ""
    create_engine_kwargs: dict[str, Any] = {}


def table_parameters(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return libpq's parameters for the table [connections.<name>].

    Raises:
        ConnectionTableError: if it is missing, has a key that is unknown or wrong, or is for another database.
    """
    where = f"secrets.toml: [connections.{name}]"
    if not table:
        raise ConnectionTableError(f"{where}: is missing; add it, with host, database, username and password, or url")
    try:
        given = _Table.model_validate(dict(table))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise ConnectionTableError(f"{where}: {key}: {fault['msg'][0].lower()}{fault['msg'][1:]}; correct it") from None
    if given.url and (given.host or given.database or given.username):
        raise ConnectionTableError(f"{where}: has url and single keys; keep one of both")
    if given.url:
        found = _of_url(where, given.url)
    elif given.dialect in ("postgresql", "postgres") and given.host:
        found = {"host": given.host, "port": given.port, "dbname": given.database, "user": given.username}
        found["password"] = given.password
    else:
        raise ConnectionTableError(f"{where}: needs url, or host, with dialect postgresql or none; correct it")
    return {
        "application_name": name,
        **BOUNDED_WAITS,
        **{key: value for key, value in found.items() if value},
        **given.query,
    }


def _of_url(where: str, url: str) -> dict[str, Any]:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise ConnectionTableError(f"{where}: url: does not begin with postgresql://; correct it")
    try:
        return conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.Error:
        # libpq's own message may quote the password.
        raise ConnectionTableError(
            f"{where}: url: is not postgresql://user:password@host:port/database; correct it"
        ) from None
