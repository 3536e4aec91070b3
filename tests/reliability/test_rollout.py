"""A cluster of three machines: bare, rolled out, replaced under load, broken in every way, and brought back."""

from __future__ import annotations

import html
import re
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from support.cluster import Cluster
from support.command import run
from support.http import LoopbackTransport, tls_context
from support.person import Person
from support.tab import Tab, tab
from support.waiting import until

pytestmark = pytest.mark.drill

SESSIONS = 100
PASSWORD = "a-passphrase-of-anns-own-7"


@dataclass
class Front:
    """What people's tools need to know of a stack, at one edge node of the cluster."""

    cluster: Cluster
    address: str
    app_url: str = "https://app.gate.test:8443"
    id_url: str = "https://id.gate.test:8443"

    @property
    def ca(self) -> Path:
        return self.cluster.directory / "secrets/cluster/staging/ca/gate.test/ca.crt"

    def http(self) -> httpx.Client:
        return httpx.Client(transport=LoopbackTransport(tls_context(self.ca), self.address), timeout=30)


@pytest.fixture(scope="module")
def cluster(run_folder: Path) -> Iterator[Cluster]:
    made = Cluster(f"gatehouse-test-{run_folder.name}-cluster", run_folder / "cluster")
    try:
        made.environment(MAX_SESSIONS=500)
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def checkout(cluster: Cluster) -> Path:
    """A clone, rolled out to the bare cluster."""
    clone = cluster.clone()
    started = time.monotonic()
    said = cluster.make(clone, "deploy").stdout
    assert "The app is at https://app.gate.test:8443" in said
    assert time.monotonic() - started < 600
    return clone


@pytest.fixture(scope="module")
def fronts(cluster: Cluster, checkout: Path) -> list[Front]:
    return [Front(cluster, node.address) for node in cluster.nodes]


@pytest.fixture(scope="module")
def ann(cluster: Cluster, checkout: Path, fronts: list[Front]) -> str:
    """An account with a password of its owner's."""
    command = "add ann --email ann@gate.test --name 'Ann Lee' --role staff"
    said = cluster.make(checkout, "users", f"DO={command}").stdout
    once = said.strip().splitlines()[-1].split()[-1]
    person = Person(fronts[0])  # type: ignore[arg-type]
    page = person.follow(person.submit(person.open(), "ann", once))
    action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert action, page.text
    fields = {"password-new": PASSWORD, "password-confirm": PASSWORD}
    person.follow(person.http.post(html.unescape(action[1]), data=fields))
    assert person.is_in()
    return "ann"


def signed_in(front: Front, user: str) -> Person:
    person = Person(front)  # type: ignore[arg-type]
    page = person.follow(person.submit(person.open(), user, PASSWORD))
    assert page.status_code == httpx.codes.OK
    return person


@dataclass
class Load:
    """People who rerun their tabs, and what went wrong for them."""

    people: list[Person]
    failed: list[str] = field(default_factory=list)
    requests: int = 0
    reruns: int = 0
    moved: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def visit(self, person: Person) -> None:
        """Keep a tab open and rerun it; when it is closed, load the page again, as a browser does."""
        while not self.over.is_set():
            try:
                with tab(person) as opened:
                    self._use(opened, person)
            except Exception as fault:  # noqa: BLE001 - counted
                if not self.over.is_set():
                    self.failed.append(f"tab: {fault!r}")
                    time.sleep(0.5)

    def _use(self, opened: Tab, person: Person) -> None:
        while not self.over.is_set():
            opened.seen.clear()
            with suppress(ConnectionClosed):  # moved between two reruns: the next read says so
                opened.rerun(url=f"{person.stack.app_url}/")
            while True:
                message = opened.next(30)
                kind = message.WhichOneof("type") if message else None
                if kind is None or kind == "auth_redirect":
                    self.moved += 1
                    self._load(person)
                    return
                if kind == "script_finished":
                    self.reruns += 1
                    break
            self._ask(person, "/_stcore/host-config")
            self.over.wait(10)

    def _load(self, person: Person) -> None:
        page = person.open()
        self.requests += 1
        if page.status_code != httpx.codes.OK or "/realms/" in str(page.url):
            self.failed.append(f"page: {page.status_code} {page.url.copy_with(query=None)}")

    def _ask(self, person: Person, path: str) -> None:
        answer = person.asks(path)
        self.requests += 1
        if answer.status_code != httpx.codes.OK:
            self.failed.append(f"{path}: {answer.status_code}")


def change(checkout: Path, words: str) -> None:
    """Commit another version of the app's code."""
    page = checkout / "app/desk/main.py"
    page.write_text(page.read_text(encoding="utf-8") + f"\n# {words}\n", encoding="utf-8")
    commit(checkout, words)


