"""`make up` killed at any moment: the next one ends with a healthy stack."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.command import ROOT, run
from support.person import NAVIGATION
from support.stack import Stack

WAIT_SECONDS = 400
"""A first start takes 40 s on two idle cores; on busy ones Keycloak alone has taken three minutes."""


@pytest.fixture
def empty(run_folder: Path) -> Iterator[Stack]:
    """Settings of a stack of which nothing is there yet: no container, no volume, no secret."""
    stack = Stack(f"{run_folder.name}-killed", run_folder / "killed")
    try:
        yield stack
    finally:
        run(["make", "destroy"], env=environment(stack) | {"CONFIRM": "yes"}, timeout=180)


def environment(stack: Stack) -> dict[str, str]:
    return os.environ | stack.settings | {"COMPOSE_PROJECT_NAME": stack.project}


def said(stack: Stack) -> str:
    """What the `make up` that is to be killed has printed."""
    return (stack.directory / "up.log").read_text(encoding="utf-8")


def state(stack: Stack, service: str) -> str:
    """State and health of a service's container; empty when it has none."""
    filters = [f"--filter=label=com.docker.compose.{key}" for key in (f"project={stack.project}", f"service={service}")]
    return run(["docker", "ps", "--all", "--format={{.State}} {{.Status}}", *filters]).stdout


def when_images_are_built(stack: Stack) -> bool:
    return "==> Images" in said(stack)


def when_secrets_are_half_made(stack: Stack) -> bool:
    return (stack.secrets / "ca").exists()


def when_postgres_initialises(stack: Stack) -> bool:
    return "starting" in state(stack, "postgres")


def when_keycloak_makes_its_tables(stack: Stack) -> bool:
    return "starting" in state(stack, "keycloak")


def when_the_realm_is_made(stack: Stack) -> bool:
    return "running" in state(stack, "reconcile")


def when_the_app_starts(stack: Stack) -> bool:
    return "starting" in state(stack, "app")


def kill_up(stack: Stack, moment: Callable[[Stack], bool]) -> None:
    """Start `make up` and kill it, and all it started on this side of the engine, once `moment` has come."""
    with (stack.directory / "up.log").open("w") as log:
        up = subprocess.Popen(
            ["make", "up"],
            cwd=ROOT,
            env=environment(stack),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        while not moment(stack):
            assert up.poll() is None, f"make up ended before the moment came:\n{said(stack)}"
            assert time.monotonic() < deadline, f"the moment never came:\n{said(stack)}"
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(up.pid, signal.SIGKILL)
        up.wait()


def assert_up_heals(stack: Stack) -> None:
    run(["make", "up"], env=environment(stack), timeout=WAIT_SECONDS)
    run(["make", "status"], env=environment(stack))
    with stack.http() as client:
        assert client.get(f"{stack.issuer}/.well-known/openid-configuration").status_code == 200
        # The app's own answer, and nginx's only where there is none: the way to the sign-in.
        assert client.get(f"{stack.app_url}/", headers=NAVIGATION).headers["location"].startswith("/auth/login")


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(when_images_are_built, marks=pytest.mark.drill),
        pytest.param(when_secrets_are_half_made, marks=pytest.mark.drill),
        pytest.param(when_postgres_initialises, marks=pytest.mark.drill),
        pytest.param(when_keycloak_makes_its_tables, marks=pytest.mark.drill),
        when_the_realm_is_made,  # no transaction spans it, so this one is tried in every run
        pytest.param(when_the_app_starts, marks=pytest.mark.drill),
    ],
)
def test_up_heals_after_it_was_killed(empty: Stack, moment: Callable[[Stack], bool]) -> None:
    kill_up(empty, moment)
    assert_up_heals(empty)


@pytest.mark.drill
def test_up_heals_after_it_was_killed_while_it_changed_a_running_stack(empty: Stack) -> None:
    """Moving to another port makes most containers anew."""
    run(["make", "up"], env=environment(empty), timeout=WAIT_SECONDS)
    before = empty.container("keycloak")["Id"]
    empty.write_settings(PORT=str(int(empty.settings["PORT"]) + 1))

    def when_keycloak_is_replaced(stack: Stack) -> bool:
        return all(container["Id"] != before for container in stack.containers("keycloak"))

    kill_up(empty, when_keycloak_is_replaced)
    assert_up_heals(empty)
