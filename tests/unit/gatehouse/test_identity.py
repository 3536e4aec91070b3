from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

import gatehouse
from gatehouse.gate.session import Session

SCRIPT = """
import streamlit as st
import gatehouse
person = gatehouse.viewer()
st.session_state["person"] = person
"""

CLAIMS = {"iss": "https://id.example", "sub": "1", "name": "Sam", "email": "sam@example.com", "roles": ["staff"]}


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_string(SCRIPT)


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "ROLES", "GROUPS", "ISSUER", "SUBJECT"):
        monkeypatch.delenv(f"GATEHOUSE_DEV_{name}", raising=False)
    monkeypatch.delitem(sys.modules, "gatehouse.gate.live", raising=False)


def person(app: AppTest) -> gatehouse.Viewer:
    app.run()
    assert not app.exception
    found = app.session_state["person"]
    assert isinstance(found, gatehouse.Viewer)
    return found


Behind = Callable[[Session | None], None]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Behind:
    """Put a gate in front of the script, whose handshake carries the id of `session`."""

    def stand(session: Session | None) -> None:
        known = {str(session.id): session} if session else {}
        live = SimpleNamespace(active=True, claims_of=known.get)
        monkeypatch.setitem(sys.modules, "gatehouse.gate.live", live)
        headers = [("X-Gatehouse-Session", name) for name in known]
        monkeypatch.setattr("streamlit.runtime.context._get_client_context", lambda: SimpleNamespace(headers=headers))

    return stand


def session(*, ended_at: datetime | None = None) -> Session:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "id": uuid4(),
        "provider": "corp",
        "issuer": "https://id.example",
        "subject": "1",
        "sid": None,
        "claims": CLAIMS | {"groups": ["B", "A"]},
        "created_at": now,
        "active_at": now,
        "checked_at": now,
        "expires_at": now,
        "reauth_at": None,
        "refreshable": True,
    }
    return Session(**given, ended_at=ended_at)


def test_behind_the_gate_it_is_the_session_whatever_streamlit_says(app: AppTest, behind: Behind) -> None:
    behind(session())
    app.user = {"is_logged_in": True, "iss": "https://id.example", "sub": "2", "name": "Eve", "roles": ["admin"]}
    found = person(app)
    assert (found.subject, found.name, found.provider, found.groups) == ("1", "Sam", "corp", ("B", "A"))
    assert found.has("staff")
    assert not found.has("admin")


@pytest.mark.parametrize("ended", [None, session(ended_at=datetime.now(UTC))])
@pytest.mark.parametrize("user", [{}, CLAIMS | {"is_logged_in": True}])
def test_behind_the_gate_nobody_is_made_up(
    app: AppTest, behind: Behind, ended: Session | None, user: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_DEV_ROLES", "admin")
    behind(ended)
    app.user = user
    app.run()
    assert [shown.message for shown in app.exception] == ["the session of this tab is over"]
    assert "person" not in app.session_state


def test_what_a_script_does_to_the_claims_never_reaches_the_session(app: AppTest, behind: Behind) -> None:
    shared = session()
    behind(shared)
    found = person(app)
    found.claims["roles"].append("admin")
    with pytest.raises(TypeError):
        found.claims["roles"] = ["admin"]  # type: ignore[index]
    assert shared.claims["roles"] == ["staff"]
    assert not person(app).has("admin")


def test_plain_streamlit_with_a_sign_in_is_that_person(app: AppTest) -> None:
    app.user = CLAIMS | {"is_logged_in": True, "tokens": {"id": "secret"}, "provider": "corp"}
    found = person(app)
    assert (found.issuer, found.subject, sorted(found.roles), found.provider) == (CLAIMS["iss"], "1", ["staff"], "corp")
    assert found.claims == CLAIMS


@pytest.mark.parametrize(
    ("auth", "labels"),
    [
        ({"client_id": "x"}, ["Sign in"]),
        ({"google": {"client_id": "x"}}, ["Sign in"]),
        (
            {"client_id": "x", "google": {"client_id": "x"}, "other": 1},
            ["Sign in with default", "Sign in with google"],
        ),
    ],
)
def test_plain_streamlit_asks_strangers_to_sign_in(app: AppTest, auth: dict[str, Any], labels: list[str]) -> None:
    app.user = {"is_logged_in": False}
    app.secrets["auth"] = auth
    app.run()
    assert [button.label for button in app.button] == labels
    assert "person" not in app.session_state


def test_without_auth_it_is_a_developer_without_roles(app: AppTest) -> None:
    app.user = {}
    found = person(app)
    assert (found.name, found.email, found.roles) == ("Developer", "developer@localhost", frozenset())


def test_the_developer_can_be_described(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_DEV_USER", "Ada Byron <ada@company.com>")
    monkeypatch.setenv("GATEHOUSE_DEV_ROLES", "staff, approver,")
    monkeypatch.setenv("GATEHOUSE_DEV_GROUPS", "Engineering")
    monkeypatch.setenv("GATEHOUSE_DEV_ISSUER", "https://id.company.com")
    monkeypatch.setenv("GATEHOUSE_DEV_SUBJECT", "ada-1")
    app.user = {}
    found = person(app)
    assert (found.name, found.email) == ("Ada Byron", "ada@company.com")
    assert found.roles == {"staff", "approver"}
    assert found.groups == ("Engineering",)
    assert (found.issuer, found.subject) == ("https://id.company.com", "ada-1")


def test_no_name_or_address_is_printed_by_accident(app: AppTest) -> None:
    app.user = CLAIMS | {"is_logged_in": True}
    assert "Sam" not in repr(person(app)) and "sam@" not in repr(person(app))  # noqa: PT018 -- one matter


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, gatehouse; print(*(name for name in sys.modules if name in ('streamlit', 'pydantic', 'psycopg')))"
    )
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == ""


def test_the_package_has_nothing_that_it_does_not_name() -> None:
    with pytest.raises(AttributeError, match="viewers"):
        gatehouse.viewers  # noqa: B018
