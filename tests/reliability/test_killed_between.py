"""The app dies when the provider has answered and nothing of the answer is kept yet: nobody is signed out by that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from support.abroad import Abroad
from support.command import run
from support.person import NAVIGATION, Person
from support.tab import tab
from support.waiting import until


@pytest.fixture
def person(abroad: Abroad) -> Iterator[Person]:
    someone = abroad.person()
    abroad.sign_in(someone, "microsoft", "ann")
    yield someone
    someone.close()


def killed_before_the_commit(abroad: Abroad, kind: str) -> None:
    """Let the answer through while the database stands still, then kill -9 both replicas."""
    try:
        until(lambda: abroad.providers.answered(kind), 40)
        abroad.stack.compose("pause", "postgres")
        abroad.providers.release(kind)
        until(lambda: abroad.providers.delivered(kind), 20)
        for container in abroad.stack.containers("app"):
            run(["docker", "kill", container["Id"]])
    finally:
        abroad.providers.release(kind)
        abroad.stack.compose("unpause", "postgres")
        # Not `compose start`, which would wait for a database that seems unhealthy after its pause.
        run(["docker", "start", *(container["Id"] for container in abroad.stack.containers("app"))])


def shown(person: Person) -> str:
    """What a new tab shows; nothing while a replica is not back yet."""
    try:
        with tab(person) as opened:
            return opened.run("show=claims")
    except InvalidStatus:
        return ""


@pytest.mark.drill
def test_while_a_session_is_refreshed(abroad: Abroad, person: Person) -> None:
    with tab(person) as opened:
        opened.run()
        abroad.providers.hold("refresh_token")
        killed_before_the_commit(abroad, "refresh_token")
    until(lambda: "microsoft" in shown(person), 60)
    checked = f"select checked_at from gate.session where cookie_hash = sha256('{person.cookie}')"  # noqa: S608
    before = abroad.stack.sql(checked)
    with tab(person) as again:
        again.run()
        until(lambda: abroad.stack.sql(checked) != before, 60)
    assert person.is_in()


def test_while_somebody_signs_in_anew(abroad: Abroad, person: Person) -> None:
    """The session that they have stays: the new one would have replaced it in the same transaction."""
    form = person.open("/auth/login?provider=google")
    back = person.submit(form, "ann", abroad.providers.password).headers["location"]
    abroad.providers.hold("authorization_code")
    with ThreadPoolExecutor(1) as browser:
        answer = browser.submit(person.http.get, back, headers=NAVIGATION)
        killed_before_the_commit(abroad, "authorization_code")
        # nginx may have tried the other replica, for which the code has been used; either way nothing was begun.
        with suppress(httpx.TransportError):
            assert answer.result(timeout=60).status_code in {400, 502, 503, 504}
    until(lambda: "microsoft" in shown(person), 60)
    form = person.open("/auth/login?provider=google")
    assert form.url.path == "/", "the provider knows them, and so the second try needs no password"
