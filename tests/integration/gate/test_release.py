"""Which version serves: one row, told to every replica, out of the app's own reach."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from gatehouse.data.release import serve, serving
from gatehouse.gate.database import open_pool
from gatehouse.gate.listener import Listener
from gatehouse.gate.release import Release
from integration.gate.conftest import Ask
from integration.postgres.server import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def owner(server: Server) -> Iterator[Connection[Any]]:
    """As the rollout's job signs in."""
    with closing(server.connect("gate_migrator")) as connection:
        connection.execute("SET ROLE gate_owner")
        connection.execute("DELETE FROM gate.release")
        yield connection
        connection.execute("DELETE FROM gate.release")


async def test_one_serves_the_one_before_drains_a_later_one_waits(owner: Connection[Any], place: Path) -> None:
    first, second, alone = Release("v1"), Release("v2"), Release("")
    async with await open_pool() as pool:
        assert not await first.look(pool)
        assert (first.state, alone.state) == ("standby", "serving")
        serve(owner, "v1", 60)
        assert not await first.look(pool)
        await second.look(pool)
        assert (first.state, second.state) == ("serving", "standby")
        serve(owner, "v2", 60)
        assert await first.look(pool), "it has begun to drain"
        assert not await first.look(pool), "it is told once"
        await second.look(pool)
        assert (first.state, second.state) == ("draining", "serving")
        assert not first.over
        assert "in 60 seconds" in first.notice()
        assert not await alone.look(pool)
    assert serving(owner) == "v2"


async def test_its_time_is_over(owner: Connection[Any], place: Path) -> None:
    release = Release("v1")
    serve(owner, "v1", 0)
    serve(owner, "v2", 0)
    async with await open_pool() as pool:
        await release.look(pool)
    assert release.over


async def test_a_process_that_retires_is_not_called_back(owner: Connection[Any], place: Path) -> None:
    release = Release("v1")
    serve(owner, "v1", 60)
    release.retire(timedelta(minutes=2))
    async with await open_pool() as pool:
        assert not await release.look(pool)
    assert release.state == "draining"
    assert "in 2 minutes" in release.notice()


async def test_every_replica_is_told(owner: Connection[Any], place: Path) -> None:
    told, ready = asyncio.Event(), asyncio.Event()

    async def released() -> None:
        told.set()

    async def resync() -> None:
        ready.set()

    async def nothing(*_: object) -> None:
        pass

    task = asyncio.ensure_future(Listener(nothing, resync, nothing, released).run())
    try:
        await asyncio.wait_for(ready.wait(), 10)
        serve(owner, "v1", 60)
        await asyncio.wait_for(told.wait(), 5)
    finally:
        task.cancel()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO release (name, state) VALUES ('x', 'serving')",
        "UPDATE release SET name = 'x'",
        "DELETE FROM release",
    ],
)
def test_the_apps_login_cannot_change_it(ask: Ask, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(psycopg.sql.SQL(statement).format())


def test_two_never_serve(owner: Connection[Any]) -> None:
    serve(owner, "v1", 60)
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute("INSERT INTO gate.release (name, state) VALUES ('v2', 'serving')")
