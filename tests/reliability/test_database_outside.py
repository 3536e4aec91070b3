"""A cluster whose database is outside: a Postgres with a CA and an administrator of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.outside import ADMINISTRATOR, PASSWORD, Outside

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def cluster(run_folder: Path) -> Iterator[Cluster]:
    made = Cluster(f"gatehouse-test-{run_folder.name}-outside", run_folder / "cluster-outside", count=1)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def outside(cluster: Cluster, run_folder: Path) -> Iterator[Outside]:
    server = Outside(run_folder / "outside-server", f"gatehouse-test-{run_folder.name}-outside")
    yield server
    server.remove()


@pytest.fixture(scope="module")
def checkout(cluster: Cluster, outside: Outside) -> Path:
    cluster.environment(REPLICAS=1)
    folder = cluster.directory / "environments"
    text = (folder / "staging.toml").read_text(encoding="utf-8").replace("postgres = true", "")
    text += f'[database]\nurl = "postgresql://{ADMINISTRATOR}@{outside.host}:5432"\nca = "database-ca.crt"\n'
    (folder / "staging.toml").write_text(text, encoding="utf-8")
    (folder / "database-ca.crt").write_text(outside.ca, encoding="utf-8")
    return cluster.clone()


def test_without_roles_it_says_who_is_to_make_them(cluster: Cluster, checkout: Path, outside: Outside) -> None:
    done = cluster.make(checkout, "deploy", check=False)
    assert done.returncode != 0
    assert f"no connection to {outside.host}:5432 as gate_migrator" in done.stderr
    assert "has its administrator applied deploy/postgres/roles.sql (docs/scaling.md)?" in done.stderr
    assert "everything is back at nothing" in done.stderr


def test_with_the_administrators_password_it_ends_with_the_url(
    cluster: Cluster, checkout: Path, outside: Outside
) -> None:
    given = cluster.directory / "secrets/cluster/staging/provided/database_administrator"
    given.write_text(PASSWORD, encoding="utf-8")
    given.chmod(0o400)
    os.chown(given, 0, 0)
    said = cluster.make(checkout, "deploy").stdout
    # The rollout has signed in through the front door: gate, app and Keycloak have their database.
    assert "The app is at https://app.gate.test:8443" in said
    names = cluster.nodes[0].docker("service", "ls", "--format", "{{.Name}}").splitlines()
    assert sorted(names) == ["gatehouse_app-v2", "gatehouse_keycloak", "gatehouse_nginx"]
    secrets = cluster.nodes[0].docker("secret", "ls", "--format", "{{.Name}}")
    assert "gatehouse-roles-administrator-" in secrets
    assert "gatehouse-postgres-" not in secrets
    assert outside.sql("SELECT name FROM gate.release WHERE state = 'serving'", "app") == "v2"
    assert outside.sql("SELECT count(*) FROM realm WHERE name = 'apps'", "keycloak") == "1"
    tls = (
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename IN ('gate', 'keycloak')"
    )
    assert outside.sql(tls) == "t"


def test_a_machine_without_the_secrets_deploys_too(cluster: Cluster, checkout: Path, outside: Outside) -> None:
    folder = cluster.directory / "secrets/cluster/staging"
    folder.rename(cluster.directory / "aside")
    try:
        said = cluster.make(checkout, "deploy").stdout
    finally:
        if folder.exists():
            folder.rmdir()
        (cluster.directory / "aside").rename(folder)
    assert "none on this machine; the cluster's own stay in use" in said
    assert outside.sql("SELECT name FROM gate.release WHERE state = 'serving'", "app") == "v3"
