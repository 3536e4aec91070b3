"""Desk's imports, receipts and search: all or nothing, for whom they are, and what hostile text does to them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

import filing
import gatehouse
import ledger
import people
import purchases
import receipts
from filing import NewRequest
from gatehouse import uploads
from integration.data.test_desk import PAYLOADS, STATE
from integration.postgres.server import Server
from support.viewing import seen_by
from unit.gatehouse.uploads.making import pdf, picture

Postgres = gatehouse.PostgresConnection

pytestmark = pytest.mark.usefixtures("postgres")
KEY = UUID(int=1)
REASON = "Needed for the tests"
FORGED: LiteralString = "insert into receipt (id, request_id, number, name, mime, content) select gen_random_uuid(), "
TEN_THOUSAND = [NewRequest(item=f"Chair {number}", amount=Decimal(1), reason=REASON) for number in range(10_000)]


@pytest.fixture(autouse=True)
def empty(server: Server) -> Iterator[None]:
    yield
    server.superuser("TRUNCATE app.person, app.purchase_request, app.receipt RESTART IDENTITY")


# --- import -----------------------------------------------------------------------------------------------------------


def test_ten_thousand_requests_are_filed_once_and_the_progress_is_told(server: Server) -> None:
    told: list[float] = []
    with seen_by("sam", "staff", groups=["Engineering"]):
        viewer = people.viewer()
        for _ in range(2):
            purchases.file_all(viewer, TEN_THOUSAND, KEY, told.append)
        assert purchases.own_totals(viewer) == {"filed": (10_000, Decimal(10_000))}
        assert len(purchases.own(viewer)) == 1000
        purchases.file_all(viewer, TEN_THOUSAND[:10], UUID(int=2), told.append)
    assert told[:20] == [number / 20 for number in range(1, 21)]
    assert server.superuser("SELECT count(*) FROM app.purchase_request") == "10010"


class TabIsGone(BaseException):
    """As Streamlit stops a script."""


def test_an_import_that_is_broken_off_files_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(done: float) -> None:
        if done > 0.9:
            raise TabIsGone

    def unwritten(*_: object, **__: object) -> None:
        raise psycopg.OperationalError

    with seen_by("sam", "staff", groups=["Engineering"]):
        viewer = people.viewer()
        with pytest.raises(TabIsGone):
            purchases.file_all(viewer, TEN_THOUSAND, KEY, leave)
        wrong = NewRequest.model_construct(item="x", amount=Decimal(1), reason=REASON)
        with pytest.raises(psycopg.errors.CheckViolation):
            purchases.file_all(viewer, [*TEN_THOUSAND[:999], wrong], KEY, lambda _done: None)
        monkeypatch.setattr(gatehouse, "audit", unwritten)
        with pytest.raises(psycopg.OperationalError):
            purchases.file_all(viewer, TEN_THOUSAND[:10], KEY, lambda _done: None)
        with pytest.raises(psycopg.OperationalError):
            purchases.file(viewer, TEN_THOUSAND[0], KEY)
    assert server.superuser("SELECT count(*) FROM app.purchase_request") == "0"


# --- receipts ---------------------------------------------------------------------------------------------------------


def document(name: str = "offer.pdf") -> uploads.File:
    return uploads.check(pdf(), uploads.Pdf(), name=name)


@pytest.fixture
def request_id() -> int:
    """A request of Sam's with a receipt, in Engineering."""
    with seen_by("sam", "staff", groups=["Engineering"]):
        viewer = people.viewer()
        purchases.file(viewer, TEN_THOUSAND[0], KEY)
        (filed,) = receipts.requests(viewer)
        assert receipts.add(viewer, filed["id"], document())
        return int(filed["id"])


@pytest.mark.parametrize(
    ("name", "role", "department", "seen"),
    [
        ("sam", "staff", "Engineering", True),
        ("ada", "staff", "Engineering", False),
        ("priya", "approver", "Engineering", True),
        ("noor", "approver", "Marketing", False),
        ("finn", "finance", "Finance", True),
        ("audra", "auditor", "Audit", True),
        ("ivan", "admin", "Engineering", False),
    ],
)
def test_whoever_sees_a_request_sees_its_receipts_without_any_where(  # noqa: PLR0913 -- a table of cases
    postgres: Postgres, request_id: int, name: str, role: str, department: str, *, seen: bool
) -> None:
    with seen_by(name, role, groups=[department]):
        viewer = people.viewer()
        found = postgres.query("select id, content from receipt")
        assert len(found) == seen
        if seen:
            (receipt,) = receipts.of_request(viewer, request_id)
            assert (receipt["name"], receipt["mime"], receipt["size"]) == ("offer.pdf", "application/pdf", len(pdf()))
            assert receipts.content(viewer, receipt["id"]) == pdf()


def test_nobody_and_the_readonly_login_see_no_receipt(postgres: Postgres, server: Server, request_id: int) -> None:
    assert request_id
    assert postgres.query("select * from receipt").empty
    with server.connect("readonly") as connection:
        assert connection.execute("select * from receipt").fetchall() == []


