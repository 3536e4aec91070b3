"""Endings that the provider tells of, endings that it is told of, and what time takes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet, MultiFernet

from gatehouse.gate.session import Session
from gatehouse.gate.store import Refused, Store
from integration.gate.conftest import ISSUER, LIMITS, Ask, MakeStore, age, sign_in
from integration.postgres.server import Server

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
LogOut: TypeAlias = Callable[..., Awaitable[bool]]


def logging_out(store: Store, **claims: Any) -> Awaitable[bool]:  # noqa: ANN401
    """What a verified logout token of now says; for sam unless told otherwise."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "jti": str(uuid4()),
        "sid": None,
        "subject": None,
        "issued_at": now,
        "expires_at": now + 2 * MINUTE,
    }
    return store.logged_out(ISSUER, **values | claims)


async def begin(store: Store, subject: str = "sam", **more: Any) -> Session:  # noqa: ANN401
    return (await store.begin(sign_in(subject, **more), attempt=str(uuid4()), replaces=None))[0]


@pytest.mark.parametrize(
    ("claims", "ended"),
    [
        ({"sid": "a"}, ["sam a", "eve a"]),
        ({"subject": "sam"}, ["sam a", "sam b", "sam None"]),
        ({"sid": "a", "subject": "sam"}, ["sam a", "sam None"]),
        ({"sid": "other"}, []),
        ({"subject": "other", "sid": "a"}, []),
    ],
)
async def test_a_logout_ends_whom_it_means(store: Store, claims: dict[str, str], ended: list[str]) -> None:
    sessions = [await begin(store, sid=sid) for sid in ("a", "b", None)]
    sessions += [await begin(store, "eve", sid="a"), await begin(store, sid="a", issuer="https://other.example")]
    assert await logging_out(store, **claims)
    states = await store.read([session.id for session in sessions])
    over = [found for found in states if found.ended_at]
    assert sorted(f"{found.subject} {found.sid}" for found in over) == sorted(ended)
    assert {(found.end_reason, found.provider_logout, found.issuer) for found in over} <= {("provider", "done", ISSUER)}
    assert await store.logouts_due("me", MINUTE) == []


async def test_a_replayed_logout_changes_nothing(store: Store) -> None:
    assert await logging_out(store, jti="one", subject="sam")
    session = await begin(store, issued_at=datetime.now(UTC) + MINUTE)
    assert not await logging_out(store, jti="one", subject="sam")
    assert (await store.read([session.id]))[0].ended_at is None
    assert await logging_out(store, jti="two", subject="sam")
    assert (await store.read([session.id]))[0].ended_at


async def test_a_logout_that_means_nobody_is_no_logout(store: Store) -> None:
    session = await begin(store)
    with pytest.raises(ValueError, match="session or a subject"):
        await logging_out(store)
    assert (await store.read([session.id]))[0].ended_at is None


@pytest.mark.parametrize(
    ("claims", "sid", "issued", "refused"),
    [
        ({"sid": "a"}, "a", MINUTE, True),  # the same session of the provider's is over, whatever was issued for it
        ({"sid": "a", "subject": "sam"}, "a", MINUTE, True),
        ({"sid": "a", "subject": "eve"}, "a", -MINUTE, False),
        ({"sid": "b"}, "a", -MINUTE, False),
        ({"subject": "sam"}, "a", -MINUTE, True),
        ({"subject": "sam"}, "a", MINUTE, False),  # came back since
        ({"subject": "eve"}, "a", -MINUTE, False),
        ({"sid": "a", "subject": "sam"}, None, -MINUTE, True),
        ({"sid": "a", "subject": "sam"}, None, MINUTE, False),
    ],
)
async def test_a_sign_in_that_a_logout_overtook_is_refused(
    store: Store, claims: dict[str, str], sid: str | None, issued: timedelta, *, refused: bool
) -> None:
    await logging_out(store, **claims)
    new = sign_in(sid=sid, issued_at=datetime.now(UTC) + issued)
    if not refused:
        await store.begin(new, attempt="state", replaces=None)
        return
    with pytest.raises(Refused, match="logged-out"):
        await store.begin(new, attempt="state", replaces=None)
    assert await store.open_sessions() == []
    with pytest.raises(Refused, match="used"):
        await store.begin(new, attempt="state", replaces=None)


@pytest.mark.parametrize("logout_first", [True, False])
async def test_a_logout_and_a_sign_in_at_the_same_moment_leave_nobody_in(
    make_store: MakeStore, server: Server, ask: Ask, *, logout_first: bool
) -> None:
    """Both wait for the same lock, in either order; whoever comes second sees the first."""
    stores = [await make_store(), await make_store()]

    async def waiting(count: int) -> None:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with asyncio.timeout(5):
            while ask(query) != [(count,)]:  # noqa: ASYNC110 -- the database's condition
                await asyncio.sleep(0.01)

    started: list[asyncio.Task[Any]] = []
    with closing(server.connect("gate")) as blocker:
        blocker.execute("SELECT pg_advisory_lock(hashtextextended('gate/' || %s, 0))", (ISSUER,))
        for logout in (logout_first, not logout_first):
            action = logging_out(stores[0], sid="sid-1") if logout else begin(stores[1])
            started.append(asyncio.ensure_future(action))
            await waiting(len(started))
    results = await asyncio.gather(*started, return_exceptions=True)
    outcome = results[1] if logout_first else results[0]
    assert isinstance(outcome, Refused if logout_first else Session)
    assert await stores[0].open_sessions() == []


