"""What ends a session by itself: nobody acts, time is up, one more sign-in of the same account; and a full house."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from support.abroad import Abroad
from support.person import NAVIGATION, Person
from support.tab import tab
from support.waiting import until

IDLE, ABSOLUTE = 6, 18
TABS = 3


@pytest.fixture(scope="module")
def short(abroad: Abroad) -> Iterator[Abroad]:
    """The same stack with limits that a test can await."""
    with abroad.changed(
        IDLE=f"{IDLE}s",
        ABSOLUTE=f"{ABSOLUTE}s",
        MAX_SESSIONS="2",
        RECHECK="60s",
        MAX_TABS=str(TABS),
    ):
        yield abroad


@pytest.fixture
def person(short: Abroad) -> Iterator[Person]:
    someone = short.person()
    short.sign_in(someone, "microsoft", "ann")
    yield someone
    someone.close()


def test_tab_that_nobody_touches_ends(short: Abroad, person: Person) -> None:
    began = time.monotonic()
    with tab(person) as opened:
        opened.run()
        while time.monotonic() < began + IDLE / 2:
            # A timed fragment runs by itself, and so does the tab's heartbeat.
            opened.rerun(auto=True)
            opened.until("script_finished")
        assert opened.farewell(timeout=IDLE * 3) == "/auth/signed-out?reason=idle&next=%2F"
    assert time.monotonic() >= began + IDLE
    assert not person.is_in()
    # The provider's own session is over as well: it asks who it is.
    asks = "select provider_logout from gate.session where ended_at is not null order by ended_at desc limit 1"
    until(lambda: short.stack.sql(asks) == "done", 20)
    assert 'name="password"' in person.open("/auth/login?provider=microsoft").text


def test_user_who_acts_goes_on_until_the_absolute_limit(person: Person) -> None:
    began, place = time.monotonic(), None
    with tab(person) as opened:
        while time.monotonic() < began + ABSOLUTE - 2:
            opened.run()
        assert time.monotonic() > began + IDLE
        opened.seen.clear()
        place = opened.farewell(timeout=IDLE * 2)
    assert place == "/auth/signed-out?reason=absolute&next=%2F"
    assert time.monotonic() <= began + ABSOLUTE + 2
    assert not person.is_in()


def test_running_script_counts_as_its_user(person: Person) -> None:
    with tab(person) as opened:
        opened.rerun(f"show=busy&seconds={IDLE + 4}")
        opened.until("script_finished", timeout=IDLE * 3)
    assert person.is_in()


def test_one_sign_in_more_than_allowed_ends_the_oldest(short: Abroad, person: Person) -> None:
    others = [short.person(), short.person()]
    for other in others:
        short.sign_in(other, "microsoft", "ann")
    assert [one.is_in() for one in (person, *others)] == [False, True, True]
    told = person.http.get(f"{short.stack.app_url}/", headers=NAVIGATION)
    assert told.headers["location"] == "/auth/signed-out?reason=cap&next=%2F"


def test_full_house_says_so_and_lets_in_who_comes_back(person: Person) -> None:
    replica = person.http.cookies["__Host-replica"]
    with ExitStack() as others:
        seated = [others.enter_context(tab(person)) for _ in range(TABS)]
        for one in seated:
            one.run()
        with tab(person) as late:
            assert late.farewell() == "/"
        page = person.open("/")
        assert (page.status_code, page.headers["retry-after"]) == (503, "10")
        assert "Every place is taken" in page.text
        assert "__Host-replica" not in person.http.cookies, "another replica may have room"
        # The tabs that are there notice nothing, and one that lost its connection has a place.
        person.http.cookies.set("__Host-replica", replica, domain="app.localhost", path="/")
        with tab(person, resume=seated[0].session_id) as again:
            assert again.run()
        assert seated[1].run()
    until(lambda: person.open("/").status_code == 200, 5)
