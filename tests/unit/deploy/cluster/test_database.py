"""A database outside: what the environment's file may say of it, and what becomes of it in the stack file."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster.environment import Environment, read
from deploy.cluster.errors import ClusterError
from deploy.cluster.stack import JOBS, Plan
from deploy.prepare import certificates
from support.command import ROOT, run

COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
GOOD = """
context = "staging"
[settings]
DOMAIN = "gate.test"
[nodes.one]
context = "one"
edge = true
[database]
url = "postgresql://dba@db.example.com:6432"
ca = "database-ca.crt"
"""


def environment(folder: Path, text: str = GOOD) -> Environment:
    authority = certificates.new_authority(certificates.new_key(), "example.com", datetime.now(UTC))
    (folder / "database-ca.crt").write_bytes(b"Of the company\n" + certificates.certificate_pem(authority))
    (folder / "staging.toml").write_text(text, encoding="utf-8")
    return read(folder, "staging", COMPOSE)


def test_what_it_says(tmp_path: Path) -> None:
    found = environment(tmp_path).database
    assert found
    assert found.variables == {"DATABASE_HOST": "db.example.com", "DATABASE_PORT": "6432"}
    assert found.administrator == "dba"
    assert found.ca.startswith("-----BEGIN CERTIFICATE-----\n")


def test_port_and_administrator_are_postgres_own_unless_said(tmp_path: Path) -> None:
    found = environment(tmp_path, GOOD.replace("dba@db.example.com:6432", "10.0.0.7/")).database
    assert found
    assert found.variables == {"DATABASE_HOST": "10.0.0.7", "DATABASE_PORT": "5432"}
    assert found.administrator == "postgres"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("dba@", "dba:hunter2@"),
            "database.url: holds a password; take it out, and put it where docs/scaling.md says",
        ),
        (("dba@", "dba:@"), "database.url: holds a password"),
        (("postgresql://", "mysql://"), "database.url: is no address of a Postgres; write it like"),
        (("postgresql://dba@db.example.com:6432", "db.example.com"), "database.url: is no address of a Postgres"),
        ((":6432", ":65536"), "database.url: is no address"),
        ((":6432", ":0"), "database.url: is no address"),
        ((":6432", ":6432/app"), "database.url: says more than where it is"),
        ((":6432", ":6432?sslmode=disable"), "database.url: says more than where it is"),
        (("db.example.com", "localhost"), "database.url: is not what containers on every node find"),
        (("db.example.com", "127.0.0.1"), "database.url: is not what containers on every node find"),
        (("db.example.com", "postgres"), "database.url: is not what containers on every node find"),
        (("db.example.com", "[fd00::7]"), "database.url: is not what containers on every node find"),
        (("dba@", "d%20ba@"), "database.url: names an administrator that no Postgres has"),
        (('ca = "database-ca.crt"', ""), "database.ca: field required"),
        (("database-ca.crt", "gone.crt"), "gone.crt cannot be read (No such file or directory); put the CA"),
        (("database-ca.crt", "staging.toml"), "staging.toml is no certificate in PEM; put the CA"),
        (('ca = "database-ca.crt"', 'ca = "database-ca.crt"\npassword = "x"'), "database.password: no such key"),
        (("edge = true", "edge = true\npostgres = true"), "database: is outside, and a node has `postgres = true`"),
    ],
)
def test_each_fault_is_named_and_no_password_is_shown(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(ClusterError) as refused:
        environment(tmp_path, GOOD.replace(*change))
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME")}
    words = ["docker", "compose", "--env-file", "/dev/null", "config", "--format", "json"]
    compose: dict[str, Any] = json.loads(run(words, env=clean | {"DOMAIN": "gate.test"}).stdout)
    images = {row["image"]: f"sha256:{number:064x}" for number, row in enumerate(compose["services"].values())}
    return Plan(environment(tmp_path), compose, images, {}, "v7")


def test_no_postgres_in_the_stack_and_all_who_ask_one_know_where_it_is(plan: Plan) -> None:
    assert plan.base == ["keycloak", "nginx"]
    services = plan.stack(*plan.base, *JOBS, "app")["services"]
    told = {name for name, service in services.items() if "DATABASE_HOST" in service["environment"]}
    assert told == {"roles", "migrate", "keycloak", "app-v7"}
    assert services["roles"]["environment"]["DATABASE_ADMINISTRATOR"] == "dba"
    assert all(
        "DATABASE_ADMINISTRATOR" not in service["environment"] for name, service in services.items() if name != "roles"
    )
    assert [mount["source"] for mount in services["roles"]["volumes"] if "source" in mount] == []
    assert services["roles"]["deploy"]["placement"]["constraints"] == ["node.labels.gatehouse == true"]


def test_only_those_who_ask_it_get_a_way_out_and_each_by_itself(plan: Plan) -> None:
    file = plan.stack(*plan.base, *JOBS, "app")
    ways = {name for name, network in file["networks"].items() if not network["internal"]}
    assert ways == {"edge", "app-data-open", "identity-data-open"}
    users = {
        way: {name for name, service in file["services"].items() if way in service["networks"]} for way in sorted(ways)
    }
    assert users == {
        "edge": {"nginx"},
        "app-data-open": {"roles", "migrate", "app-v7"},
        "identity-data-open": {"keycloak"},
    }
