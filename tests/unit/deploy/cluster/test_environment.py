from __future__ import annotations

from pathlib import Path

import pytest

from deploy.cluster.environment import read
from deploy.cluster.errors import ClusterError
from support.command import ROOT

COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
GOOD = """
context = "staging"
[settings]
DOMAIN = "staging.example.com"
REPLICAS = 2
[nodes.one]
context = "one"
edge = true
postgres = true
[nodes.two]
context = "two"
"""


def refusal(folder: Path, text: str) -> str:
    (folder / "staging.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ClusterError) as refused:
        read(folder, "staging", COMPOSE)
    return str(refused.value)


@pytest.mark.parametrize("name", ["development", "staging", "production"])
def test_those_that_come_along_are_whole(name: str) -> None:
    found = read(ROOT / "deploy/cluster/environments", name, COMPOSE)
    assert found.edges
    assert found.database_node in found.nodes


def test_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "staging.toml").write_text(GOOD, encoding="utf-8")
    found = read(tmp_path, "staging", COMPOSE)
    assert (found.edges, found.database_node) == (["one"], "one")
    assert found.url == "https://app.staging.example.com"
    assert found.drain_time.total_seconds() == 600
    assert found.encrypted


def test_an_environment_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "production.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ClusterError, match="TO=staging: .* is not there; environments are: production"):
        read(tmp_path, "staging", COMPOSE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("context =", "contekst ="), "contekst: no such key"),
        (("edge = true", "egde = true"), "nodes.one.egde: no such key"),
        (("REPLICAS", "REPLICA"), "settings.REPLICA: is no setting; .env.example lists them"),
        (("REPLICAS = 2", 'BUILD_CA = "/x"'), "settings.BUILD_CA: is no setting"),
        (("REPLICAS = 2", 'BIND = "127.0.0.1"'), "settings.BIND: is for one machine alone"),
        (("REPLICAS = 2", 'ACME = "ann@example.com"'), "settings.ACME: is for one machine alone"),
        (("REPLICAS = 2", "REPLICAS = 2.5"), "settings.REPLICAS"),
        (('DOMAIN = "staging.example.com"', ""), "settings.DOMAIN: is missing"),
        (("staging.example.com", "localhost"), "settings.DOMAIN: is missing"),
        (("edge = true", ""), "nodes: none has `edge = true`"),
        (("postgres = true", ""), "nodes: 0 have `postgres = true`"),
        (('context = "two"', "postgres = true"), "nodes: 2 have `postgres = true`"),
        (('context = "two"', ""), "nodes.two.context: is missing; without a registry"),
        (('context = "staging"', 'context = "staging"\ndrain = "soon"'), "drain"),
        (('context = "staging"', "context ="), "is not TOML"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in GOOD
    said = refusal(tmp_path, GOOD.replace(*change))
    assert told in said
    assert "staging.toml: " in said


def test_with_a_registry_no_way_to_each_node_is_needed(tmp_path: Path) -> None:
    text = GOOD.replace('context = "staging"', 'context = "staging"\nregistry = "registry.example.com/gatehouse"')
    (tmp_path / "staging.toml").write_text(text.replace('context = "two"', ""), encoding="utf-8")
    assert read(tmp_path, "staging", COMPOSE).nodes["two"].context == ""
