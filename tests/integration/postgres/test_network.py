"""Who gets in over the network, and what the log keeps of it."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from integration.postgres.server import Server

LOGINS = ["app_a", "app_b", "gate", "gate_migrator", "keycloak", "migrator", "monitor", "readonly"]


@pytest.mark.parametrize("login", ["app_a", "migrator", "keycloak", "postgres"])
def test_plain_tcp_is_refused(server: Server, login: str) -> None:
    database = "keycloak" if login == "keycloak" else "app"
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection .* no encryption"):
        server.connect(login, database, sslmode="disable", channel_binding="disable", password="any")


def test_tls_older_than_1_3_is_refused(server: Server) -> None:
    with closing(server.connect("app_a")) as connection:
        assert connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (
            "TLSv1.3",
        )
    with pytest.raises(psycopg.OperationalError, match="protocol version"):
        server.connect("app_a", ssl_max_protocol_version="TLSv1.2")


@pytest.mark.parametrize("password", ["", "wrong", "postgres"])
def test_a_wrong_password_is_refused(server: Server, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        server.connect("app_a", password=password)


def test_the_superuser_is_refused_over_the_network(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects"):
        server.connect("postgres", password="any")


def test_the_superuser_has_no_password_and_logins_have_verifiers(server: Server) -> None:
    stored = server.superuser("SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$4096:%' ORDER BY 1")
    assert stored.split() == LOGINS
    others = server.superuser("SELECT count(*) FROM pg_authid WHERE rolpassword NOT LIKE 'SCRAM-SHA-256$4096:%'")
    assert others == "0"
    assert server.superuser("SELECT rolpassword IS NULL FROM pg_authid WHERE rolsuper") == "t"


def test_only_the_superuser_gets_in_over_the_socket(server: Server) -> None:
    assert server.superuser("SELECT session_user") == "postgres"
    result = server.shell("psql -XAt -U app_a -d app -c 'SELECT 1'", check=False)
    assert result.returncode != 0
    assert "pg_hba.conf rejects" in result.stderr


def test_data_pages_have_checksums(server: Server) -> None:
    assert server.superuser("SHOW data_checksums") == "on"


def test_the_log_tells_who_failed_but_nothing_of_statements_or_secrets(server: Server) -> None:
    with closing(server.connect("app_a")) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM missing WHERE name = %s", ("CANARY parameter",))
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT 'CANARY literal', cast(%s AS text)::xml::text::int", ("<a>1</a>",))
    with pytest.raises(psycopg.OperationalError):
        server.connect("readonly", password="CANARY password")
    server.roles()
    log = server.logs()
    assert 'password authentication failed for user "readonly"' in log
    assert 'relation "missing" does not exist' in log
    assert "CANARY" not in log
    for login in LOGINS:
        assert server.password(login) not in log
    assert "SCRAM-SHA-256$" not in log
    assert "STATEMENT" not in log
