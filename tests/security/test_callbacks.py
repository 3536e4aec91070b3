"""Forged answers of a provider: each gets a page that says so, and no session."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from support.person import NAVIGATION, Person
from support.stack import Stack


def returned(person: Person, user: str = "sam") -> httpx.URL:
    """Where Keycloak sends the browser after the password, not followed."""
    answer = person.submit(person.open(), user)
    return httpx.URL(answer.headers["location"])


def goes(person: Person, url: httpx.URL | str) -> httpx.Response:
    return person.http.get(str(url), headers=NAVIGATION)


def assert_refused(person: Person, answer: httpx.Response) -> None:
    assert answer.status_code == 400
    assert "<h1" in answer.text
    assert "Traceback" not in answer.text
    assert person.cookie is None


def test_genuine_answer_signs_in(stack: Stack) -> None:
    person = Person(stack)
    assert goes(person, returned(person)).status_code == 302
    assert person.cookie


def test_another_browsers_state(stack: Stack) -> None:
    attacker, victim = Person(stack), Person(stack)
    victim.open()
    assert_refused(victim, goes(victim, returned(attacker)))


def test_code_that_has_served(stack: Stack) -> None:
    person, thief = Person(stack), Person(stack)
    url = returned(person)
    goes(person, url)
    assert_refused(thief, goes(thief, url))
    # In the browser itself, reloading the address is no fault.
    assert goes(person, url).headers["location"] == "/"


def test_code_of_another_sign_in(stack: Stack) -> None:
    """Injected into a victim's own attempt: PKCE and nonce belong to the attacker's."""
    attacker, victim = Person(stack), Person(stack)
    code = returned(attacker).params["code"]
    own = returned(victim)
    assert_refused(victim, goes(victim, own.copy_set_param("code", code)))


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.copy_set_param("iss", "https://evil.example/realms/apps"),
        lambda url: url.copy_remove_param("iss"),
        lambda url: url.copy_add_param("iss", "https://evil.example"),
        lambda url: url.copy_remove_param("code"),
        lambda url: url.copy_add_param("code", "another"),
        lambda url: url.copy_set_param("code", "x" * 5000),
        lambda url: url.copy_set_param("code", "\x00\xff"),
        lambda url: url.copy_remove_param("state"),
        lambda url: url.copy_add_param("state", "another"),
        lambda url: url.copy_set_param("state", "x" * 5000),
        lambda url: url.copy_remove_param("code").copy_set_param("error", "access_denied"),
        lambda url: url.copy_set_param("error", "<script>alert(1)</script>"),
    ],
    ids=[
        "wrong iss",
        "no iss",
        "two iss",
        "no code",
        "two codes",
        "long code",
        "odd code",
        "no state",
        "two states",
        "long state",
        "cancelled",
        "code and error",
    ],
)
def test_changed_parameters(stack: Stack, change: Callable[[httpx.URL], httpx.URL]) -> None:
    person = Person(stack)
    answer = goes(person, change(returned(person)))
    assert_refused(person, answer)
    assert "<script>" not in answer.text


def test_attempt_cookie_of_another_attempt(stack: Stack) -> None:
    """Two sign-ins under way in one browser, their cookies exchanged."""
    person = Person(stack)
    url = returned(person)
    attempts = [cookie for cookie in person.http.cookies.jar if cookie.name.startswith("__Host-gate-attempt-")]
    goes(person, f"{stack.app_url}/auth/login")
    other = [
        c for c in person.http.cookies.jar if c.name.startswith("__Host-gate-attempt-") and c.name != attempts[0].name
    ]
    attempts[0].value = other[0].value
    assert_refused(person, goes(person, url))


def test_tampered_nonce_cannot_be_made(stack: Stack) -> None:
    """The nonce is sealed in the cookie; one bit changed, and there is no attempt any more."""
    person = Person(stack)
    url = returned(person)
    (attempt,) = [cookie for cookie in person.http.cookies.jar if cookie.name.startswith("__Host-gate-attempt-")]
    assert attempt.value
    attempt.value = attempt.value[:-10] + ("A" if attempt.value[-10] != "A" else "B") + attempt.value[-9:]
    assert_refused(person, goes(person, url))


def test_nonce_of_the_request_is_the_one_that_is_checked(stack: Stack) -> None:
    """The authorization request with another nonce: the ID token repeats it, and is refused."""
    person = Person(stack)
    start = goes(person, f"{stack.app_url}/auth/login")
    asked = httpx.URL(start.headers["location"])
    assert parse_qs(urlsplit(str(asked)).query)["nonce"]
    form = goes(person, asked.copy_set_param("nonce", "another-nonce"))
    answer = person.submit(form, "sam")
    assert_refused(person, goes(person, answer.headers["location"]))


def test_answer_with_a_live_session_in_the_same_browser_changes_nothing(stack: Stack) -> None:
    person = Person(stack)
    person.sign_in("sam")
    before = person.cookie
    answer = goes(person, f"{stack.app_url}/oauth2callback?state=x&code=y")
    assert answer.headers["location"] == "/"
    assert person.cookie == before
    assert person.is_in()
