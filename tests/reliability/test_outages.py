"""Parts of the stack that are away for a while: nobody is signed in or out wrongly, and all recover by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.command import run
from support.person import NAVIGATION, Person
from support.stack import Stack
from support.tab import tab
from support.waiting import until


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    someone = Person(stack)
    someone.sign_in("finn")
    yield someone
    someone.close()


def test_database_restarts_and_everybody_is_where_they_were(stack: Stack, person: Person) -> None:
    stranger = Person(stack)
    with tab(person) as opened:
        opened.rerun()
        opened.until("script_finished")
        stack.compose("stop", "postgres")
        assert opened.farewell(timeout=15) is None, "closed, to come back by itself"
        page = person.http.get(f"{stack.app_url}/", headers=NAVIGATION)
        assert page.status_code == 503
        assert "retry-after" in page.headers
        assert "stApp" not in page.text
        # Nor is a stranger let in.
        assert stranger.asks("/_stcore/host-config").status_code in {401, 503}
    stack.compose("start", "postgres")
    until(person.is_in, 60)
    assert not stranger.is_in()
    with tab(person, resume=opened.session_id) as again:
        again.rerun()
        again.until("script_finished")
    # Keycloak has lost its connections too, and takes a moment to notice.
    until(lambda: "<form" in (form := stranger.open()).text and stranger.submit(form, "mia").has_redirect_location, 60)


def test_sessions_go_on_while_the_provider_is_away(stack: Stack, person: Person) -> None:
    with tab(person) as opened:
        opened.rerun()
        opened.until("script_finished")
        stack.compose("stop", "keycloak")
        try:
            # Longer than the provider is asked again after.
            until(lambda: "refresh-failed" in stack.sql("select string_agg(kind, ' ') from gate.event"), 60)
            assert person.is_in()
            opened.rerun()
            opened.until("script_finished")
            stranger = Person(stack)
            page = stranger.http.get(f"{stack.app_url}/auth/login", headers=NAVIGATION)
            assert page.status_code in {302, 503}, "its metadata is known, so the browser may be sent there"
        finally:
            stack.compose("start", "keycloak")
            until(lambda: stack.container("keycloak")["State"]["Health"]["Status"] == "healthy", 120)
        assert person.is_in()


def test_change_of_role_reaches_an_open_tab(stack: Stack, person: Person) -> None:
    with tab(person) as opened:
        opened.rerun()
        opened.until("script_finished")
        stack.job("reconcile", "python", "-m", "deploy.keycloak.users", "grant", "finn", "approver")
        try:
            assert opened.farewell(timeout=30) is None, "closed, to come back with the new role"
        finally:
            stack.job("reconcile", "python", "-m", "deploy.keycloak.users", "revoke", "finn", "approver")
    assert person.is_in()


def test_refresh_keeps_the_state_of_a_tab_that_reconnects(stack: Stack, person: Person) -> None:
    with tab(person) as opened:
        opened.rerun()
        opened.until("script_finished")
        asked = "select max(checked_at) from gate.session where claims->>'preferred_username' = 'finn'"
        before = stack.sql(asked)
        until(lambda: stack.sql(asked) != before, 60)
        stream = opened.session_id
    with tab(person, resume=stream) as again:
        again.rerun()
        again.until("script_finished")
        assert again.session_id == stream


def test_app_killed_signs_nobody_out(stack: Stack, person: Person) -> None:
    for container in stack.containers("app"):
        run(["docker", "kill", container["Id"]])
    stack.compose("start", "app")
    until(person.is_in, 60)
