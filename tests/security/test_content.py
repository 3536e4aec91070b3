"""What the browser is told to refuse, and who may tell what it refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from support.person import Person
from support.stack import Stack

REPORTS = "/auth/csp-report"
KIND = {"Content-Type": "application/csp-report"}


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    someone = Person(stack)
    yield someone
    someone.close()


@pytest.mark.parametrize("path", ["/", "/approvals", "/no/such/page", "/component/x/index.html"])
def test_a_page_runs_no_text_and_loads_from_the_app_alone(person: Person, path: str) -> None:
    person.sign_in("sam")
    (policy,) = person.open(path).headers.get_list("content-security-policy")
    assert policy.startswith("default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval' 'sha256-")
    scripts = policy.partition("script-src ")[2].partition(";")[0]
    assert "unsafe-inline" not in scripts
    assert "'unsafe-eval'" not in policy
    assert "://" not in policy
    assert "*" not in policy


def test_media_that_is_opened_by_itself_runs_nothing(person: Person) -> None:
    person.sign_in("sam")
    (policy,) = person.open("/media/0123.html").headers.get_list("content-security-policy")
    assert policy.startswith("default-src 'none'; ")
    assert "script-src" not in policy


def test_a_report_is_for_people_with_a_session_and_from_the_app(person: Person) -> None:
    report = json.dumps({"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://x.example.com"}})

    def told(origin: str) -> int:
        headers = {**KIND, "Origin": origin}
        return person.http.post(person.stack.app_url + REPORTS, content=report, headers=headers).status_code

    assert told(person.stack.app_url) == 401
    person.sign_in("sam")
    assert told("https://evil.example") == 403
    assert told(person.stack.app_url) == 204


def test_a_person_gets_a_page_and_a_program_json(person: Person) -> None:
    page = person.http.get(f"{person.stack.app_url}/media/0123.html", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "Sign in first" in page.text
    asked = person.asks("/_stcore/host-config")
    assert (asked.status_code, asked.json()["error"]) == (401, "Sign in first.")
    assert asked.json()["request_id"] == asked.headers["x-request-id"]
