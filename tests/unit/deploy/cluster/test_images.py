"""Images on the nodes are those that were built, or the rollout stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.cluster import images
from deploy.cluster.environment import Environment, Node
from deploy.cluster.errors import ClusterError
from support.engines import Engines

ID = f"sha256:{'1a' * 32}"
NAME = "gatehouse-app:local"
KEPT = "gatehouse-app:1a1a1a1a1a1a"
ENVIRONMENT = Environment(context="one", nodes={"one": Node(context="one", edge=True, postgres=True)})


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engines:
    found = Engines(tmp_path, monkeypatch)
    found.say(f"|image inspect {NAME}", [{"Id": ID}])
    found.say(f"|tag {ID} {KEPT}", "")
    found.say(f"|save {KEPT}", "layers")
    found.say("one|load", "")
    return found


def test_one_that_was_not_built_is_named(engines: Engines) -> None:
    assert images.ids([NAME]) == {NAME: ID}
    with pytest.raises(
        ClusterError, match="image gatehouse-nginx:local: is not on this machine; make deploy builds it"
    ):
        images.ids([NAME, "gatehouse-nginx:local"])


def test_a_node_that_has_it_is_sent_nothing(engines: Engines) -> None:
    engines.say(f"one|image inspect {ID}", [{"Id": ID}])
    engines.say("one|load", "must not be asked", 1)
    assert images.bring({NAME: ID}, ENVIRONMENT) == ["one: 0 loaded by image id, 1 there"]


def test_one_that_is_another_after_loading_is_named_with_the_remedy(engines: Engines) -> None:
    with pytest.raises(ClusterError, match=f"node one: has {KEPT} under another id after loading; .* name a registry"):
        images.bring({NAME: ID}, ENVIRONMENT)


def test_a_node_that_takes_none_says_why(engines: Engines) -> None:
    engines.say("one|load", "no space left on device", 1)
    with pytest.raises(ClusterError, match="images could not be brought to one: no space left on device"):
        images.bring({NAME: ID}, ENVIRONMENT)
