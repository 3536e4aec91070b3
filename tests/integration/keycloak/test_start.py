"""A start of Keycloak with a wrong secret or setting: stops at once, with one line that names it and the remedy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.keycloak.identity import Identity, error_line
from support.command import run

Spoil = Callable[[Path], object]


@pytest.fixture
def folder(identity: Identity, run_folder: Path) -> Path:
    """A copy of Keycloak's secrets to spoil."""
    copy = run_folder / "keycloak-spoilt"
    run(["rm", "-rf", copy])
    run(["cp", "--archive", identity.secrets / "keycloak", copy])
    return copy


def write(name: str, text: str) -> Spoil:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda folder: (folder / "bootstrap_secret").unlink(), "bootstrap_secret: missing"),
        (lambda folder: (folder / "issuer_ca.crt").unlink(), "issuer_ca.crt: missing"),
        (write("keycloak_password", ""), "keycloak_password: empty"),
        (write("keycloak_password", "short\n"), "keycloak_password: malformed"),
        (write("keycloak_password", "x" * 42 + "&"), "keycloak_password: malformed"),
        (write("database_ca.crt", "-----BEGIN CERT"), "database_ca.crt: malformed"),
        (lambda folder: (folder / "keycloak_password").chmod(0o440), "keycloak_password: too open"),
        (lambda folder: os.chown(folder / "bootstrap_secret", 0, 0), "bootstrap_secret: belongs to uid 0"),
    ],
)
def test_bad_secret(identity: Identity, folder: Path, spoil: Spoil, cause: str) -> None:
    spoil(folder)
    line = error_line(identity.start_with(folder))
    assert line.startswith(f"secrets/keycloak/{cause}")
    assert ";" in line, "no remedy"


@pytest.mark.parametrize(
    ("environment", "cause"),
    [
        ({"DOMAIN": "Gate.Test"}, "DOMAIN=Gate.Test: not a lower-case DNS name; "),
        ({"PORT": "70000"}, "PORT=70000: not a port; "),
        ({"DATABASE_HOST": "127.0.0.1", "DATABASE_PATIENCE": "0"}, "Postgres at 127.0.0.1:5432 does not answer; "),
    ],
)
def test_bad_setting(identity: Identity, folder: Path, environment: dict[str, str], cause: str) -> None:
    assert error_line(identity.start_with(folder, **environment)).startswith(cause)


def test_too_little_memory(identity: Identity, folder: Path) -> None:
    line = error_line(identity.start_with(folder, memory="700m"))
    assert line == "KEYCLOAK_MEMORY: 700 MB are too few; set it to 768m or more"


def inside(identity: Identity, script: str) -> str:
    """What `script` prints in Keycloak's container."""
    return run(["docker", "exec", str(identity.keycloak.get_wrapped_container().id), "bash", "-c", script]).stdout


def test_heap_and_pools_follow_from_the_memory_and_the_logins_limit(identity: Identity) -> None:
    script = "for one in /proc/[0-9]*; do if [[ $(<$one/comm) == java ]]; then tr '\\0' '\\n' <$one/cmdline; fi; done"
    flags = inside(identity, script).split()
    assert [flag for flag in flags if flag.startswith("-Xmx")] == ["-Xmx512m"]
    lines = inside(identity, "cat /run/gatehouse/keycloak.conf").splitlines()
    assert {"db-pool-max-size=20", "http-pool-max-threads=40"} <= set(lines)
    assert identity.database.superuser("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'keycloak'") == "25"


@pytest.mark.parametrize(("memory", "expected"), [(768, "256 32"), (1024, "512 40"), (4096, "3584 40")])
def test_more_memory_is_more_heap(identity: Identity, memory: int, expected: str) -> None:
    script = f"""
        source /etc/gatehouse/keycloak/memory.sh
        heap=$(heap_mb {memory})
        echo "$heap $(threads "$heap" "$(database_connections)")"
    """
    assert inside(identity, script) == f"{expected}\n"