def commit(checkout: Path, words: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@gate.test"]
    run(["git", "add", "--all"], cwd=checkout)
    run(["git", *who, "commit", "--quiet", "--message", words], cwd=checkout)


def undo(checkout: Path) -> None:
    run(["git", "reset", "--quiet", "--hard", "HEAD~1"], cwd=checkout)


def versions(cluster: Cluster) -> list[str]:
    """Versions of the app that have a service."""
    names = cluster.nodes[0].docker("service", "ls", "--format", "{{.Name}}").split()
    return [name for name in names if "_app-v" in name]


def history(cluster: Cluster, checkout: Path) -> list[str]:
    """Lines of attempts, newest first."""
    return [line for line in cluster.make(checkout, "history").stdout.splitlines() if re.match(r"v\d+ ", line)]


def test_replaced_under_load_nobody_loses_anything(
    cluster: Cluster, checkout: Path, fronts: list[Front], ann: str
) -> None:
    people = [signed_in(fronts[number % 3], ann) for number in range(SESSIONS)]
    load = Load(people)
    with ThreadPoolExecutor(SESSIONS) as threads:
        try:
            tasks = [threads.submit(load.visit, person) for person in people]
            until(lambda: load.reruns > SESSIONS, 120)
            change(checkout, f"version {secrets.token_hex(4)}")
            said = cluster.make(checkout, "deploy").stdout
            until(lambda: load.moved >= SESSIONS, 60)
        finally:
            load.over.set()
        for task in tasks:
            task.result(60)
    figures = f"{load.reruns} reruns, {load.requests} requests, {load.moved} moves, {len(load.failed)} failed"
    sys.stdout.write(f"{figures}\n{said}")
    assert load.failed == []
    assert all(person.is_in() for person in people)


def test_versions_that_crash_or_cannot_migrate_go_back_by_themselves(
    cluster: Cluster, checkout: Path, fronts: list[Front], ann: str
) -> None:
    person = signed_in(fronts[1], ann)
    before = history(cluster, checkout)
    policy = checkout / "app/desk/policy.toml"
    # What the build can tell, it does: which providers there are is known at the start alone.
    policy.write_text(policy.read_text(encoding="utf-8") + '\n[enter]\nproviders = ["none"]\n', encoding="utf-8")
    commit(checkout, "a policy that stops the start")
    crashed = cluster.make(checkout, "deploy", check=False)
    undo(checkout)
    (checkout / "app/desk/migrations/0099_broken.sql").write_text("SELECT no_such_thing;\n", encoding="utf-8")
    commit(checkout, "a migration that fails")
    with ExitStack() as stack:
        opened = stack.enter_context(tab(person))
        opened.run()
        unmigrated = cluster.make(checkout, "deploy", check=False)
        assert opened.run()
    undo(checkout)
    assert crashed.returncode != 0
    assert crashed.stderr.startswith("Error: app-v")
    assert "policy.toml" in crashed.stderr
    assert unmigrated.returncode != 0
    assert "0099_broken.sql" in unmigrated.stderr.splitlines()[0]
    assert [line.split()[-1] for line in history(cluster, checkout)[2:]] == [line.split()[-1] for line in before]
    assert person.is_in()


def test_a_version_that_is_healthy_but_lets_nobody_sign_in_goes_back(
    cluster: Cluster, checkout: Path, fronts: list[Front], ann: str
) -> None:
    person = signed_in(fronts[0], ann)
    routes = checkout / "app/gatehouse/gate/routes.py"
    text = routes.read_text(encoding="utf-8")
    broken = text.replace('"/oauth2callback", bound(callback)', '"/oauth2callback", bound(signed_out)')
    assert broken != text
    routes.write_text(broken, encoding="utf-8")
    commit(checkout, "a sign-in that leads nowhere")
    refused = cluster.make(checkout, "deploy", check=False)
    undo(checkout)
    assert refused.returncode != 0
    assert refused.stderr.startswith("Error: reconcile: edge ")
    assert person.is_in()
    assert signed_in(fronts[1], ann).is_in()


def test_a_node_that_restarts_meanwhile_leaves_one_version(
    cluster: Cluster, checkout: Path, fronts: list[Front], ann: str
) -> None:
    change(checkout, "while a node restarts")
    before = set(versions(cluster))
    with ThreadPoolExecutor(1) as aside:
        rollout = aside.submit(lambda: cluster.make(checkout, "deploy", check=False))
        until(lambda: rollout.done() or set(versions(cluster)) > before, 300)
        cluster.nodes[1].restart()
        outcome = rollout.result()
    (left,) = versions(cluster)
    assert (left not in before) == (outcome.returncode == 0), outcome.stderr
    until(lambda: signed_in(fronts[0], ann).is_in(), 60)


def test_back_and_history(cluster: Cluster, checkout: Path, fronts: list[Front], ann: str) -> None:
    person = signed_in(fronts[2], ann)
    cluster.make(checkout, "rollback")
    assert re.search(r"rollback to v\d+ .* done$", history(cluster, checkout)[0])
    assert person.is_in()


def test_an_ending_on_one_node_reaches_the_tab_on_another(
    cluster: Cluster, checkout: Path, fronts: list[Front], ann: str
) -> None:
    """Both replicas have a tab of the session; the provider's account is disabled, which ends it everywhere."""
    person = signed_in(fronts[0], ann)
    with tab(person) as opened:
        opened.run()
        cluster.make(checkout, "users", "DO=disable ann")
        try:
            assert "/auth/signed-out" in (opened.farewell(5) or "")
        finally:
            cluster.make(checkout, "users", "DO=enable ann")


def test_a_worker_that_is_lost_takes_nobody_along(
    cluster: Cluster, checkout: Path, fronts: list[Front], ann: str
) -> None:
    people = [signed_in(fronts[0], ann) for _ in range(4)]
    lost = cluster.nodes[2]
    run(["docker", "pause", lost.id])
    try:
        started = time.monotonic()
        for person in people:
            until(person.is_in, 30)
        assert time.monotonic() - started < 30
    finally:
        run(["docker", "unpause", lost.id])
