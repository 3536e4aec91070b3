"""The words an operator types, as far as they need no engine."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.command import ROOT, run
from support.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_make_alone_lists_every_word() -> None:
    words = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    listed = set(re.findall(r"^  make ([a-z]+)", run(["make"]).stdout, flags=re.MULTILINE))
    assert listed == words - {"help"}


@pytest.mark.parametrize("word", ["down", "status", "logs", "users", "destroy"])
def test_without_an_engine_each_word_says_so(word: str) -> None:
    result = run(
        ["make", word], check=False, env=os.environ | {"DOCKER_HOST": "unix:///nowhere.sock", "CONFIRM": "yes"}
    )
    assert result.returncode != 0
    assert result.stderr.splitlines()[0] == "Error: no engine answers here; `make up` brings one"


@pytest.mark.parametrize("name", ["typo", "app|nginx", "-x"])
def test_logs_of_what_is_no_service_name_those_that_are(name: str) -> None:
    result = run(
        ["deploy/engine/logs.sh", name], check=False, env=os.environ | {"COMPOSE_PROJECT_NAME": "gatehouse-test-no"}
    )
    assert result.returncode != 0
    assert result.stderr.startswith(f"Error: {name} is no service; there are: acme, app, keycloak, migrate, nginx, ")


def dev(shell: Shell, **settings: str) -> str:
    """What `make dev` says before it starts anything."""
    return shell("deploy/engine/dev.sh", **settings).stderr


def test_dev_is_refused_under_a_public_name(shell: Shell) -> None:
    assert dev(shell, DOMAIN="example.com") == (
        "Error: make dev shows errors in full, and is for DOMAIN=localhost alone; here it is example.com\n"
    )


def test_dev_is_refused_where_it_could_not_work(shell: Shell) -> None:
    script = shell.directory / "app/desk/main.py"
    assert "put main.py into one of its own" in dev(shell, APP="app/desk/main.py")
    script.chmod(0o600)
    assert dev(shell).endswith(
        "app/desk/main.py: the app runs as a user of its own and cannot read it; chmod -R o+rX ./app/desk\n"
    )


def test_up_says_that_the_engine_it_was_pointed_to_does_not_answer() -> None:
    environment = os.environ | {"DOCKER_HOST": "unix:///nowhere.sock"}
    result = run([ROOT / "deploy/engine/engine.sh"], check=False, env=environment)
    assert result.stderr == (
        "Error: no engine answers at DOCKER_HOST=unix:///nowhere.sock; start it, or unset DOCKER_HOST\n"
    )


def test_destroy_without_a_terminal_deletes_nothing_unless_told(shell: Shell) -> None:
    result = run(
        ["make", "destroy"],
        check=False,
        env=os.environ | {"COMPOSE_PROJECT_NAME": "gatehouse-test-nothing", "SECRETS": str(shell.directory)},
    )
    assert result.returncode != 0
    assert "nothing was deleted" in result.stderr
    assert (shell.directory / "compose.yaml").exists()


def test_step_says_what_it_does_and_how_long_it_took(shell: Shell) -> None:
    assert re.fullmatch(r"==> Wait\n    done in 0\.\d s\n", shell('step "Wait" true').stdout)


def test_failed_step_ends_the_word(shell: Shell) -> None:
    result = shell('step "Wait" false; echo on')
    assert (result.returncode, result.stdout) == (1, "==> Wait\n")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("running '' 0", "healthy"),
        ("running healthy 0", "healthy"),
        ("running starting 0", "starting"),
        ("running unhealthy 0", "unhealthy"),
        ("exited '' 0", "done"),
        ("exited '' 1", "failed"),
        ("exited unhealthy 137", "failed"),
        ("restarting '' 1", "restarting"),
        ("created '' 0", "waiting"),
        ("missing '' ''", "missing"),
    ],
)
def test_state_in_one_word(shell: Shell, state: str, word: str) -> None:
    assert shell(f"verdict {state}").stdout == f"{word}\n"


@pytest.mark.parametrize(
    ("version", "enough"), [("26.1.5+dfsg1", True), ("26.0.0", True), ("28.2.2", True), ("20.10.24", False)]
)
def test_old_engines_are_told_from_new_ones(shell: Shell, version: str, enough: bool) -> None:  # noqa: FBT001
    assert (shell(f"at_least {version} 26.0").returncode == 0) == enough


def test_dangerous_calls_of_the_app_are_warned_of(shell: Shell) -> None:
    engine = "docker() { [[ $* == 'compose exec --no-TTY app '* ]] && echo 'main.py:3: pickle.load: use JSON'; }"
    assert shell(f"{engine}; warn_of_code").stdout.splitlines() == [
        "    Warning: app folder: main.py:3: pickle.load: use JSON",
        "    if such a line reads only what the app itself wrote, end it with `# trusted` (docs/author.md, Pickles)",
    ]


@pytest.mark.parametrize("engine", ["docker() { :; }", "docker() { return 1; }"])
def test_without_any_nothing_is_said_and_nothing_stopped(shell: Shell, engine: str) -> None:
    result = shell(f"{engine}; warn_of_code; echo on")
    assert (result.stdout, result.returncode) == ("on\n", 0)
