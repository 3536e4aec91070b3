"""Servers of our Postgres image for the tests in this folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.postgres.server import Server, prepare
from support.command import run


@pytest.fixture(scope="session")
def prepared(run_folder: Path) -> Path:
    """A tree of secrets, as the product's own prepare makes it."""
    tree = run_folder / "postgres-secrets"
    prepare(tree)
    return tree


@pytest.fixture(scope="session")
def make_server(prepared: Path, run_folder: Path) -> Iterator[Callable[[str], Server]]:
    """Make a server by name, not started yet, with a tree of secrets of its own; all are removed at the end."""
    made: list[Server] = []

    def make(name: str) -> Server:
        tree = run_folder / f"postgres-secrets-{name}"
        run(["cp", "--archive", prepared, tree])
        made.append(Server(f"{run_folder.name}-postgres-{name}", tree))
        return made[-1]

    yield make
    for server in made:
        server.remove()
        shutil.rmtree(server.secrets)


@pytest.fixture(scope="session")
def server(make_server: Callable[[str], Server]) -> Server:
    """A healthy server with its roles, shared by all tests that leave it as it was."""
    server = make_server("shared")
    server.start()
    server.roles()
    return server


@pytest.fixture
def spare(make_server: Callable[[str], Server], request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of one test's own, not started, with an empty volume."""
    server = make_server(f"{abs(hash(request.node.nodeid)):x}")
    yield server
    server.remove()
