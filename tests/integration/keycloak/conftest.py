"""Keycloak in production mode on our own Postgres, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from integration.keycloak.identity import Identity
from integration.keycloak.person import Person, ProxyTransport
from integration.postgres.server import Server, prepare


@pytest.fixture(scope="session")
def make_identity(run_folder: Path) -> Iterator[Callable[[str], Identity]]:
    """Make a Keycloak by name, healthy, with a database and secrets of its own; all are removed at the end."""
    made: list[Server] = []

    def make(name: str) -> Identity:
        tree = run_folder / f"{name}-secrets"
        prepare(tree)
        made.append(Server(f"{run_folder.name}-{name}", tree))
        made[-1].start()
        made[-1].roles()
        identity = Identity(made[-1])
        identity.start()
        return identity

    yield make
    for database in made:
        database.remove()


@pytest.fixture(scope="session")
def identity(make_identity: Callable[[str], Identity]) -> Identity:
    """A healthy Keycloak after reconcile. Whoever changes something that other tests see puts it back."""
    identity = make_identity("keycloak")
    identity.reconcile()
    return identity


@pytest.fixture
def person(identity: Identity) -> Iterator[Callable[[], Person]]:
    """Makes people, each with a browser of their own."""
    with ExitStack() as browsers:

        def make() -> Person:
            browser = httpx.Client(transport=ProxyTransport(identity.address), timeout=60)
            return Person(browsers.enter_context(browser))

        yield make
