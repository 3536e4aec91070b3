"""What pages of the example app do with what people choose, on a database that takes everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import gatehouse
import ledger
import people
import purchases
import receipts
from filing import NewRequest
from gatehouse.sessions import OpenSession
from unit.gatehouse.uploads.making import picture

Open = Callable[..., AppTest]
NOW = datetime.now(UTC)


@pytest.fixture
def opened(desk: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page of the app as somebody with one role."""
    monkeypatch.setattr(people, "_remember", lambda _viewer: 1)

    def run(role: str, page: str = "") -> AppTest:
        app = AppTest.from_file(desk / "main.py", default_timeout=20)
        app.user = claims | {"roles": [role]}
        if page:
            app.switch_page(page)
        app.run()
        assert not app.exception
        return app

    return run


# --- import -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def filed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[NewRequest], UUID]]:
    """What was filed from files, with the key of each import."""
    calls: list[tuple[Sequence[NewRequest], UUID]] = []

    def file_all(
        _viewer: object, requests: Sequence[NewRequest], key: UUID, progress: Callable[[float], object]
    ) -> None:
        progress(1.0)
        calls.append((requests, key))

    monkeypatch.setattr(purchases, "file_all", file_all)
    monkeypatch.setattr(purchases, "own", lambda _viewer: [])
    monkeypatch.setattr(purchases, "own_totals", lambda _viewer: {})
    return calls


def choose(app: AppTest, content: str, name: str = "requests.csv") -> None:
    app.file_uploader[0].set_value((name, content.encode(), "text/csv")).run()
    assert not app.exception


def test_a_file_is_filed_once(opened: Open, filed: list[tuple[Sequence[NewRequest], UUID]]) -> None:
    app = opened("staff", "views/imports.py")
    choose(app, "item,amount,reason\nChair,10,Needed for the tests\nDesk,20.5,Needed for the tests\n")
    assert [metric.value for metric in app.metric] == ["2", "€30.50"]
    app.button[0].click().run()
    assert [button.label for button in app.button] == ["Sign out"]
    assert "are filed" in app.success[0].value
    assert [[one.item for one in requests] for requests, _ in filed] == [["Chair", "Desk"]]


def test_the_same_file_chosen_anew_is_another_import(
    opened: Open, filed: list[tuple[Sequence[NewRequest], UUID]]
) -> None:
    app = opened("staff", "views/imports.py")
    for _ in range(2):
        choose(app, "item,amount,reason\nChair,10,Needed for the tests\n")
        app.button[0].click().run()
        app.file_uploader[0].set_value(None).run()
    assert len({key for _, key in filed}) == 2


def test_faults_of_a_file_are_listed_by_line_and_it_cannot_be_filed(opened: Open) -> None:
    app = opened("staff", "views/imports.py")
    choose(app, "item,amount,reason\n" + "Chair,10,Needed for the tests\n" + "<b>x</b>,-1,Needed for the tests\n" * 150)
    assert "Nothing is filed yet" in app.error[0].value
    shown = app.dataframe[0].value
    assert shown["Line"].tolist() == list(range(3, 103))
    assert "of 150" in app.caption[0].value
    assert [button.label for button in app.button] == ["Sign out"]


def test_a_file_that_is_none_is_refused_in_a_sentence(opened: Open) -> None:
    app = opened("staff", "views/imports.py")
    choose(app, "item,amount,reason\n" + "Chair,10,Needed for the tests\n" * 10_001)
    assert [error.value for error in app.error] == ["The table has more than 10,000 rows; split it into smaller ones."]


# --- receipts ---------------------------------------------------------------------------------------------------------

REQUEST = {
    "id": 7,
    "item": "**Chair** <b>x</b>",
    "amount": Decimal(10),
    "status": "filed",
    "department": "IT",
    "is_own": True,
}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, str]]:
    """What was added: the request, name and type of file."""
    added: list[tuple[int, str, str]] = []

    def add(_viewer: object, request: int, file: gatehouse.uploads.File) -> bool:
        added.append((request, file.name, file.mime))
        return True

    monkeypatch.setattr(receipts, "requests", lambda _viewer: [REQUEST])
    monkeypatch.setattr(receipts, "of_request", lambda *_arguments: [])
    monkeypatch.setattr(receipts, "add", add)
    return added


