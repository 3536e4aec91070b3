"""A leak in an author's app, and a script that never ends: the replica is replaced, and nobody is signed out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.abroad import Abroad
from support.command import run
from support.person import Person
from support.tab import Tab, tab
from support.waiting import until

SHORT, GONE = 90, 96
"""Percent, beyond which no more come, and beyond which nobody stays."""

_PAGE = """
import http.client
asks = http.client.HTTPConnection("127.0.0.1", 8501)
asks.request("GET", "/", headers={{"Host": "{host}", "Cookie": "__Host-gate={cookie}", "Sec-Fetch-Mode": "navigate"}})
answer = asks.getresponse()
print(answer.status, "Every place is taken" in answer.read().decode())
"""


@pytest.fixture
def ann(abroad: Abroad) -> Iterator[Person]:
    yield from _somebody(abroad, "ann")


@pytest.fixture
def bob(abroad: Abroad) -> Iterator[Person]:
    yield from _somebody(abroad, "bob")


def _somebody(abroad: Abroad, user: str) -> Iterator[Person]:
    person = abroad.person()
    abroad.sign_in(person, "microsoft", user)
    yield person
    person.close()


def told(opened: Tab) -> str:
    """Read until the tab is told something in the corner of its page."""
    while True:
        text = opened.until("delta").delta.new_element.toast.body
        if text:
            return text


def starts(abroad: Abroad) -> dict[str, int]:
    """How often the engine has started each replica again. None was killed for its memory."""
    found = abroad.stack.containers("app")
    assert not any(one["State"]["OOMKilled"] for one in found)
    return {one["Id"]: one["RestartCount"] for one in found}


def test_it_takes_nobody_new_moves_whom_it_has_and_starts_afresh(abroad: Abroad, ann: Person, bob: Person) -> None:
    before = starts(abroad)
    mark = ann.http.cookies["__Host-replica"]
    with tab(ann) as endless, tab(ann) as other, tab(ann) as leaking:
        endless.rerun("show=loop")
        endless.until("new_session")
        assert other.run(), "an endless loop beside it"
        leaking.run(f"show=leak&percent={SHORT}")
        assert "This app needs a fresh start." in told(other)
        # nginx has heard of it; whoever comes goes to the other replica, its own people too.
        until(lambda: bob.open("/").status_code == 200 and bob.http.cookies["__Host-replica"] != mark, 5)
        with tab(bob) as elsewhere:
            assert elsewhere.run()
        assert other.run(), "who is here can finish"
        _asks_there_are_turned_away(abroad, bob, starts(abroad))
        leaking.rerun(f"show=leak&percent={GONE}")
        assert [one.farewell() for one in (other, leaking)] == ["/", "/"]
    assert ann.open("/").status_code == 200
    assert ann.http.cookies["__Host-replica"] != mark
    with tab(ann) as moved:
        assert moved.run()
    until(lambda: sum(starts(abroad).values()) == sum(before.values()) + 1, 20)
    assert bob.is_in()
    until(lambda: _both_serve(abroad), 60)
    said = abroad.stack.logs("app")
    for words in ("memory is short", "tabs are moved: the memory is nearly gone", "this process ends"):
        assert words in said
    assert " MB (9" in said


def _asks_there_are_turned_away(abroad: Abroad, person: Person, replicas: dict[str, int]) -> None:
    """Ask each replica itself, without nginx: one says that every place is taken, as a single one would to all."""
    host = abroad.stack.app_url.removeprefix("https://")
    script = _PAGE.format(host=host, cookie=person.cookie)
    answers = {run(["docker", "exec", "--interactive", id, "python", "-"], stdin=script).stdout for id in replicas}  # noqa: A001
    assert answers == {"200 False\n", "503 True\n"}


def _both_serve(abroad: Abroad) -> bool:
    """Whether nginx leads to two again."""
    (last,) = [line for line in abroad.stack.logs("nginx").splitlines() if "replicas of the app: " in line][-1:]
    return last.count("=ok") == 2