async def test_the_provider_is_told_by_one_replica_until_it_is_done(make_store: MakeStore, ask: Ask) -> None:
    stores = [await make_store(), await make_store()]
    sessions = [await begin(stores[0], f"user-{i}") for i in range(10)]
    for session in sessions:
        await stores[0].end(session.id, "operator")
    taken = await asyncio.gather(*(stores[i % 2].logouts_due(f"replica-{i}", MINUTE) for i in range(4)))
    ids = [session.id for some in taken for session, _ in some]
    assert sorted(ids) == sorted(session.id for session in sessions)
    for id in ids:  # noqa: A001
        await stores[0].logout_done(id, ok=True)
    assert ask("SELECT DISTINCT provider_logout, tokens IS NULL FROM session") == [("done", True)]
    age(ask, lease_until=1, logout_at=1)
    assert await stores[0].logouts_due("me", MINUTE) == []


async def test_a_provider_that_is_away_is_told_later_and_for_a_day(store: Store, ask: Ask) -> None:
    session = await begin(store)
    await store.end(session.id, "idle")
    waits = []
    for _ in range(12):
        assert len(await store.logouts_due("me", MINUTE)) == 1
        await store.logout_done(session.id, ok=False)
        assert await store.logouts_due("me", MINUTE) == []
        ((wait,),) = ask("SELECT extract(epoch FROM logout_at - now())::float FROM session")
        waits.append(wait)
        age(ask, logout_at=2)
    assert waits[:3] == pytest.approx([10, 20, 40], abs=3)
    assert max(waits) <= 3600
    age(ask, ended_at=25)
    await store.logouts_due("me", MINUTE)
    await store.logout_done(session.id, ok=False)
    assert ask("SELECT provider_logout, tokens FROM session") == [("failed", None)]
    age(ask, logout_at=2)
    assert await store.logouts_due("me", MINUTE) == []


async def test_what_was_done_or_never_ended_is_not_undone(store: Store, ask: Ask) -> None:
    session = await begin(store)
    await store.logout_done(session.id, ok=True)
    assert (await store.read([session.id]))[0] == session
    await store.end(session.id, "operator", provider_logout="done")
    await store.logout_done(session.id, ok=False)
    assert [found.provider_logout for found in await store.read([session.id])] == ["done"]


async def test_a_lost_key_ends_the_telling(store: Store, ask: Ask) -> None:
    session = await begin(store)
    await store.end(session.id, "operator")
    lost = Store(store._pool, MultiFernet([Fernet(Fernet.generate_key())]), LIMITS)  # noqa: SLF001
    assert await lost.logouts_due("me", MINUTE) == []
    assert ask("SELECT provider_logout, tokens FROM session") == [("failed", None)]


async def test_tidying_ends_what_nobody_looks_at_and_deletes_what_is_old(
    store: Store, server: Server, ask: Ask
) -> None:
    kept, old = await begin(store), await begin(store, "eve")
    await store.end(old.id, "signed-out", provider_logout="done")
    await logging_out(store, subject="nobody")
    assert await store.tidy() == 0
    age(ask, active_at=3)
    assert await store.tidy() == 1
    assert [found.id for found, _ in await store.logouts_due("me", MINUTE)] == [kept.id]
    ask("UPDATE session SET ended_at = now() - interval '8 days' WHERE id = %s", old.id)
    ask("UPDATE attempt SET kept_until = now() - interval '1 s'")
    ask("UPDATE logout SET kept_until = now() - interval '1 s'")
    await asyncio.to_thread(
        server.superuser, "UPDATE gate.event SET at = now() - interval '91 days' WHERE kind = 'ended'"
    )
    assert await store.tidy() == 1 + 2 + 1 + 2
    assert ask("SELECT id FROM session") == [(kept.id,)]
    assert ask("SELECT kind FROM event ORDER BY id") == [("sign-in",), ("sign-in",), ("provider-logout",)]


async def test_a_thousand_sign_ins_leave_no_more_than_the_limit_once_tidied(make_store: MakeStore, ask: Ask) -> None:
    stores = [await make_store(), await make_store()]

    async def some(store: Store) -> None:
        for _ in range(100):
            await begin(store)

    await asyncio.gather(*(some(stores[i % 2]) for i in range(4)))
    assert len(await stores[0].open_sessions()) == LIMITS.per_user
    ask("UPDATE attempt SET kept_until = now() - interval '1 s'")
    age(ask, ended_at=8 * 24)
    await asyncio.gather(*(store.tidy() for store in stores))
    counts = "SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM attempt)"
    assert ask(counts) == [(LIMITS.per_user, 0)]
