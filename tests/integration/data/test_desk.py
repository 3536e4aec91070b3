"""Desk's tables: what each role sees and changes, whatever is asked, and what hostile text does to them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

import gatehouse
import people
import purchases
from filing import Decision, NewRequest
from integration.postgres.server import Server
from support.command import ROOT
from support.viewing import seen_by

Postgres = gatehouse.PostgresConnection

pytestmark = pytest.mark.usefixtures("postgres")
# Text that would do something if any of it were read as SQL, one in a line, by what it goes for.
PAYLOADS = [
    line
    for line in Path(__file__).with_name("payloads.txt").read_text(encoding="utf-8").split("\n")
    if line and not line.startswith("# ")
]
YES = Decision(decision="approved", comment="")
EVERYTHING = "select item from purchase_request order by id"
FORGED = "insert into purchase_request (filing_key, requester_id, department, item, amount, reason) "
STATE = """
    select (select count(*) from app.person), (select count(*) from app.purchase_request),
        (select count(*) from pg_class
            where relnamespace = 'app'::regnamespace and relrowsecurity and relforcerowsecurity),
        (select md5(string_agg(c::text, ',' order by oid)) from (select oid, relname, relkind, relacl, relowner
            from pg_class where relnamespace in ('app'::regnamespace, 'gate'::regnamespace)) c)"""


@pytest.fixture(autouse=True)
def empty(server: Server) -> Iterator[None]:
    yield
    server.superuser("TRUNCATE app.person, app.purchase_request, app.receipt RESTART IDENTITY")


def request(item: str, reason: str = "Needed for the tests") -> NewRequest:
    return NewRequest.model_validate({"item": item, "amount": "10.00", "reason": reason})


@pytest.fixture
def filed(postgres: Postgres) -> None:
    """A request of each of three members of staff in two departments; Sam's is decided by Priya."""
    for name, department in (("sam", "Engineering"), ("ada", "Engineering"), ("mia", "Marketing")):
        with seen_by(name, "staff", groups=[department], email=f"{name}@example.com"):
            purchases.file(people.viewer(), request(f"chair of {name}"), uuid4())
    with seen_by("priya", "approver", groups=["Engineering"]):
        rows = purchases.of_department(people.viewer(), "filed")
        assert purchases.decide(people.viewer(), next(row["id"] for row in rows if "sam" in row["item"]), YES)


ALL = ["chair of sam", "chair of ada", "chair of mia"]


@pytest.mark.parametrize(
    ("name", "roles", "department", "items", "persons"),
    [
        ("sam", ["staff"], "Engineering", ["chair of sam"], ["priya", "sam"]),
        ("mia", ["staff"], "Marketing", ["chair of mia"], ["mia"]),
        ("mia", [], "Marketing", [], ["mia"]),
        ("priya", ["approver"], "Engineering", ["chair of sam", "chair of ada"], ["ada", "priya", "sam"]),
        ("noor", ["approver"], "Marketing", ["chair of mia"], ["mia", "noor"]),
        ("noor", ["approver"], None, [], ["noor"]),
        ("finn", ["finance"], "Finance", ALL, ["ada", "finn", "mia", "priya", "sam"]),
        ("audra", ["auditor"], "Audit", ALL, ["ada", "audra", "mia", "priya", "sam"]),
        ("adam", ["admin", "staffx", "finance,x", '"finance"'], "Engineering", [], ["adam"]),
    ],
)
@pytest.mark.usefixtures("filed")
def test_each_role_sees_its_rows_without_any_where(  # noqa: PLR0913, PLR0917 -- a table of cases
    postgres: Postgres, name: str, roles: list[str], department: str | None, items: list[str], persons: list[str]
) -> None:
    with seen_by(name, *roles, groups=[department] if department else []):
        people.viewer()
        assert postgres.query(EVERYTHING)["item"].tolist() == items
        assert sorted(postgres.query("select subject from person")["subject"]) == persons


