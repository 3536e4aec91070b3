"""st.session_state belongs to a tab of one sign-in: signing out and in starts anew, and nobody takes another's over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.abroad import Abroad
from support.person import NAVIGATION, Person
from support.tab import tab


@pytest.fixture
def ann(abroad: Abroad) -> Iterator[Person]:
    person = signed_in(abroad, "ann")
    yield person
    person.close()


def signed_in(abroad: Abroad, user: str) -> Person:
    person = abroad.person()
    assert abroad.sign_in(person, "microsoft", user).is_success
    return person


def a_tab_of(person: Person) -> str:
    """Run a page that counts its runs twice, and return the id of Streamlit's session."""
    with tab(person) as opened:
        assert "Run 1 of this session" in opened.run(page="memory")
        assert "Run 2 of this session" in opened.run(page="memory")
        return opened.session_id


def test_a_tab_that_reconnects_goes_on(ann: Person) -> None:
    stream = a_tab_of(ann)
    with tab(ann, resume=stream) as again:
        assert "Run 3 of this session" in again.run(page="memory")


def test_signing_out_and_in_starts_a_new_session_state(abroad: Abroad, ann: Person) -> None:
    a_tab_of(ann)
    same = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
    ann.follow(ann.http.get(f"{abroad.stack.app_url}/auth/logout", headers=same))
    assert not ann.is_in()
    assert abroad.sign_in(ann, "microsoft", "ann").is_success
    with tab(ann) as anew:
        assert "Run 1 of this session" in anew.run(page="memory")


def test_another_person_cannot_take_it_over(abroad: Abroad, ann: Person) -> None:
    bob = signed_in(abroad, "bob")
    stream = a_tab_of(ann)
    # On the same replica: another one has never heard of it.
    bob.http.cookies.set("__Host-replica", ann.http.cookies.get("__Host-replica") or "", domain="app.localhost")
    with tab(bob, resume=stream) as opened:
        assert "Run 1 of this session" in opened.run(page="memory")
        assert opened.session_id != stream
    bob.close()
