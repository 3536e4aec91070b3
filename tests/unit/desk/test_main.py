from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import ledger
import people
import purchases


@pytest.fixture
def app(desk: Path) -> AppTest:
    return AppTest.from_file(desk / "main.py")


@pytest.fixture
def empty_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_remember", lambda _viewer: 1)
    for query in ("own", "of_department"):
        monkeypatch.setattr(purchases, query, lambda *_arguments: [])
    monkeypatch.setattr(purchases, "own_totals", lambda _viewer: {})
    monkeypatch.setattr(ledger, "spending", lambda *_arguments: [])
    monkeypatch.setattr(ledger, "waiting_amount", lambda _viewer: 0)
    monkeypatch.setattr(ledger, "departments", lambda _viewer: [])
    monkeypatch.setattr(ledger, "search", lambda *_arguments: pd.DataFrame({"amount": []}))


@pytest.mark.usefixtures("no_database")
def test_anonymous_visitor_sees_the_sign_in_alone(app: AppTest) -> None:
    app.user = {"is_logged_in": False}
    app.run()
    assert not app.exception
    assert [button.label for button in app.button] == ["Sign in"]
    assert not app.sidebar.children
    assert not app.title


@pytest.mark.parametrize(
    ("role", "title", "empty"),
    [
        ("staff", "My requests", "You have not asked for anything yet"),
        ("approver", "Approvals", "Nothing waits for you"),
        ("finance", "Spending", "Nothing was approved in this period"),
        ("auditor", "All requests", "No request is like that"),
        ("admin", "Sessions", "Nobody like that is signed in"),
        ("baker", "Nothing here for you yet", "Ask the person who looks after accounts"),
    ],
)
@pytest.mark.usefixtures("empty_tables")
def test_each_role_starts_on_its_page(
    app: AppTest, claims: dict[str, object], role: str, title: str, empty: str
) -> None:
    app.user = claims | {"roles": [role]}
    app.run()
    assert not app.exception
    assert [shown.value for shown in app.title] == [title]
    assert any(empty in shown.value for shown in app.info)


@pytest.mark.usefixtures("empty_tables")
def test_without_any_sign_in_a_made_up_developer_tries_the_app(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_DEV_USER", "Ada Byron <ada@example.com>")
    monkeypatch.setenv("GATEHOUSE_DEV_ROLES", "finance")
    app.user = {}
    app.run()
    assert not app.exception
    assert [shown.value for shown in app.title] == ["Spending"]
    assert [shown.value for shown in app.sidebar.text] == ["Ada Byron", "ada@example.com"]


@pytest.mark.usefixtures("empty_tables")
def test_name_and_address_are_shown_as_they_are(app: AppTest, claims: dict[str, object]) -> None:
    app.user = claims | {"name": "**Sam** <b>Okafor</b>"}
    app.run()
    assert [shown.value for shown in app.sidebar.text] == ["**Sam** <b>Okafor</b>", "sam@example.com"]
    assert not any("Okafor" in shown.value for shown in app.markdown)


@pytest.mark.usefixtures("no_database")
def test_database_down_is_one_kind_sentence(app: AppTest, claims: dict[str, object]) -> None:
    app.user = claims
    app.run()
    assert not app.exception
    assert [shown.value.split(":")[0] for shown in app.error] == [
        "The database does not answer right now. Nothing of yours is lost"
    ]
