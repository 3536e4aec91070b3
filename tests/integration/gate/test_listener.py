"""What one replica changes, the others are told; and while they can't be, they know it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from gatehouse.gate.listener import Listener
from gatehouse.gate.store import Store
from integration.gate.conftest import Ask, age, sign_in
from integration.postgres.server import Server

pytestmark = pytest.mark.anyio

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE usename = 'gate' AND query LIKE '%SELECT' OR query = 'LISTEN gate'"
)


class Replica:
    """Notes what a listener calls."""

    def __init__(self) -> None:
        self.calls: list[str | UUID] = []
        self.fails = False
        self.during_resync: Callable[[], object] = lambda: None
        self.listener = Listener(self.changed, self.resync, self.lost, self.released)

    async def changed(self, session: UUID) -> None:
        self.calls.append(session)
        if self.fails:
            self.fails = False
            raise RuntimeError("CANARY")

    async def resync(self) -> None:
        assert not self.listener.trusted
        self.calls.append("resync")
        await asyncio.to_thread(self.during_resync)

    async def lost(self) -> None:
        assert not self.listener.trusted
        self.calls.append("lost")

    async def released(self) -> None:
        self.calls.append("released")

    async def until(self, condition: Callable[[], object], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 -- any condition, not one that could set an event
                await asyncio.sleep(0.01)


@pytest.fixture
async def replica(place: Path, ask: Ask) -> AsyncIterator[Replica]:
    replica = Replica()
    task = asyncio.ensure_future(replica.listener.run())
    await replica.until(lambda: replica.listener.trusted)
    yield replica
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert not replica.listener.trusted


async def test_every_change_of_a_session_is_told(replica: Replica, store: Store, ask: Ask) -> None:
    session, _ = await store.begin(sign_in(), attempt="one", replaces=None)
    await replica.until(lambda: replica.calls == ["resync", session.id])
    age(ask, checked_at=1)
    await store.lease([session.id], "me", due_after=timedelta(0), lease_for=timedelta(minutes=1))
    ((_, tokens),) = [(session, await store.tokens(session.id))]
    assert tokens
    await store.refreshed(session.id, "me", tokens, None, datetime.now(UTC))
    await replica.until(lambda: replica.calls == ["resync", session.id, session.id])
    started = asyncio.get_running_loop().time()
    await store.end(session.id, "operator")
    await replica.until(lambda: len(replica.calls) == 4)
    assert asyncio.get_running_loop().time() - started < 1
    assert replica.listener.trusted


async def test_what_was_rolled_back_is_not_told(replica: Replica, store: Store) -> None:
    session, _ = await store.begin(sign_in(), attempt="one", replaces=None)
    with pytest.raises(Exception, match="used"):
        await store.begin(sign_in(), attempt="one", replaces=session.id)
    last, _ = await store.begin(sign_in(), attempt="two", replaces=None)
    await replica.until(lambda: last.id in replica.calls)
    assert replica.calls == ["resync", session.id, last.id]


async def test_nonsense_on_the_channel_is_passed_over(replica: Replica, server: Server) -> None:
    """The app's own logins may notify on any channel."""
    told = uuid4()
    with closing(server.connect("app_a")) as connection:
        for payload in ("", "x" * 7000, "'; --", str(told)):
            connection.execute("SELECT pg_notify('gate', %s)", (payload,))
    await replica.until(lambda: told in replica.calls)
    assert replica.calls == ["resync", told]


async def test_a_lost_connection_is_known_and_followed_by_a_new_look(replica: Replica, server: Server) -> None:
    await asyncio.to_thread(server.superuser, CUT)
    await replica.until(lambda: replica.calls == ["resync", "lost", "resync"])
    await replica.until(lambda: replica.listener.trusted)


async def test_a_change_that_could_not_be_followed_is_like_a_lost_connection(replica: Replica, store: Store) -> None:
    replica.fails = True
    session, _ = await store.begin(sign_in(), attempt="one", replaces=None)
    await replica.until(lambda: replica.calls == ["resync", session.id, "lost", "resync"])
    await replica.until(lambda: replica.listener.trusted)


async def test_what_changes_while_all_is_read_again_is_told_before_that_is_trusted(
    replica: Replica, server: Server
) -> None:
    told = uuid4()
    trusted: list[bool] = []
    changed = replica.changed

    async def watched(session: UUID) -> None:
        trusted.append(replica.listener.trusted)
        await changed(session)

    replica.listener._changed = watched  # noqa: SLF001
    replica.during_resync = lambda: server.superuser(f"NOTIFY gate, '{told}'")
    await asyncio.to_thread(server.superuser, CUT)
    await replica.until(lambda: replica.listener.trusted and told in replica.calls)
    assert trusted == [False]


async def test_a_frozen_database_is_noticed_within_two_heartbeats(replica: Replica, server: Server) -> None:
    assert server.container
    container = server.container.get_wrapped_container()
    await asyncio.to_thread(container.pause)
    try:
        await replica.until(lambda: not replica.listener.trusted, seconds=5)
        await replica.until(lambda: "lost" in replica.calls, seconds=2)
    finally:
        await asyncio.to_thread(container.unpause)
    await replica.until(lambda: replica.listener.trusted)
    assert replica.calls[-1] == "resync"


async def test_a_quiet_connection_stays_trusted(replica: Replica) -> None:
    async with asyncio.timeout(10):
        heard = replica.listener._heard  # noqa: SLF001
        while replica.listener._heard < heard + 4:  # noqa: SLF001
            assert replica.listener.trusted
            await asyncio.sleep(0.05)
    assert replica.calls == ["resync"]