@pytest.mark.usefixtures("filed")
def test_nobody_sees_anything(postgres: Postgres) -> None:
    assert postgres.query(EVERYTHING).empty
    assert postgres.query("select * from person").empty
    with seen_by("mia", "finance", issuer=""):
        assert postgres.query("select * from person").empty


@pytest.mark.parametrize(
    ("name", "roles", "statement"),
    [
        ("mia", ["staff"], "update purchase_request set status = 'approved', decided_by = 1, decided_at = now()"),
        ("mia", ["staff", "approver"], "update purchase_request set comment = 'my own'"),
        ("noor", ["approver"], "update purchase_request set comment = 'x' where department = 'Engineering'"),
        ("priya", ["approver"], "update purchase_request set comment = 'again' where status = 'approved'"),
        ("finn", ["finance", "auditor"], "update purchase_request set comment = 'x'"),
        ("sam", ["staff"], "update person set name = 'x' where subject <> 'sam'"),
    ],
)
@pytest.mark.usefixtures("filed")
def test_what_is_not_theirs_stays_as_it_is(
    postgres: Postgres, name: str, roles: list[str], statement: LiteralString
) -> None:
    department = {"mia": "Marketing", "noor": "Marketing"}.get(name, "Engineering")
    with seen_by(name, *roles, groups=[department]):
        people.viewer()
        assert postgres.execute(statement) == 0


@pytest.mark.parametrize(
    ("roles", "statement"),
    [
        (["staff", "approver"], "update purchase_request set amount = 1"),
        (["staff", "approver"], "update purchase_request set requester_id = 1"),
        (["staff", "approver", "finance"], "delete from purchase_request"),
        (["staff"], "delete from person"),
        (["staff"], "truncate purchase_request"),
        (["staff"], "alter table purchase_request disable row level security"),
        (["staff"], "drop policy own on purchase_request"),
        (
            ["approver"],
            "update purchase_request set status = 'approved', decided_at = now(), decided_by = requester_id",
        ),
        (["staff"], "insert into person (issuer, subject, name, email) values ('https://id.example', 'no', 'x', '')"),
        (["staff"], "update person set subject = 'sam2'"),
        (["staff"], FORGED + "select gen_random_uuid(), id + 1, 'Engineering', 'chair', 1, 'as somebody' from person"),  # noqa: S608
        (["staff"], FORGED + "select gen_random_uuid(), id, 'Marketing', 'chair', 1, 'in another part' from person"),  # noqa: S608
    ],
)
@pytest.mark.usefixtures("filed")
def test_what_nobody_may_is_refused(postgres: Postgres, roles: list[str], statement: LiteralString) -> None:
    with seen_by("eve", *roles, groups=["Engineering"]):
        people.viewer()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            postgres.execute(statement)


def test_an_owners_function_does_not_go_round_the_policies(server: Server, postgres: Postgres, filed: None) -> None:
    server.superuser("""
        CREATE FUNCTION app.all_items() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET search_path = app
            AS 'select item from purchase_request';
        ALTER FUNCTION app.all_items() OWNER TO owner; GRANT EXECUTE ON FUNCTION app.all_items() TO app_rw""")
    try:
        with seen_by("finn", "finance"):
            assert postgres.query("select all_items() as item").empty
    finally:
        server.superuser("DROP FUNCTION app.all_items()")


