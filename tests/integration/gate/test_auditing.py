"""The audit trail against our Postgres: who it was is the session's, and what is written stays."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias
from uuid import uuid4

import psycopg
import pytest
import streamlit as st
from psycopg.errors import InsufficientPrivilege

import gatehouse
from gatehouse.gate import live
from gatehouse.gate.policy import Policy
from gatehouse.gate.session import Session
from gatehouse.gate.store import Store
from gatehouse.identity import NoSession
from integration.gate.conftest import ISSUER, sign_in
from integration.postgres.server import Query, Server

pytestmark = pytest.mark.anyio

WRITE: Query = "SELECT audit.write(%s, 'forged', 'x', '{}')"
Seen: TypeAlias = Callable[[Session | None], None]


@pytest.fixture(autouse=True)
def trail(server: Server) -> None:
    """No entries before, as only the owner can see to."""
    server.superuser("TRUNCATE audit.entry RESTART IDENTITY")


@pytest.fixture
async def gate(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[live.Live]:
    """The registry that scripts ask, as the gate installs it, and a connection of the test's own."""
    registry = live.Live(store, Policy(), 500)
    registry.trust(lambda: True)
    monkeypatch.setattr(live, "active", True)
    monkeypatch.setattr(live, "_instance", registry)
    yield registry
    st.cache_resource.clear()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Make this thread's script that of a session: the gate puts its id into the handshake."""
    mine = threading.local()

    def context() -> SimpleNamespace:
        session = getattr(mine, "session", None)
        return SimpleNamespace(headers=[("X-Gatehouse-Session", str(session.id))] if session else [])

    monkeypatch.setattr("streamlit.runtime.context._get_client_context", context)
    return lambda session: setattr(mine, "session", session)


def postgres() -> gatehouse.PostgresConnection:
    return st.connection("postgres", type=gatehouse.PostgresConnection)


async def begin(gate: live.Live, store: Store, subject: str = "sam", **claims: object) -> Session:
    new = sign_in(subject, claims={"sub": subject, "name": f"{subject.title()} Doe", **claims})
    _, cookie = await store.begin(new, attempt=str(uuid4()), replaces=None)
    found = await gate.find(cookie)
    assert found
    return found


async def test_who_it_was_is_the_sessions_and_when_is_the_databases(gate: live.Live, store: Store, seen: Seen) -> None:
    session = await begin(gate, store)
    seen(session)
    gatehouse.audit("request.approved", "request 17", amount=10.5, subject="mia", name="Mia", issuer="x", at="never")
    (entry,) = gatehouse.audit_trail()
    assert (entry.issuer, entry.subject, entry.name) == (ISSUER, "sam", "Sam Doe")
    assert str(session.id).startswith(entry.session)
    assert (entry.action, entry.object) == ("request.approved", "request 17")
    assert entry.detail == {"amount": 10.5, "subject": "mia", "name": "Mia", "issuer": "x", "at": "never"}
    assert abs(entry.at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "", "preferred_username": "sam1"}, "sam1"),
        ({"name": None, "email": "sam@example.com"}, "sam@example.com"),
        ({"name": None}, "Unnamed"),
        ({"name": "x" * 300}, "x" * 200),
    ],
)
async def test_the_name_is_the_viewers(
    gate: live.Live, store: Store, seen: Seen, claims: dict[str, Any], name: str
) -> None:
    seen(await begin(gate, store, **claims))
    gatehouse.audit("looked", "x")
    assert gatehouse.audit_trail()[0].name == name == gatehouse.viewer().name[:200]


async def test_a_name_is_that_of_the_time(gate: live.Live, store: Store, seen: Seen, server: Server) -> None:
    seen(await begin(gate, store))
    gatehouse.audit("looked", "x")
    server.superuser('UPDATE gate.session SET claims = claims || \'{"name": "Sam Roe"}\'')
    gatehouse.audit("looked", "x")
    assert [entry.name for entry in gatehouse.audit_trail()] == ["Sam Roe", "Sam Doe"]