def test_a_picture_is_kept_and_a_web_page_is_not(opened: Open, kept: list[tuple[int, str, str]]) -> None:
    app = opened("staff", "views/receipts.py")
    for name, content in (("a.png", b"<script>alert(1)</script>"), ("r e.png", picture("png"))):
        app.file_uploader[0].set_value((name, content, "image/png"))
        next(button for button in app.button if button.label == "Add").click().run()
        assert not app.exception
    assert kept == [(7, "r e.png", "image/png")]


def test_whose_request_it_is_not_sees_and_adds_nothing(
    opened: Open, kept: list[tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "requests", lambda _viewer: [REQUEST | {"is_own": False}])
    app = opened("finance", "views/receipts.py")
    assert not app.file_uploader
    assert not any("Chair" in shown.value for shown in app.markdown)


# --- all requests, audit, sessions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_words_that_are_no_text_are_refused_beside_the_field(
    opened: Open, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []

    def search(_viewer: object, *given: object) -> pd.DataFrame:
        asked.append(given)
        return pd.DataFrame({"amount": []})

    monkeypatch.setattr(ledger, "departments", lambda _viewer: ["IT"])
    monkeypatch.setattr(ledger, "search", search)
    app = opened(role, "views/ledger.py")
    app.text_input[0].set_value("' or 1=1 --").run()
    app.text_input[0].set_value("a\0b").run()
    assert not app.exception
    assert app.error
    assert asked == [("", None, None), ("' or 1=1 --", None, None)]


def test_an_auditor_pages_back_through_what_was_asked_for(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def trail(**given: object) -> list[gatehouse.AuditEntry]:
        asked.append(given)
        newest = int(str(given["before"] or 151)) - 1
        return [
            gatehouse.AuditEntry(id, NOW, "i", "s", "<b>Sam</b>", "0123abcd", "request.filed", "request 1", {"x": "ü"})
            for id in range(newest, max(0, newest - 100), -1)  # noqa: A001
        ]

    monkeypatch.setattr(gatehouse, "audit_trail", trail)
    app = opened("auditor", "views/audit.py")
    assert app.dataframe[0].value["Detail"][0] == '{"x": "ü"}'
    next(button for button in app.button if button.label == "Older").click().run()
    assert (asked[-1]["before"], len(app.dataframe[0].value)) == (51, 50)
    app.text_input[0].set_value("request 1").run()
    assert (asked[-1]["before"], asked[-1]["object"]) == (None, "request 1")


def test_an_admin_ends_another_session_and_not_the_own(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def session(id: str, name: str, *, mine: bool = False) -> OpenSession:  # noqa: A002
        roles: frozenset[str] = frozenset()
        hour = NOW - timedelta(hours=1)
        return OpenSession(id, "i", name, f"{name} **x**", f"{name}@x", roles, "default", hour, NOW, mine=mine)

    found = [session("1", "sam"), session("2", "sam"), session("3", "ivan", mine=True)]
    ended: list[object] = []
    monkeypatch.setattr(gatehouse.sessions, "open_sessions", lambda: found)

    def end(id: str) -> bool:  # noqa: A002
        ended.append(id)
        return True

    def end_all(*account: str) -> int:
        ended.append(account)
        return 2

    monkeypatch.setattr(gatehouse.sessions, "end", end)
    monkeypatch.setattr(gatehouse.sessions, "end_all", end_all)
    app = opened("admin", "views/sessions.py")
    assert {button.key for button in app.button} >= {"end-1", "end-2", "all-1"}
    assert not [button for button in app.button if button.key in ("end-3", "all-3")]
    assert not any("**x**" in shown.value for shown in app.markdown)
    app.button(key="end-2").click().run()
    app.button(key="all-1").click().run()
    assert not app.exception
    assert ended == ["2", ("i", "sam")]
    app.text_input[0].set_value("IVAN").run()
    assert not [button for button in app.button if button.key == "end-1"]
