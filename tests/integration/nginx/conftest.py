"""nginx with an app and a Keycloak that echo, shared by the tests that only ask."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.nginx.front import Front, Secrets, front, upstream
from support.stack import PREFIX


@pytest.fixture
def tmp_path(run_folder: Path) -> Path:
    """In the checkout: the engine mounts from the host, which does not see the test container's own /tmp."""
    return Path(tempfile.mkdtemp(dir=run_folder))


@pytest.fixture(scope="session")
def project(run_folder: Path) -> str:
    """The Compose project that the containers claim to be of."""
    return f"{PREFIX}{run_folder.name}-nginx"


@pytest.fixture(scope="session")
def served(run_folder: Path, project: str) -> Iterator[Front]:
    """nginx under DOMAIN=localhost with both upstreams."""
    with (
        front(Secrets(run_folder / "nginx-served"), project) as running,
        upstream(running, "app", 8501),
        upstream(running, "keycloak", 8080),
    ):
        yield running


@pytest.fixture(scope="session")
def public(run_folder: Path, project: str) -> Iterator[Front]:
    """nginx under a name that isn't localhost, with a Keycloak alone: the app is away."""
    with (
        front(Secrets(run_folder / "nginx-public", "gate.test"), project) as running,
        upstream(running, "keycloak", 8080),
    ):
        yield running


@pytest.fixture
def lonely(tmp_path: Path, project: str) -> Iterator[Front]:
    """nginx of a test's own, without upstreams."""
    with front(Secrets(tmp_path / "nginx"), project) as running:
        yield running