async def test_nobody_without_an_open_session_writes(gate: live.Live, store: Store, seen: Seen) -> None:
    session = await begin(gate, store)
    for nobody in (None, SimpleNamespace(id=uuid4()), SimpleNamespace(id="' OR true --")):
        seen(nobody)  # type: ignore[arg-type]
        with pytest.raises(NoSession):
            gatehouse.audit("looked", "x")
        with pytest.raises(NoSession):
            gatehouse.audit_trail()
    # Ended by another replica a moment ago: this process does not know yet.
    await store.end(session.id, "operator")
    seen(session)
    assert gatehouse.viewer().subject == "sam"
    with pytest.raises(NoSession, match="the session of this tab is over"):
        gatehouse.audit("looked", "x")
    seen(await begin(gate, store, "mia"))
    assert gatehouse.audit_trail() == []


async def test_it_goes_with_the_authors_transaction_or_by_itself(gate: live.Live, store: Store, seen: Seen) -> None:
    seen(await begin(gate, store))

    def fail() -> None:
        with postgres().transaction() as cursor:
            gatehouse.audit("by.itself", "x")
            gatehouse.audit("rolled.back", "x", transaction=cursor)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with postgres().transaction() as cursor:
        cursor.execute("SELECT generate_series(1, 3)")
        gatehouse.audit("committed", "x", transaction=cursor)
        assert len(cursor.fetchall()) == 3, "the author's rows are still there to fetch"
        assert [entry.action for entry in gatehouse.audit_trail()] == ["by.itself"]
    assert [entry.action for entry in gatehouse.audit_trail()] == ["committed", "by.itself"]


async def test_a_transaction_of_another_database_is_named(
    gate: live.Live, store: Store, seen: Seen, server: Server
) -> None:
    seen(await begin(gate, store))
    other = closing(server.connect("keycloak", "keycloak"))
    with other as connection, pytest.raises(gatehouse.AuditError, match="^transaction: is of another database"):
        gatehouse.audit("looked", "x", transaction=connection)


async def test_a_detail_that_postgres_writes_longer_is_refused(gate: live.Live, store: Store, seen: Seen) -> None:
    seen(await begin(gate, store))
    gatehouse.audit("looked", "x", words=["x"] * 1600)
    with pytest.raises(gatehouse.AuditError, match="^detail: too large as Postgres writes it"):
        gatehouse.audit("looked", "x", numbers=[1e308] * 1000)
    assert len(gatehouse.audit_trail()) == 1


async def test_of_many_writers_at_once_nothing_is_lost_or_mixed(gate: live.Live, store: Store, seen: Seen) -> None:
    people = [await begin(gate, store, f"person-{number}") for number in range(8)]

    def write(session: Session) -> None:
        seen(session)
        for number in range(25):
            if number % 2:
                gatehouse.audit("counted", number, me=session.subject)
            else:
                with postgres().transaction() as cursor:
                    gatehouse.audit("counted", number, me=session.subject, transaction=cursor.connection)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, people))
    seen(people[0])
    entries = gatehouse.audit_trail(limit=1000)
    assert len(entries) == 8 * 25
    assert {(entry.subject, entry.object) for entry in entries} == {
        (session.subject, str(number)) for session in people for number in range(25)
    }
    sessions = {session.subject: str(session.id) for session in people}
    for entry in entries:
        assert entry.detail["me"] == entry.subject
        assert sessions[entry.subject].startswith(entry.session)


async def test_it_is_read_newest_first_in_pages(gate: live.Live, store: Store, seen: Seen) -> None:
    for subject in ("sam", "mia"):
        seen(await begin(gate, store, subject))
        for number in range(5):
            gatehouse.audit("even" if number % 2 == 0 else "odd", f"thing {number}")
    pages = [gatehouse.audit_trail(limit=4)]
    while pages[-1]:
        pages.append(gatehouse.audit_trail(limit=4, before=pages[-1][-1].id))
    assert [len(page) for page in pages] == [4, 4, 2, 0]
    ids = [entry.id for page in pages for entry in page]
    assert ids == sorted(set(ids), reverse=True)
    found = gatehouse.audit_trail(action="even", object="thing 2", subject="sam")
    assert [(entry.subject, entry.object) for entry in found] == [("sam", "thing 2")]


# --- what the app's logins may do in SQL, injected SQL included ----------------------------------------------------