def test_a_receipt_is_added_by_the_requester_alone(request_id: int) -> None:
    for name, roles in (("ada", ["staff"]), ("priya", ["staff", "approver"]), ("finn", ["staff", "finance"])):
        with seen_by(name, *roles, groups=["Engineering"]):
            assert not receipts.add(people.viewer(), request_id, document())
    with seen_by("sam", "staff", groups=["Engineering"]):
        viewer = people.viewer()
        image = uploads.check(picture("png"), uploads.Image(), name="photo.png")
        assert receipts.add(viewer, request_id, image)
        assert not receipts.add(viewer, request_id, image), "a second click"
        assert [row["name"] for row in receipts.of_request(viewer, request_id)] == ["offer.pdf", "photo.png"]
        assert [receipts.add(viewer, request_id, document()) for _ in range(9)] == [True] * 8 + [False]
        assert receipts.content(viewer, uuid4()) is None


def test_nothing_is_added_to_what_was_refused(request_id: int) -> None:
    with seen_by("priya", "approver", groups=["Engineering"]):
        refusal = filing.Decision.model_validate({"decision": "refused", "comment": "no"})
        assert purchases.decide(people.viewer(), request_id, refusal)
    with seen_by("sam", "staff", groups=["Engineering"]):
        assert not receipts.add(people.viewer(), request_id, document())


@pytest.mark.parametrize(
    ("name", "statement", "error"),
    [
        ("ada", FORGED + "1, 2, 'x.pdf', 'application/pdf', 'x'", psycopg.errors.InsufficientPrivilege),
        # Who sees the request, but did not make it.
        ("priya", FORGED + "1, 2, 'x.pdf', 'application/pdf', 'x'", psycopg.errors.InsufficientPrivilege),
        ("sam", FORGED + "1, 11, 'x.pdf', 'application/pdf', 'x'", psycopg.errors.CheckViolation),
        ("sam", FORGED + "1, 1, 'x.pdf', 'application/pdf', 'x'", psycopg.errors.UniqueViolation),
        ("sam", FORGED + "1, 2, 'x.html', 'text/html', 'x'", psycopg.errors.CheckViolation),
        ("sam", FORGED + "1, 2, '../x.pdf', 'application/pdf', 'x'", psycopg.errors.CheckViolation),
        ("sam", FORGED + r"1, 2, '..\x.pdf', 'application/pdf', 'x'", psycopg.errors.CheckViolation),
        ("sam", FORGED + r"1, 2, e'a\r\nb.pdf', 'application/pdf', 'x'", psycopg.errors.CheckViolation),
        ("sam", FORGED + "1, 2, 'x.pdf', 'application/pdf', ''", psycopg.errors.CheckViolation),
        (
            "sam",
            FORGED + "1, 2, 'x.pdf', 'application/pdf', repeat('x', 5000001)::bytea",
            psycopg.errors.CheckViolation,
        ),
        ("sam", "update receipt set content = 'x'", psycopg.errors.InsufficientPrivilege),
        ("sam", "delete from receipt", psycopg.errors.InsufficientPrivilege),
    ],
)
def test_what_no_receipt_may_be_is_refused(
    postgres: Postgres, request_id: int, name: str, statement: LiteralString, error: type[psycopg.Error]
) -> None:
    assert request_id == 1
    with seen_by(name, "staff", *(["approver", "finance"] if name == "priya" else []), groups=["Engineering"]):
        people.viewer()
        with pytest.raises(error):
            postgres.execute(statement)


# --- hostile text -----------------------------------------------------------------------------------------------------


def test_hostile_text_in_files_and_searches_is_text(server: Server) -> None:
    """As an imported item and reason, a file's name, words to search, a department and a status to filter by."""
    before = server.superuser(STATE).split("|")
    written = io.StringIO()
    lines = [(f"{payload.strip()[:110]} item", "1", f"because of {payload}".strip()) for payload in PAYLOADS]
    csv.writer(written).writerows([("item", "amount", "reason"), *lines])
    table = uploads.check(written.getvalue().encode(), uploads.Csv(text=True), name="requests.csv")
    requests, faults = filing.requests_of(table)
    assert not faults
    with seen_by("sam", "staff", groups=["Engineering"]):
        viewer = people.viewer()
        purchases.file_all(viewer, requests, KEY, lambda _done: None)
        assert sorted((row["item"], row["reason"]) for row in purchases.own(viewer)) == sorted(
            (item.strip(), reason) for item, _, reason in lines
        )
        for payload in PAYLOADS[: receipts.MOST]:
            assert receipts.add(viewer, 1, document(uploads.safe_name(payload, "pdf")))
        kept = [row["name"] for row in receipts.of_request(viewer, 1)]
        assert kept == [uploads.safe_name(payload, "pdf") for payload in PAYLOADS[: receipts.MOST]]
    with seen_by("finn", "finance"):
        viewer = people.viewer()
        everything = ledger.search(viewer, "", None, None)
        assert len(everything) == len(PAYLOADS)
        rows = everything[["item", "reason", "requester"]].itertuples(index=False)
        texts = [" ".join(row).lower() for row in rows]
        for payload in PAYLOADS:
            words = filing.Search(words=payload).words
            found = ledger.search(viewer, words, None, None)
            assert len(found) == sum(words.lower() in text for text in texts), payload
            assert ledger.search(viewer, "", payload, None).empty
            assert ledger.search(viewer, "", None, payload).empty
        assert ledger.departments(viewer) == ["Engineering"]
    assert server.superuser(STATE).split("|")[2:] == before[2:]
