"""deploy/ci/connect.sh, with a home folder of the test's own."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.command import ROOT, run

HOSTS = "node-1.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxV"
MANAGER = "ssh://deploy@node-1.example.com"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("key") / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file])
    return file.read_text(encoding="utf-8")


def connect(home: Path, stdin: str, *words: str, hosts: str = HOSTS) -> CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    environment |= {"HOME": str(home), "SSH_KNOWN_HOSTS": hosts}
    return run([ROOT / "deploy/ci/connect.sh", *words], check=False, stdin=stdin, env=environment)


def test_the_key_is_closed_and_the_context_leads_there(tmp_path: Path, key: str) -> None:
    done = connect(tmp_path, key, "staging", MANAGER)
    assert (done.returncode, done.stdout) == (0, f"context staging leads to {MANAGER}\n"), done.stderr
    file = tmp_path / ".ssh/id_ed25519"
    assert file.read_text(encoding="utf-8") == key
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (tmp_path / ".ssh/known_hosts").read_text(encoding="utf-8") == f"{HOSTS}\n"
    words = ["docker", "context", "inspect", "staging", "--format", "{{.Endpoints.docker.Host}}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    assert run(words, env=environment | {"HOME": str(tmp_path)}).stdout.strip() == MANAGER
    again = connect(tmp_path, key, "staging", MANAGER)
    assert again.returncode == 1
    assert "is there; this is for machines that are thrown away" in again.stderr


@pytest.mark.parametrize(
    ("words", "hosts", "told"),
    [
        (("", MANAGER), HOSTS, "Error: CONTEXT: is missing"),
        (("staging", ""), HOSTS, "Error: MANAGER=: is no way to a manager"),
        (("staging", "tcp://node-1:2375"), HOSTS, "Error: MANAGER=tcp://node-1:2375: is no way"),
        (("staging", "ssh://node-1"), HOSTS, "write ssh://USER@HOST"),
        (("staging", MANAGER), "", "Error: SSH_KNOWN_HOSTS: is empty"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, key: str, words: tuple[str, str], hosts: str, told: str) -> None:
    done = connect(tmp_path, key, *words, hosts=hosts)
    assert done.returncode == 1
    assert told in done.stderr
    assert not (tmp_path / ".ssh").exists()


def test_half_a_key_is_refused_and_stays_nowhere(tmp_path: Path, key: str) -> None:
    done = connect(tmp_path, key[:200], "staging", MANAGER)
    assert done.returncode == 1
    assert "Error: standard input: is no private key without a passphrase" in done.stderr
    assert list((tmp_path / ".ssh").iterdir()) == []