@pytest.mark.parametrize("login", ["app_a", "app_b", "readonly", "migrator", "gate"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entry SET subject = 'mia'",
        "DELETE FROM audit.entry",
        "TRUNCATE audit.entry",
        "INSERT INTO audit.entry OVERRIDING SYSTEM VALUE VALUES (1, now(), 'x', 'mia', 'M', gen_random_uuid())",
        "SELECT session_id FROM audit.entry",
        "SELECT * FROM audit.entry FOR UPDATE",
        "ALTER TABLE audit.entry DISABLE TRIGGER ALL",
        "ALTER TABLE audit.entry OWNER TO CURRENT_USER",
        "ALTER SEQUENCE audit.entry_id_seq RESTART",
        "SELECT setval('audit.entry_id_seq', 1)",
        "SELECT nextval('audit.entry_id_seq')",
        "DO 'BEGIN LOCK TABLE audit.entry; END'",
        "CREATE RULE quiet AS ON INSERT TO audit.entry DO INSTEAD NOTHING",
        "CREATE TRIGGER quiet BEFORE INSERT ON audit.entry EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DROP TABLE audit.entry CASCADE",
        "UPDATE audit.trail SET action = 'forged'",
        "DELETE FROM audit.trail",
        "INSERT INTO audit.trail (action) VALUES ('forged')",
        "DROP VIEW audit.trail",
        "CREATE OR REPLACE VIEW audit.trail AS SELECT 1",
        "CREATE OR REPLACE FUNCTION audit.write(uuid, text, text, jsonb) RETURNS void LANGUAGE sql AS 'SELECT'",
        "ALTER FUNCTION audit.write SECURITY INVOKER",
        "DROP FUNCTION audit.write",
        "DROP SCHEMA audit CASCADE",
        "ALTER SCHEMA audit OWNER TO CURRENT_USER",
        "CREATE TABLE audit.mine ()",
        "GRANT ALL ON audit.entry TO CURRENT_USER",
        "SET ROLE gate_owner",
    ],
)
def test_no_login_of_the_app_changes_or_deletes(server: Server, login: str, statement: Query) -> None:
    with closing(server.connect(login)) as connection:
        connection.execute("SET default_transaction_read_only = off")
        if login == "migrator":
            connection.execute("SET ROLE owner")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("login", ["readonly", "migrator", "gate", "gate_migrator"])
def test_only_the_apps_own_logins_write_and_read(server: Server, login: str) -> None:
    with closing(server.connect(login)) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement, values in ((WRITE, [uuid4()]), ("SELECT * FROM audit.trail", [])):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(statement, values)


async def test_the_apps_sql_names_nobody(gate: live.Live, store: Store, seen: Seen, server: Server) -> None:
    """It would have to know the id of an open session, and nothing that it can read holds one."""
    session = await begin(gate, store)
    seen(session)
    gatehouse.audit("looked", "x")
    with closing(server.connect("app_a")) as connection:
        for guess in (uuid4(), None, str(session.id)[:8] + "-0000-0000-0000-000000000000"):
            with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
                connection.execute(WRITE, [guess])
        readable = str(connection.execute("SELECT * FROM audit.trail").fetchall())
        with suppress(psycopg.Error):
            readable += str(connection.execute("SELECT * FROM pg_stat_activity").fetchall())
        assert str(session.id) not in readable
        # A table in the way of the function's own: its search path is fixed.
        connection.execute("SET search_path = app, pg_temp")
        with pytest.raises(InsufficientPrivilege):
            connection.execute("CREATE TEMPORARY TABLE session (id uuid)")
        connection.execute(WRITE, [session.id])
    # Who does know it writes as that person: never as another than the session's.
    assert [entry.subject for entry in gatehouse.audit_trail()] == ["sam", "sam"]


async def test_the_tables_hold_the_shape_too(gate: live.Live, store: Store, server: Server, place: Path) -> None:
    session = await begin(gate, store)
    with closing(server.connect("app_a")) as connection:
        for values in (
            ("Not a name", "x", "{}"),
            ("ok", "", "{}"),
            ("ok", "x" * 201, "{}"),
            ("ok", "x", "[]"),
            ("ok", "x", f'{{"a": "{"x" * 17000}"}}'),
        ):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute("SELECT audit.write(%s, %s, %s, %s::jsonb)", [session.id, *values])
