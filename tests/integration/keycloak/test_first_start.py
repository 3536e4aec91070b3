"""The way from Keycloak's temporary client to the operator's, killed at every step; and back when a secret is lost."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable

import httpx
import pytest

from integration.keycloak.identity import KEYCLOAK, NOTHING, Identity
from integration.keycloak.person import Person, ProxyTransport
from support.command import run

pytestmark = pytest.mark.drill
PIDFILE = "/tmp/pid"  # noqa: S108 -- the container's


@pytest.fixture(scope="module")
def fresh(make_identity: Callable[[str], Identity]) -> Identity:
    """A Keycloak that no other test sees."""
    return make_identity("fresh")


def reconcile_killed(identity: Identity) -> str:
    """Run reconcile, kill -9 it as soon as it has said something, and return what."""
    job = f"echo $$ > {PIDFILE}; exec python -m deploy.keycloak.reconcile"
    command = ["docker", "exec", f"--env=KEYCLOAK_URL={url(identity)}", identity.jobs, "bash", "-c", job]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline().strip()
        identity.shell(f"kill -9 $(cat {PIDFILE})", check=False)
        process.communicate()
    return line


def url(identity: Identity) -> str:
    """Keycloak's, whose address a restart may have changed."""
    return f"http://{identity.address}:8080"


def recover(identity: Identity) -> None:
    """`docker compose stop keycloak`, `docker compose run --rm keycloak recover`, and up again."""
    container = identity.keycloak.get_wrapped_container()
    container.stop(timeout=30)
    options = ["--rm", "--init", "--read-only", "--cap-drop=ALL", "--volumes-from", str(container.id), "--tmpfs=/tmp"]
    memory = [f"--tmpfs={path}:mode=0700,uid=1000,gid=1000" for path in ("/run/gatehouse", "/opt/keycloak/data")]
    host = f"--add-host=postgres:{identity.database.address}"
    labels = [f"--label={key}={value}" for key, value in identity.database.labels.items()]
    run(["docker", "run", *options, *memory, host, *labels, KEYCLOAK, "recover"], timeout=300)
    container.start()


def settled(identity: Identity) -> None:
    """Everything is there, and no more than that."""
    identity.reconcile(KEYCLOAK_URL=url(identity))
    assert identity.reconcile(KEYCLOAK_URL=url(identity)) == NOTHING
    assert identity.bootstrap_answer() == httpx.codes.UNAUTHORIZED
    with identity.admin() as admin:
        assert admin.allowed("/users")
        assert not admin.of("master").allowed("/users")
    with httpx.Client(transport=ProxyTransport(identity.address), timeout=60) as http:
        assert Person(http).gets_in("sam", identity.demo_password("sam"))


def test_killed_at_each_step_of_the_first_start(fresh: Identity) -> None:
    assert fresh.bootstrap_answer() == httpx.codes.OK
    said = [reconcile_killed(fresh) for _ in range(10)]
    assert said[0] == "realm apps: created"
    settled(fresh)


def test_lost_secret_and_realm_are_told_and_recovered(fresh: Identity) -> None:
    with fresh.admin() as admin:
        admin.delete("")
    file = fresh.secrets / "reconcile" / "operator_secret"
    file.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    assert "docker compose run --rm keycloak recover" in fresh.refused("reconcile")
    assert "cannot manage realm apps" in fresh.refused("users", "list")
    recover(fresh)
    # Bounded by the jobs' own patience: reconcile waits for Keycloak.
    said = [reconcile_killed(fresh) for _ in range(3)]
    assert said[0] == "realm apps: created"
    settled(fresh)


def test_idle_memory(fresh: Identity) -> None:
    container = str(fresh.keycloak.get_wrapped_container().id)
    used = run(["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", container]).stdout.split("MiB /")[0]
    assert float(used) < 520, "MiB; the whole stack idles within 1.3 GiB"
