"""A leak in an author's app, and a script that never ends: the replica is replaced, and nobody is signed out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from performance.servers import start_database
from support.abroad import DOCKERFILE
from support.command import ROOT, run
from support.person import Person
from support.stack import Stack
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


@pytest.fixture(scope="module")
def house(parts: Stack) -> Iterator[Stack]:
    """Two replicas that serve tests/apps/probe, and what they need, without anybody to sign in with."""
    image = f"gatehouse-app:{parts.project}"
    text = DOCKERFILE.format(image=f"gatehouse-app:{os.environ.get('TAG', 'local')}")
    run(["docker", "build", "--quiet", "--tag", image, "--file", "-", ROOT / "tests/apps/probe"], stdin=text)
    try:
        start_database(parts)
        parts.images = {"app": image}
        parts.write_settings(REPLICAS="2", RUN_LIMIT="3s")
        words = ["--progress", "quiet", "up", "--detach", "--wait", "--no-deps", "--no-build", "app", "nginx"]
        parts.compose(*words, timeout=180)
        yield parts
    finally:
        parts.compose("rm", "--force", "--stop", "app", check=False)
        run(["docker", "image", "rm", "--force", image], check=False)


@pytest.fixture
def people(house: Stack) -> Iterator[list[Person]]:
    """Two who have signed in."""
    script = (ROOT / "tests/performance/signed_in.py").read_text(encoding="utf-8")
    command = ["docker", "exec", "--interactive", house.container("app")["Id"], "python", "-", "gate", "2"]
    made = [Person(house), Person(house)]
    for person, jar in zip(made, json.loads(run(command, stdin=script).stdout), strict=True):
        person.http.cookies.set("__Host-gate", jar["__Host-gate"], domain="app.localhost", path="/")
        until(lambda person=person: person.open("/").status_code == 200, 20)  # type: ignore[misc]
    yield made
    for person in made:
        person.close()


def told(opened: Tab) -> str:
    """Read until the tab is told something in the corner of its page."""
    while True:
        text = opened.until("delta").delta.new_element.toast.body
        if text:
            return text


def starts(house: Stack) -> dict[str, int]:
    """How often the engine has started each replica again. None was killed for its memory."""
    found = house.containers("app")
    assert not any(one["State"]["OOMKilled"] for one in found)
    return {one["Id"]: one["RestartCount"] for one in found}


def test_a_run_over_the_limit_is_stopped_and_the_tab_goes_on(house: Stack, people: list[Person]) -> None:
    with tab(people[0]) as opened:
        opened.rerun("show=busy&seconds=120")
        opened.until("script_finished", timeout=30)
        assert opened.run()
    assert "a run over RUN_LIMIT is stopped: page / has run for " in house.logs("app")


def test_it_takes_nobody_new_moves_whom_it_has_and_starts_afresh(house: Stack, people: list[Person]) -> None:
    ann, bob = people
    before = starts(house)
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
        _asks_there_are_turned_away(house, bob, starts(house))
        leaking.rerun(f"show=leak&percent={GONE}")
        assert [one.farewell() for one in (other, leaking)] == ["/", "/"]
    assert ann.open("/").status_code == 200
    assert ann.http.cookies["__Host-replica"] != mark
    with tab(ann) as moved:
        assert moved.run()
    until(lambda: sum(starts(house).values()) == sum(before.values()) + 1, 20)
    assert bob.is_in()
    until(lambda: _both_serve(house), 60)
    said = house.logs("app")
    for words in ("memory is short", "tabs are moved: the memory is nearly gone", "this process ends"):
        assert words in said
    assert " MB (9" in said


def _asks_there_are_turned_away(house: Stack, person: Person, replicas: dict[str, int]) -> None:
    """Ask each replica itself, without nginx: one says that every place is taken, as a single one would to all."""
    host = house.app_url.removeprefix("https://")
    script = _PAGE.format(host=host, cookie=person.cookie)
    answers = {run(["docker", "exec", "--interactive", id, "python", "-"], stdin=script).stdout for id in replicas}  # noqa: A001
    assert answers == {"200 False\n", "503 True\n"}


def _both_serve(house: Stack) -> bool:
    """Whether nginx leads to two again."""
    (last,) = [line for line in house.logs("nginx").splitlines() if "replicas of the app: " in line][-1:]
    return last.count("=ok") == 2
