"""A cluster of three machines: bare, rolled out, replaced under load, broken in every way, and brought back."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.cluster_people import Front, SignIns, first_sign_in, signed_in
from support.endings import at_replica, by_operator, until_told
from support.lost_node import until_elsewhere
from support.versions import change, commit, history, undo, versions
from support.visits import staying
from support.waiting import until

pytestmark = pytest.mark.drill

SESSIONS = 100
UPLOADS = 5
ANN = "ann"


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
    seconds = time.monotonic() - started
    assert "The app is at https://app.gate.test:8443" in said
    print(f"{said}\nfrom a bare cluster to the URL: {seconds:.0f} s")  # noqa: T201 - a figure for the docs
    assert seconds < 600
    return clone


@pytest.fixture(scope="module")
def fronts(cluster: Cluster, checkout: Path) -> list[Front]:
    """Each node is an edge; Ann has a password of her own at all of them."""
    found = [Front(cluster, node.address) for node in cluster.nodes]
    command = f"add {ANN} --email ann@gate.test --name 'Ann Lee' --role staff --group Engineering"
    said = cluster.make(checkout, "users", f"DO={command}").stdout
    first_sign_in(found[0], ANN, once=said.strip().splitlines()[-1].split()[-1])
    return found


def test_replaced_under_load_nobody_loses_anything(cluster: Cluster, checkout: Path, fronts: list[Front]) -> None:
    # One after the other: the load is what is under test, not a hundred passwords at once.
    people = [signed_in(fronts[number % 3], ANN) for number in range(SESSIONS + UPLOADS)]
    change(checkout, f"version {secrets.token_hex(4)}")
    with staying(people[UPLOADS:], people[:UPLOADS], 20) as visits, SignIns(fronts, ANN) as sign_ins:
        begun = time.monotonic()
        said = cluster.make(checkout, "deploy").stdout
        seconds = time.monotonic() - begun
        print(said)  # noqa: T201 - figures for the docs
        until(lambda: visits.settled >= SESSIONS or bool(visits.failed), 180)
    figures = (
        f"{SESSIONS} sessions and {UPLOADS} uploads while a version was replaced in {seconds:.0f} s: "
        f"{visits.reruns} reruns, {visits.requests} requests, {visits.moved} tabs moved, "
        f"{visits.uploaded} uploads read, {sign_ins.count} sign-ins meanwhile; "
        f"failed: {len(visits.failed)} and {len(sign_ins.failed)}"
    )
    print(figures)  # noqa: T201 - for the docs
    assert visits.failed == []
    assert sign_ins.failed == []
    assert sign_ins.count > 0
    assert visits.uploaded == UPLOADS
    assert visits.moved == SESSIONS
    assert all(person.is_in() for person in people)


def test_versions_that_cannot_serve_go_back_by_themselves(
    cluster: Cluster, checkout: Path, fronts: list[Front]
) -> None:
    """One that crashes at start, one whose migration fails, and one that is healthy but lets nobody sign in."""
    people = [signed_in(fronts[number % 3], ANN) for number in range(6)]
    before, there = history(cluster, checkout), versions(cluster)
    refusals = []
    with staying(people, [], 10) as visits:
        for file, text, words in (
            # What the build can tell, it does: which providers there are is known at the start alone.
            ("app/desk/policy.toml", '[enter]\nproviders = ["none"]\n', "a policy that stops the start"),
            ("app/desk/migrations/0099_broken.sql", "SELECT no_such_thing;\n", "a migration that fails"),
            ("app/gatehouse/gate/routes.py", _leading_nowhere(checkout), "a sign-in that leads nowhere"),
        ):
            (checkout / file).write_text(text, encoding="utf-8")
            commit(checkout, words)
            refused = cluster.make(checkout, "deploy", check=False)
            undo(checkout)
            print(refused.stdout, refused.stderr)  # noqa: T201 - figures for the docs
            assert refused.returncode != 0
            assert versions(cluster) == there
            refusals.append(refused.stderr)
        reruns = visits.reruns
        until(lambda: visits.reruns > reruns + len(people), 120)
    crashed, unmigrated, unsigned = refusals
    assert crashed.startswith("Error: app-v")
    assert "policy.toml" in crashed
    assert "0099_broken.sql" in unmigrated.splitlines()[0]
    assert unsigned.startswith("Error: reconcile: edge ")
    assert all(f"everything is back at {there[0].partition('app-')[2]}" in refusal for refusal in refusals)
    now = history(cluster, checkout)
    assert all(" failed " in line for line in now[:3])
    assert now[3:] == before
    assert visits.failed == []
    assert visits.moved == 0
    assert all(person.is_in() for person in people)


def _leading_nowhere(checkout: Path) -> str:
    text = (checkout / "app/gatehouse/gate/routes.py").read_text(encoding="utf-8")
    broken = text.replace('"/oauth2callback", bound(callback)', '"/oauth2callback", bound(signed_out)')
    assert broken != text
    return broken


def test_a_node_that_restarts_meanwhile_leaves_one_version(
    cluster: Cluster, checkout: Path, fronts: list[Front]
) -> None:
    change(checkout, "while a node restarts")
    before = set(versions(cluster))
    with ThreadPoolExecutor(1) as aside:
        rollout = aside.submit(lambda: cluster.make(checkout, "deploy", check=False))
        until(lambda: rollout.done() or set(versions(cluster)) > before, 300)
        cluster.nodes[1].restart()
        outcome = rollout.result()
    print(outcome.stdout, outcome.stderr)  # noqa: T201 - figures for the docs
    (left,) = versions(cluster)
    assert (left not in before) == (outcome.returncode == 0), outcome.stderr
    until(cluster.whole, 120)
    until(lambda: signed_in(fronts[0], ANN).is_in(), 120)


def test_back_and_history(cluster: Cluster, checkout: Path, fronts: list[Front]) -> None:
    person = signed_in(fronts[2], ANN)
    served = next(line.split()[0] for line in history(cluster, checkout) if line.endswith(" done"))
    cluster.make(checkout, "rollback")
    newest = history(cluster, checkout)[0]
    assert re.search(r"rollback to v\d+ .* done$", newest)
    assert f"rollback to {served} " not in newest
    assert versions(cluster) == [f"gatehouse_app-{newest.split()[0]}"]
    assert person.is_in()


def test_an_ending_on_one_node_reaches_the_tab_on_another(
    cluster: Cluster, checkout: Path, fronts: list[Front]
) -> None:
    """By an operator's word, which is at no replica, and at one of two: both have a tab of the session."""
    here, there = [(node, *one) for node in cluster.nodes for one in node.replicas().items()][:2]
    for end in (by_operator(cluster, checkout), at_replica(here[0], here[1])):
        seconds = until_told(cluster, signed_in(fronts[0], ANN), end, here[2], there[2])
        print(f"tabs at two nodes were told {seconds} s after the ending")  # noqa: T201 - figures for the docs
        assert max(seconds) <= 1


def test_a_worker_that_is_lost_takes_nobody_along(cluster: Cluster, fronts: list[Front]) -> None:
    """Its cable is pulled, so nobody is told: tabs that rest and tabs that wait go on at another replica."""
    lost, mark = next((node, mark) for node in cluster.nodes[1:] for mark in node.replicas().values())
    people = [signed_in(fronts[0], ANN) for _ in range(4)]
    late = until_elsewhere(lost, mark, people)
    print(f"of a lost node's tabs, the last was at another after {max(late):.1f} s")  # noqa: T201 - a figure for the docs
    assert max(late) < 30
    assert all(person.is_in() for person in people)
