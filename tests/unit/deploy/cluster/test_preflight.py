"""What is found before anything is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.cluster import preflight
from deploy.cluster.docker import Docker
from deploy.cluster.environment import Environment, Node
from deploy.cluster.errors import ClusterError
from support.engines import Engines

ENVIRONMENT = Environment(
    context="staging", nodes={"one": Node(context="one", edge=True, postgres=True), "two": Node(context="two")}
)


def info(name: str, **changes: object) -> dict[str, object]:
    swarm = {"LocalNodeState": "active", "ControlAvailable": True}
    return {"ServerVersion": "26.1.5", "Name": name, "Swarm": swarm, "MemoryLimit": True, "PidsLimit": True} | changes


def node(
    name: str, state: str = "ready", availability: str = "active", version: str = "26.1.5+dfsg1"
) -> dict[str, Any]:
    return {
        "Description": {"Hostname": name, "Engine": {"EngineVersion": version}, "Platform": {"Architecture": "x86_64"}},
        "Status": {"State": state},
        "Spec": {"Availability": availability},
    }


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engines:
    found = Engines(tmp_path, monkeypatch)
    found.say("|context inspect staging", [{}])
    found.say("staging|info", info("one"))
    found.say("one|info", info("one"))
    found.say("two|info", info("two"))
    found.say("staging|node ls", "1\n2\n")
    found.say("staging|node inspect", [node("one"), node("two")])
    return found


def refused() -> str:
    with pytest.raises(ClusterError) as refusal:
        preflight.manager(ENVIRONMENT)
    return str(refusal.value)


def test_a_good_cluster_passes(engines: Engines) -> None:
    assert preflight.nodes(preflight.manager(ENVIRONMENT), ENVIRONMENT) == []


def test_a_context_that_is_not_there(engines: Engines) -> None:
    engines.say("|context inspect", "no such context", 1)
    assert "context staging: is not there; docker context create staging" in refused()


def test_an_engine_that_does_not_answer(engines: Engines) -> None:
    engines.say("staging|info", "dial tcp: no way there", 1)
    assert "context staging: the engine does not answer (dial tcp: no way there)" in refused()


@pytest.mark.parametrize(
    ("swarm", "told"),
    [
        ({"LocalNodeState": "inactive", "ControlAvailable": False}, "one is in no cluster; run docker swarm init"),
        ({"LocalNodeState": "active", "ControlAvailable": False}, "one is a worker; point the context at a manager"),
    ],
)
def test_what_is_no_manager(engines: Engines, swarm: dict[str, object], told: str) -> None:
    engines.say("staging|info", info("one", Swarm=swarm))
    assert told in refused()


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (node("other"), "node two: is not in the cluster, which has one, other"),
        (node("two", state="down"), "node two: is down"),
        (node("two", availability="drain"), "node two: is set to drain; docker node update --availability active two"),
        (node("two", version="20.10.24"), "node two: its engine is 20.10.24; 26.0 or newer is needed"),
    ],
)
def test_nodes_that_cannot_be_used(engines: Engines, second: dict[str, Any], told: str) -> None:
    engines.say("staging|node inspect", [node("one"), second])
    (said,) = preflight.nodes(Docker("staging"), ENVIRONMENT)
    assert told in said


def test_a_node_out_of_reach_and_a_context_that_leads_elsewhere(engines: Engines) -> None:
    engines.say("one|info", "no route", 1)
    engines.say("two|info", info("one"))
    said = preflight.nodes(Docker("staging"), ENVIRONMENT)
    assert said[0].startswith("node one, context one: the engine does not answer")
    assert said[1] == "node two: context two leads to one; mend the file or the context"


def test_a_kernel_without_limits(engines: Engines) -> None:
    engines.say("two|info", info("two", PidsLimit=False))
    (said,) = preflight.nodes(Docker("staging"), ENVIRONMENT)
    assert "its kernel limits neither memory nor processes" in said


@pytest.mark.parametrize(("made_for", "told"), [("arm64", "is for arm64, and node one is x86_64"), ("amd64", "")])
def test_images_for_other_machines(engines: Engines, made_for: str, told: str) -> None:
    engines.say("|image inspect gatehouse-app:local", [{"Architecture": made_for}])
    said = preflight.architecture(Docker("staging"), {"app": "gatehouse-app:local"}, ENVIRONMENT)
    assert told in "".join(said)
    assert bool(said) == bool(told)


def test_an_image_that_was_not_built(engines: Engines) -> None:
    said = preflight.architecture(Docker("staging"), {"app": "gatehouse-app:local"}, ENVIRONMENT)
    assert said == ["image gatehouse-app:local: is not on this machine; make deploy builds it"]


def test_another_environments_cluster(engines: Engines) -> None:
    engines.say("staging|config ls", "a\nb\n")
    labels = [{"Spec": {"Labels": {preflight.ENVIRONMENT: name}}} for name in ("production", "production")]
    engines.say("staging|config inspect", labels)
    (said,) = preflight.cluster_is(Docker("staging"), "staging")
    assert "this cluster is production's; check TO and the context" in said
    assert preflight.cluster_is(Docker("staging"), "production") == []


def test_secrets_that_two_environments_share(tmp_path: Path) -> None:
    own, other = tmp_path / "staging", tmp_path / "production"
    for folder, value in ((own, "same"), (other, "same")):
        (folder / "app").mkdir(parents=True)
        (folder / "app/gate_password").write_text(value, encoding="utf-8")
    (said,) = preflight.secrets(own, [own, other])
    assert f"{own}/app/gate_password: is the same as in {other}" in said
    (other / "app/gate_password").write_text("another", encoding="utf-8")
    assert preflight.secrets(own, [own, other]) == []


def test_secrets_that_are_not_this_clusters(engines: Engines, tmp_path: Path) -> None:
    engines.say("staging|secret ls", "")
    assert preflight.origin(Docker("staging"), tmp_path, "mine") == []
    engines.say("staging|secret ls", "a\n")
    engines.say("staging|secret inspect", [{"Spec": {"Labels": {preflight.ORIGIN: "theirs"}}}])
    assert "is not this cluster's; bring that folder here" in preflight.origin(Docker("staging"), tmp_path, "mine")[0]
    assert preflight.origin(Docker("staging"), tmp_path, "theirs") == []
