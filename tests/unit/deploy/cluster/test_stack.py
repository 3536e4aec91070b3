"""The stack file that is made of compose.yaml, as the engine's own client judges it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster.environment import read
from deploy.cluster.errors import ClusterError
from deploy.cluster.stack import BASE, JOBS, NOT_HERE, Plan
from support.command import ROOT, run


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME")}
    words = ["docker", "compose", "--env-file", "/dev/null", "config", "--format", "json"]
    settings = {"DOMAIN": "gate.test", "BIND": "0.0.0.0", "REPLICAS": "3", "POSTGRES_MEMORY": "2g"}
    found: dict[str, Any] = json.loads(run(words, env=clean | settings).stdout)
    return found


@pytest.fixture
def plan(compose: dict[str, Any]) -> Plan:
    environment = read(
        ROOT / "deploy/cluster/environments", "staging", (ROOT / "compose.yaml").read_text(encoding="utf-8")
    )
    images = {row["image"]: f"sha256:{number:064x}" for number, row in enumerate(compose["services"].values())}
    secrets = {"app": {"cookie_secret": "gatehouse-app-cookie_secret-0123"}, "postgres": {"server.key": "gatehouse-x"}}
    return Plan(environment, compose, images, secrets, "v7")


def test_every_service_of_the_stack_has_a_place(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) - NOT_HERE == {*BASE, *JOBS, "app"}


def test_the_engines_client_takes_it_and_ignores_nothing(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(plan.stack(*BASE, *JOBS, "app")), encoding="utf-8")
    said = run(["docker", "stack", "config", "--compose-file", file])
    assert "gnoring" not in said.stderr
    for name in (*BASE, *JOBS, "app-v7"):
        assert f"\n  {name}:" in said.stdout


def test_nothing_of_this_machine_goes_along(plan: Plan) -> None:
    text = json.dumps(plan.stack(*BASE, *JOBS, "app"))
    assert str(ROOT) not in text
    assert '"bind"' not in text
    assert "security_opt" not in text


def test_locked_down_as_on_one_machine(plan: Plan) -> None:
    for name, service in plan.stack(*BASE, *JOBS, "app")["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service["deploy"]["resources"]["limits"]["pids"] == 512, name
        assert service["image"].startswith("sha256:"), name


def test_memory_is_what_the_settings_say(plan: Plan) -> None:
    services = plan.stack(*BASE, "app")["services"]
    limits = {name: int(service["deploy"]["resources"]["limits"]["memory"]) >> 20 for name, service in services.items()}
    assert limits == {"postgres": 2048, "keycloak": 1024, "nginx": 512, "app-v7": 1024}


def test_only_nginx_is_published_on_the_edge_nodes_themselves(plan: Plan) -> None:
    services = plan.stack(*BASE, "app")["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"nginx"}
    assert {port["mode"] for port in services["nginx"]["ports"]} == {"host"}
    assert services["nginx"]["deploy"]["mode"] == "global"
    assert "node.labels.gatehouse.edge == true" in services["nginx"]["deploy"]["placement"]["constraints"]
    assert all(service["deploy"]["endpoint_mode"] == "dnsrr" for service in services.values())


def test_networks_are_internal_but_for_the_way_out_and_encrypted_by_default(plan: Plan) -> None:
    networks = plan.stack(*BASE, "app")["networks"]
    assert {name for name, network in networks.items() if not network["internal"]} == {"edge"}
    assert all(network["driver_opts"] == {"encrypted": "true"} for network in networks.values())


def test_each_service_gets_its_own_secrets_closed_to_others(plan: Plan) -> None:
    services = plan.stack("postgres", "app")["services"]
    (secret,) = services["app-v7"]["secrets"]
    assert secret == {
        "source": "gatehouse-app-cookie_secret-0123",
        "target": "cookie_secret",
        "uid": "10001",
        "gid": "10001",
        "mode": 0o400,
    }
    assert [one["target"] for one in services["postgres"]["secrets"]] == ["server.key"]


def test_the_version_knows_its_name_and_has_its_own_service(plan: Plan, compose: dict[str, Any]) -> None:
    service = plan.stack("app")["services"]["app-v7"]
    assert service["environment"]["RELEASE"] == "v7"
    assert service["networks"]["apps"] == {"aliases": ["app"]}
    assert set(compose["services"]["app"]["environment"]) | {"RELEASE"} == set(service["environment"])


def test_the_database_stays_where_its_volume_is(plan: Plan) -> None:
    for name in ("postgres", "roles"):
        where = plan.stack(name)["services"][name]["deploy"]["placement"]["constraints"]
        assert "node.hostname == node-3" in where


def test_a_key_that_nobody_has_decided_on_stops_it(plan: Plan) -> None:
    services = {**plan.compose["services"], "app": {**plan.compose["services"]["app"], "privileged": True}}
    odd = Plan(plan.environment, {"services": services}, plan.images, plan.secrets, "v7")
    with pytest.raises(ClusterError, match="compose.yaml: app.privileged: deploy/cluster/stack.py lacks it"):
        odd.stack("app")
