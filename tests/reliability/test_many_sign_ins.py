"""One sign-in after the other leaves nothing behind: no open session, task, connection, file or memory."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from support.abroad import Abroad
from support.person import Person
from support.tab import tab
from support.waiting import until

MEBIBYTE = 1024 * 1024


class Held(NamedTuple):
    """What both replicas and the database hold."""

    tasks: int
    files: int
    resident: int
    connections: int
    open_sessions: int


def held(abroad: Abroad, people: list[Person]) -> Held:
    """Look from inside; each of `people` is on a replica of their own."""
    tasks = files = resident = 0
    for person in people:
        with tab(person) as opened:
            found = re.search(r"tasks=(\d+) files=(\d+) resident=(\d+)", opened.run("show=process"))
        assert found
        tasks, files, resident = tasks + int(found[1]), files + int(found[2]), resident + int(found[3])
    connections = abroad.stack.sql("select count(*) from pg_stat_activity where usename like 'gate%'")
    sessions = abroad.stack.sql("select count(*) from gate.session where ended_at is null")
    return Held(tasks, files, resident, int(connections), int(sessions))


def on_both_replicas(abroad: Abroad) -> list[Person]:
    """Two people whom nginx leads to different replicas."""
    first, second = abroad.person(), abroad.person()
    abroad.sign_in(first, "microsoft", "ann")
    abroad.sign_in(second, "microsoft", "bob")

    def apart() -> bool:
        if first.http.cookies.get("__Host-replica") != second.http.cookies.get("__Host-replica"):
            return True
        second.http.cookies.delete("__Host-replica", domain="app.localhost", path="/")
        second.open()
        return False

    until(apart, 20)
    return [first, second]


def sign_in_often(abroad: Abroad, times: int) -> None:
    """One browser, which the provider knows, signs in over and over; each session replaces the one before."""
    person = abroad.person()
    abroad.sign_in(person, "microsoft", "mallory")
    for _ in range(times):
        page = person.open("/auth/login?provider=microsoft")
        assert (page.status_code, page.url.path) == (200, "/")
    assert person.is_in()
    person.close()


@pytest.mark.parametrize("times", [50, pytest.param(1000, marks=pytest.mark.drill)])
def test_sign_ins_leave_nothing_behind(abroad: Abroad, times: int) -> None:
    people = on_both_replicas(abroad)
    sign_in_often(abroad, 20)
    before = held(abroad, people)
    sign_in_often(abroad, times)
    until(lambda: held(abroad, people).tasks <= before.tasks + 4, 30)
    after = held(abroad, people)
    print(f"{times} sign-ins: {before} -> {after}")  # noqa: T201 - a figure for the docs
    # nginx keeps some connections open, and how many depends on the moment; a leak would be one for each sign-in.
    assert after.files <= before.files + 24
    assert after.connections <= before.connections + 2
    assert after.open_sessions <= before.open_sessions + 1
    assert after.resident <= before.resident + 16 * MEBIBYTE
