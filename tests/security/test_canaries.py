"""Each generated secret is a canary: after sign-ins, good and bad, it is looked for where secrets are known to leak."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from support import pages
from support.artifacts import folder_for
from support.browser import keep, new_context
from support.canaries import needles
from support.command import run
from support.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WRONG_PASSWORD = "not-the-password-of-sam"


class Canaries(dict[str, str]):
    """Values of secrets with their names. A failed test prints its arguments: not these."""

    def __repr__(self) -> str:
        return f"<{len(self)} canaries>"


@pytest.fixture(scope="module")
def canaries(stack: Stack) -> dict[str, str]:
    found = Canaries(needles(stack.secrets))
    # Generated, the author's, of the database, of the certificates, of the demo users.
    files = set(found.values())
    assert {
        "app/client_secret",
        "app/author.toml",
        "roles/app_a.verifier",
        "nginx/tls.key",
        "demo/sam",
    } <= files
    return found


@pytest.fixture(scope="module")
def used(stack: Stack, browser: Browser, run_folder: Path, request: pytest.FixtureRequest) -> float:
    """The secrets have been used: a refused sign-in, one that succeeds, and the way out. Returns when it began."""
    started = time.time()
    context, console = new_context(browser)
    page = context.new_page()
    try:
        page.goto(stack.app_url)
        pages.submit_password(page, "sam", WRONG_PASSWORD)
        page.get_by_text("Invalid username or password").wait_for()
        pages.submit_password(page, "sam", stack.demo_password("sam"))
        page.wait_for_url(f"{stack.app_url}/**")
        pages.settled(page)
    except BaseException:
        keep(context, console, folder_for(run_folder / "artifacts", request.node.nodeid))
        raise
    finally:
        context.close()
    return started


def leaks(canaries: dict[str, str], text: str) -> set[str]:
    """The secrets in `text`, by name: a failed test must not print what it found."""
    return {name for value, name in canaries.items() if value in text}


def leaks_in(canaries: dict[str, str], command: list[str], patterns: Path) -> set[str]:
    """The secrets in what `command` writes, however long; one pass for all of them."""
    patterns.write_text("\n".join(canaries), encoding="utf-8")
    patterns.chmod(0o600)
    environment = os.environ | {"LC_ALL": "C"}
    with subprocess.Popen(command, stdout=subprocess.PIPE) as source:
        found = subprocess.run(
            ["grep", "--fixed-strings", "--text", "--only-matching", f"--file={patterns}"],
            stdin=source.stdout,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=environment,
        )
    assert source.returncode == 0, command
    assert found.returncode in {0, 1}, found.stderr
    return {canaries[line] for line in found.stdout.splitlines()}


def test_none_in_what_the_engine_tells_of_containers_and_images(stack: Stack, canaries: dict[str, str]) -> None:
    containers = stack.containers()
    images = sorted({container["Config"]["Image"] for container in containers})
    assert not leaks(canaries, json.dumps(containers, ensure_ascii=False))
    assert not leaks(canaries, run(["docker", "image", "inspect", *images]).stdout)
    for image in images:
        assert not leaks(canaries, run(["docker", "history", "--no-trunc", image]).stdout), image


def test_none_in_the_engine_events(stack: Stack, canaries: dict[str, str], used: float) -> None:
    span = ["--since", str(int(used) - 600), "--until", str(int(time.time()))]
    label = f"label=com.docker.compose.project={stack.project}"
    events = run(["docker", "events", *span, "--filter", label, "--format", "json"]).stdout
    assert "exec_create" in events
    assert not leaks(canaries, events)


def test_none_in_the_configuration_that_compose_prints(stack: Stack, canaries: dict[str, str]) -> None:
    assert not leaks(canaries, stack.compose("config").stdout)


def test_none_in_environment_or_arguments_of_a_process(stack: Stack, canaries: dict[str, str], used: float) -> None:
    for container in stack.containers():
        if not container["State"]["Running"]:
            continue
        # Privileged, because another user's environment can be read only with SYS_PTRACE.
        read = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline"
        command = ["docker", "exec", "--privileged", "--user", "0:0", container["Id"], "bash", "-c", read]
        # A process that ended meanwhile makes cat fail: what it printed is what counts.
        processes = run(command, check=False).stdout
        assert "PATH=" in processes, container["Name"]
        assert not leaks(canaries, processes), container["Name"]


def test_none_in_a_log(stack: Stack, canaries: dict[str, str], used: float) -> None:
    logs = {service: stack.logs(service) for service in stack.services()}
    assert "sam" in logs["keycloak"], "the refused sign-in is to be found in Keycloak's log"
    for service, text in logs.items():
        assert not leaks(canaries, text), service
        assert WRONG_PASSWORD not in text, service


def test_no_authorization_code_or_state_in_a_log(stack: Stack, used: float) -> None:
    logs = stack.logs("nginx") + stack.logs("app")
    assert "/oauth2callback" in logs
    # Both are in the address that the provider sends the browser to (ASVS 5.0, 14.2.1).
    assert not re.search(r"[?&](code|state|session_state|id_token_hint)=[A-Za-z0-9._-]{8}", logs)


def test_none_in_a_file_that_the_world_can_read(stack: Stack) -> None:
    open_to_others = [path for path in stack.secrets.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert not open_to_others
    assert not [
        path for path in [stack.secrets, *stack.secrets.rglob("*")] if path.is_dir() and path.stat().st_mode & 0o077
    ]


def build(checkout: Path, tag: str, *services: str, check: bool = True) -> CompletedProcess[str]:
    """Build in another checkout; steps whose inputs are the same come from the cache."""
    here = ["--project-directory", str(checkout), "--file", str(checkout / "compose.yaml")]
    settings = {"TAG": tag, "BUILD_CA": os.environ.get("BUILD_CA", os.devnull), "APP": "./app/desk"}
    command = ["docker", "compose", *here, "--env-file", os.devnull, "--project-name", tag, "build", "--quiet"]
    return run([*command, *services], check=check, env=os.environ | settings, timeout=900)


def test_secrets_in_the_folder_of_an_app_stop_the_build(
    checkout_with_secrets: Path, canaries: dict[str, str], stack: Stack
) -> None:
    result = build(checkout_with_secrets, stack.project, "app", check=False)
    assert result.returncode != 0
    assert "move it to secrets/provided/secrets.toml" in result.stderr
    assert not leaks(canaries, result.stdout + result.stderr)


@pytest.fixture(scope="module")
def built_beside_secrets(checkout_with_secrets: Path, stack: Stack) -> Iterator[list[str]]:
    """The images, built in a checkout full of secrets."""
    author = checkout_with_secrets / "app" / "desk" / ".streamlit" / "secrets.toml"
    aside = author.rename(checkout_with_secrets / "secrets" / "author.toml")
    build(checkout_with_secrets, stack.project, "app", "prepare", "nginx", "postgres", "keycloak")
    aside.rename(author)
    images = [f"gatehouse-{name}:{stack.project}" for name in ("app", "jobs", "nginx", "postgres", "keycloak")]
    yield images
    run(["docker", "image", "rm", *images])


def test_none_in_an_image_layer(built_beside_secrets: list[str], canaries: dict[str, str], run_folder: Path) -> None:
    save = ["docker", "save", *built_beside_secrets]
    assert not leaks_in(canaries, save, run_folder / "patterns")
