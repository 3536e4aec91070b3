"""The MDN HTTP Observatory's own grader on what a public name shows: the app, the gate's pages, the identity pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.observatory import grade
from support.person import Person
from support.stack import Stack

PASSWORD = "a-passphrase-of-olgas-own-7"


@pytest.fixture(scope="module")
def olga(moved: Stack) -> Iterator[Person]:
    """Somebody who has signed in at the public name."""
    added = ["add", "olga", "--email", "olga@gate.test", "--name", "Olga Berg", "--role", "staff"]
    said = moved.job("reconcile", "python", "-m", "deploy.keycloak.users", *added).stdout
    person = Person(moved)
    person.first_sign_in("olga", said.split()[-1], PASSWORD)
    yield person
    person.close()


def test_the_app(moved: Stack, olga: Person) -> None:
    graded = grade(moved, f"{moved.app_url}/", cookie=f"__Host-gate={olga.cookie}")
    assert graded.url == f"{moved.app_url}/"
    assert graded.score >= 120, graded
    assert graded.results["content-security-policy"] == "csp-implemented-with-unsafe-inline-in-style-src-only"


def test_a_page_of_the_gate(moved: Stack) -> None:
    graded = grade(moved, f"{moved.app_url}/auth/signed-out")
    assert graded.score >= 130, graded
    assert graded.results["content-security-policy"] == "csp-implemented-with-no-unsafe-default-src-none"


def test_the_identity_pages(moved: Stack) -> None:
    graded = grade(moved, f"{moved.app_url}/auth/login")
    assert graded.url.startswith(f"{moved.issuer}/protocol/openid-connect/auth?")
    assert graded.score >= 105, graded
    assert graded.faults == set(), graded
    assert graded.results["content-security-policy"] == "csp-implemented-with-no-unsafe-default-src-none"
