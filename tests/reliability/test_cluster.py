"""One case of each on a cluster of two machines: rolled out, replaced, gone back by itself, ended from elsewhere, lost.

Signing in is left to a provider that nobody asks here, which spares the cluster a Keycloak; test_rollout.py has all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.cluster_people import Front, let_in
from support.endings import by_operator, until_told
from support.lost_node import until_elsewhere
from support.versions import change, commit, history, undo, versions
from support.visits import staying
from support.waiting import until

_PROVIDERS = "\n".join(
    f"""[auth.{name}]
client_id = "app"
client_secret = "none-that-works"
server_metadata_url = "https://{name}.example.org/.well-known/openid-configuration"
"""
    for name in ("one", "two")
)


@pytest.fixture(scope="module")
def cluster(run_folder: Path) -> Iterator[Cluster]:
    made = Cluster(f"gatehouse-test-{run_folder.name}-cluster", run_folder / "cluster", 2)
    try:
        made.environment(drain="15s", IDENTITY="external")
        made.provide("secrets.toml", _PROVIDERS)
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def checkout(cluster: Cluster) -> Path:
    """A clone, rolled out to the bare cluster."""
    clone = cluster.clone()
    assert "The app is at https://app.gate.test:8443" in cluster.make(clone, "deploy").stdout
    return clone


@pytest.fixture(scope="module")
def fronts(cluster: Cluster, checkout: Path) -> list[Front]:
    return [Front(cluster, node.address) for node in cluster.nodes]


def test_a_version_is_replaced_and_one_that_cannot_serve_goes_back(
    cluster: Cluster, checkout: Path, fronts: list[Front]
) -> None:
    replica = next((node, one) for node in cluster.nodes for one in node.replicas())
    people = [let_in(fronts[number % 2], replica, "staff") for number in range(5)]
    change(checkout, "another version")
    with staying(people[1:], people[:1], 5) as visits:
        cluster.make(checkout, "deploy")
        until(lambda: visits.settled >= len(people) - 1, 60)
        there = versions(cluster)
        (checkout / "app/desk/migrations/0099_broken.sql").write_text("SELECT no_such_thing;\n", encoding="utf-8")
        commit(checkout, "a migration that fails")
        refused = cluster.make(checkout, "deploy", check=False)
        undo(checkout)
    assert there == ["gatehouse_app-v2"]
    assert visits.failed == []
    assert visits.uploaded == 1
    assert refused.returncode != 0
    assert "0099_broken.sql" in refused.stderr.splitlines()[0]
    assert "everything is back at v2" in refused.stderr
    assert versions(cluster) == there
    assert [line.split(" ")[0] for line in history(cluster, checkout) if " done" in line] == ["v2", "v1"]
    assert all(person.is_in() for person in people)


def test_an_ending_by_an_operator_reaches_tabs_on_both_nodes(
    cluster: Cluster, checkout: Path, fronts: list[Front]
) -> None:
    replicas = [((node, container), mark) for node in cluster.nodes for container, mark in node.replicas().items()]
    person = let_in(fronts[0], replicas[0][0], "staff")
    assert replicas[0][0][0] is not replicas[1][0][0]
    seconds = until_told(cluster, person, by_operator(cluster, checkout), *(mark for _, mark in replicas))
    assert max(seconds) <= 1


def test_a_machine_that_is_lost_takes_nobody_along(cluster: Cluster, checkout: Path, fronts: list[Front]) -> None:
    ((_, mark),) = cluster.nodes[1].replicas().items()
    ((container, _),) = cluster.nodes[0].replicas().items()
    people = [let_in(fronts[0], (cluster.nodes[0], container), "staff") for _ in range(2)]
    assert max(until_elsewhere(cluster.nodes[1], mark, people)) < 30
    assert all(person.is_in() for person in people)