def test_hostile_text_is_text(server: Server, postgres: Postgres) -> None:
    """As a name, a department, an item, a reason, a comment, a parameter of LIKE, of a list and of an identifier."""
    assert len(set(PAYLOADS)) >= 100
    before, started = server.superuser(STATE), time.monotonic()
    for number, payload in enumerate(PAYLOADS):
        item, reason = f"{payload.strip():<3.120}"[:120].ljust(3, "."), f"because {payload}".strip().ljust(10, ".")
        key, subject = uuid4(), f"{payload} {number}"
        with seen_by(subject, "staff", name=payload, email=payload, groups=[payload]):
            wanted = NewRequest.model_validate({"item": item + "...", "amount": "1", "reason": reason})
            purchases.file(people.viewer(), wanted, key)
            purchases.file(people.viewer(), wanted, key)
            (own,) = purchases.own(people.viewer())
            assert (own["item"], own["reason"]) == (wanted.item, wanted.reason)
        with seen_by("boss", "approver", "finance", name=f"boss {payload}", groups=[payload]):
            boss = people.viewer()
            (waiting,) = purchases.of_department(boss, "filed")
            assert (waiting["item"], waiting["requester"]) == (wanted.item, payload)
            comment = Decision.model_validate({"decision": "refused", "comment": payload})
            assert purchases.decide(boss, waiting["id"], comment)
            (decided,) = purchases.of_department(boss, "decided")
            assert (decided["comment"], decided["decided_by"]) == (comment.comment, f"boss {payload}")
        with seen_by(subject, "staff", name=payload, groups=[payload]):
            assert len(postgres.query(EVERYTHING)) == 1
            like = "select item from purchase_request where strpos(item, :x) > 0 or item like :x or item = any(:list)"
            assert len(postgres.query(like, {"x": wanted.item, "list": [payload, wanted.item]})) == 1
            named = psycopg.sql.SQL("select item as {} from purchase_request order by {}").format(
                psycopg.sql.Identifier(payload), psycopg.sql.Identifier("id")
            )
            # Postgres cuts a name off at 63 bytes.
            assert postgres.query(named).columns.tolist() == [payload.encode()[:63].decode(errors="ignore")]
            unknown = psycopg.sql.SQL("select 1 from {}").format(psycopg.sql.Identifier(payload))
            with pytest.raises(psycopg.errors.UndefinedTable):
                postgres.query(unknown)
    after = server.superuser(STATE)
    persons, requests, *rest = after.split("|")
    assert (int(persons), int(requests)) == (len(PAYLOADS) + 1, len(PAYLOADS))
    assert rest == before.split("|")[2:]
    assert time.monotonic() - started < len(PAYLOADS) / 2, "something slept"


def test_hostile_text_is_shown_as_text(postgres: Postgres) -> None:
    for payload in ("<script>alert(1)</script>", "**bold** [x](javascript:alert(1))", "' or 1=1 -- :red[x]"):
        with seen_by(payload, "staff", groups=["Shown"]):
            purchases.file(people.viewer(), request(payload), uuid4())
        app = AppTest.from_file(ROOT / "app/desk/main.py")
        app.secrets["connections"] = {"postgres": postgres._secrets.to_dict()}  # noqa: SLF001
        app.user = {
            "is_logged_in": True, "iss": "https://id.example", "sub": payload, "name": payload, "email": payload,
            "roles": ["staff"], "groups": ["Shown"],
        }  # fmt: skip
        app.run()
        assert not app.exception
        assert app.dataframe[0].value["item"].tolist() == [payload]
        assert [text.value for text in app.sidebar.text] == [payload, payload]
        assert not any(payload in markdown.value for markdown in app.markdown)


def test_demo_data_is_seeded_and_seen_by_role(server: Server, postgres: Postgres) -> None:
    seed = Path(ROOT / "app/desk/demo/seed.sql").read_text(encoding="utf-8")
    with server.connect("migrator") as connection:
        for _ in range(2):
            connection.execute("SET ROLE owner")
            connection.execute("SELECT set_config('gatehouse.issuer', 'https://id.example', false)")
            connection.execute(seed.encode())
    with seen_by("5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a04", "finance"):
        assert postgres.query("select count(*) as n from purchase_request")["n"][0] == 65
    with seen_by("5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01", "staff", groups=["Engineering"]):
        own = purchases.own(people.viewer())
        assert len(own) == postgres.query("select count(*) as n from purchase_request")["n"][0]
