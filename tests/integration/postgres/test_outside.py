"""A database outside the stack: roles by an administrator, migrations and logins, all over TLS by verify-full."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.cluster import objects
from deploy.cluster.environment import read
from deploy.cluster.stack import Plan
from deploy.prepare.__main__ import prepare
from deploy.prepare.inventory import LOGINS
from deploy.prepare.settings import Settings
from support.command import ROOT, CommandError, run
from support.outside import ADMINISTRATOR, PASSWORD, Outside
from support.rundir import take_down
from support.stack import PREFIX

HOST = "db.example.com"
ENVIRONMENT = f"""
context = "default"
[settings]
DOMAIN = "gate.test"
[nodes.one]
context = "default"
edge = true
[database]
url = "postgresql://{ADMINISTRATOR}@{HOST}"
ca = "ca.crt"
"""


@dataclass
class Jobs:
    """The jobs of a stack whose environment names a database outside, run beside it."""

    plan: Plan
    tree: Path
    network: str
    project: str

    def __call__(self, name: str, **changed: str) -> str:
        """Run one to its end, as the stack file has it, and return what it said. Raises CommandError."""
        service = self.plan.service(name)
        words = [f"--env={key}={value}" for key, value in {**service["environment"], **changed}.items()]
        words += [f"--tmpfs={mount['target']}" for mount in service["volumes"] if mount["type"] == "tmpfs"]
        words += ["--read-only", "--cap-drop=ALL", f"--network={self.network}"]
        words += [f"--label=com.docker.compose.project={self.project}", f"--volume={self.tree / name}:/run/secrets:ro"]
        words += [f"--entrypoint={service['entrypoint'][0]}"] if service.get("entrypoint") else []
        words += [f"--user={service['user']}"] if "user" in service else []
        done = run(["docker", "run", "--rm", "--init", *words, service["image"], *(service.get("command") or [])])
        return done.stdout


@pytest.fixture(scope="module")
def project(run_folder: Path) -> Iterator[str]:
    name = f"{PREFIX}{run_folder.name}-outside"
    run(["docker", "network", "create", f"--label=com.docker.compose.project={name}", name])
    yield name
    take_down(name)


@pytest.fixture(scope="module")
def outside(project: str, run_folder: Path) -> Iterator[Outside]:
    server = Outside(run_folder / "outside", project, HOST, project)
    yield server
    server.remove()


@pytest.fixture(scope="module")
def jobs(outside: Outside, project: str, run_folder: Path) -> Jobs:
    folder = run_folder / "outside-environment"
    folder.mkdir()
    (folder / "ca.crt").write_text(outside.ca, encoding="utf-8")
    (folder / "staging.toml").write_text(ENVIRONMENT, encoding="utf-8")
    environment = read(folder, "staging", (ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert environment.database
    tree = run_folder / "outside-tree"
    (tree / "provided").mkdir(parents=True)
    given = tree / "provided/database_administrator"
    given.write_text(PASSWORD, encoding="utf-8")
    given.chmod(0o400)
    settings = Settings(DOMAIN="gate.test", BIND="0.0.0.0", SECRETS_DIR=tree, DATABASE_CA=environment.database.ca)
    assert prepare(settings, datetime.now(UTC).replace(microsecond=0)).problems == []
    for (place, file), source in objects.BORROWED.items():
        run(["install", "--mode=0400", tree / source / file, tree / place / file])
        os.chown(tree / place / file, (tree / place).stat().st_uid, -1)
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "TAG")}
    words = ["docker", "compose", "--env-file", "/dev/null", "config", "--format", "json"]
    compose: dict[str, Any] = json.loads(run(words, env=clean | {"DOMAIN": "gate.test"}).stdout)
    images = {row["image"]: row["image"] for row in compose["services"].values()}
    return Jobs(Plan(environment, compose, images, {}, "v1"), tree, project, project)


@pytest.fixture(scope="module")
def applied(jobs: Jobs) -> Jobs:
    assert jobs("roles") == "roles and databases are in place\n"
    assert "platform: " in jobs("migrate")
    return jobs


def connect(outside: Outside, jobs: Jobs, login: str, database: str = "app", **options: str) -> psycopg.Connection[Any]:
    (file,) = jobs.tree.glob(f"*/{login}_password")
    given = {
        "host": HOST,
        "hostaddr": outside.address,
        "dbname": database,
        "user": login,
        "password": file.read_text(encoding="utf-8").strip(),
        "sslmode": "verify-full",
        "sslrootcert": str(jobs.tree / "app/database_ca.crt"),
        "channel_binding": "require",
    } | options
    return psycopg.connect(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("login", [login for login in LOGINS if login != "monitor"])  # the stack's own server's
def test_each_login_signs_in_by_the_ca_that_was_given(outside: Outside, applied: Jobs, login: str) -> None:
    with connect(outside, applied, login, "keycloak" if login == "keycloak" else "app") as connection:
        assert connection.execute("SELECT current_user").fetchone() == (login,)


def test_again_changes_nothing_and_a_superuser_may_do_it_too(outside: Outside, applied: Jobs) -> None:
    assert "in place" in applied("roles")
    outside.sql(f"ALTER ROLE {ADMINISTRATOR} SUPERUSER")
    try:
        assert "in place" in applied("roles")
    finally:
        outside.sql(f"ALTER ROLE {ADMINISTRATOR} NOSUPERUSER")
    assert "in place" in applied("roles")


def test_logins_have_no_more_than_in_the_stacks_own(outside: Outside, applied: Jobs) -> None:
    odd = "rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
    found = outside.sql(f"SELECT rolname FROM pg_roles WHERE {odd}").splitlines()  # noqa: S608
    assert not set(found) & set(LOGINS)
    with connect(outside, applied, "app_a") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM gate.session")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(outside, applied, "app_a", "keycloak")


def test_what_is_others_stays_as_it_was(outside: Outside, applied: Jobs) -> None:
    """A server outside has users and databases of its own: they still get in where they did."""
    assert applied.plan.environment.database
    outside.sql("CREATE ROLE other LOGIN")
    for database in ("postgres", "template1"):
        assert outside.sql(f"SELECT has_database_privilege('other', '{database}', 'CONNECT')") == "t"
    for database in ("app", "keycloak"):
        assert outside.sql(f"SELECT has_database_privilege('other', '{database}', 'CONNECT')") == "f"


def test_another_name_or_another_ca_is_refused(applied: Jobs, outside: Outside) -> None:
    with pytest.raises(CommandError, match="does not match host name"):
        applied("roles", DATABASE_HOST=outside.address)
    ca = applied.tree / "roles/database_ca.crt"
    right = ca.read_bytes()
    try:
        ca.chmod(0o600)
        ca.write_bytes((applied.tree / "ca/internal/ca.crt").read_bytes())
        ca.chmod(0o400)
        with pytest.raises(CommandError, match="certificate verify failed"):
            applied("roles")
    finally:
        ca.chmod(0o600)
        ca.write_bytes(right)
        ca.chmod(0o400)


def test_a_server_that_does_not_answer_is_named(applied: Jobs) -> None:
    with pytest.raises(CommandError, match=f"no answer at {HOST}:6543 within 1 s; check .database. of"):
        applied("roles", DATABASE_PORT="6543", PATIENCE="1")


def test_without_the_administrators_password_roles_are_left_to_them(applied: Jobs) -> None:
    file = applied.tree / "roles/administrator"
    file.rename(file.with_name("aside"))
    try:
        assert applied("roles").startswith(f"left to the administrator of {HOST}: roles and databases")
    finally:
        file.with_name("aside").rename(file)
