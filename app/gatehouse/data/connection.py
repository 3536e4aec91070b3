"""How a login of ours reaches Postgres: TLS with a checked name, SCRAM bound to that TLS connection, bounded waits."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import TupleRow

from gatehouse.settings import read_secret, secret_path, settings

BOUNDED_WAITS = {
    "connect_timeout": 5,  # seconds
    # A peer that vanished without a word is noticed after 30 s, whether we wait for it (keepalives) or it for us.
    "keepalives_idle": 15,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}
"""Parameters of libpq for every connection: nothing waits for ever."""


def parameters(login: str, password_file: str) -> dict[str, Any]:
    """Return libpq's connection parameters for `login`; its password is read from the secret file at each call.

    Raises:
        SecretError: if the file is missing, too open or malformed.
    """
    config = settings()
    return {
        "host": config.database_host,
        "port": config.database_port,
        "dbname": config.app_name,
        "user": login,
        "password": read_secret(password_file),
        "application_name": config.app_name,
        # Without both, whoever answers to the host's name could read along: https://www.postgresql.org/docs/17/libpq-ssl.html
        "sslmode": "verify-full",
        "sslrootcert": str(secret_path("database_ca.crt")),
        "channel_binding": "require",
        **BOUNDED_WAITS,
    }


def app_parameters() -> dict[str, Any]:
    """Return the parameters of the app's own login. Raises SecretError as `parameters` does."""
    return parameters("app_a", "app_a_password")


class _Connect:
    """A new connection as the app's own login, for a library that pools by itself; the password is read anew.

    `st.connection("sql", type="sql", url="postgresql+psycopg://", creator=gatehouse.connect)` is SQLAlchemy's. It tells
    Postgres no viewer, so row-level security gives it no row that is somebody's.
    """

    def __call__(self) -> psycopg.Connection[TupleRow]:
        return psycopg.connect(**app_parameters())

    def __reduce__(self) -> str:
        # The name of a global, by pickle's rules: st.connection hashes what it is given, and can't hash a function.
        return "connect"


connect = _Connect()
