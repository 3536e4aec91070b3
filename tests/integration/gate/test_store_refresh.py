"""Asking the provider again: by one replica, and without effect once the session has ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet, MultiFernet

from gatehouse.gate.session import Session, Tokens
from gatehouse.gate.store import Refused, Store
from integration.gate.conftest import LIMITS, Ask, MakeStore, age, sign_in

pytestmark = pytest.mark.anyio

NEW = Tokens("access-2", "refresh-2", "identity-2")
MINUTE = timedelta(minutes=1)


async def begin(store: Store, refresh: str | None = "refresh-1") -> Session:
    return (await store.begin(sign_in(str(uuid4()), refresh=refresh), attempt=str(uuid4()), replaces=None))[0]


async def lease(store: Store, holder: str, *ids: UUID) -> list[UUID]:
    return [session.id for session, _ in await store.lease(ids, holder, due_after=MINUTE, lease_for=MINUTE)]


async def test_of_two_replicas_exactly_one_asks(make_store: MakeStore, ask: Ask) -> None:
    stores = [await make_store(), await make_store()]
    ids = [(await begin(stores[0])).id for _ in range(20)]
    age(ask, checked_at=1)
    taken = await asyncio.gather(*(lease(stores[i % 2], f"replica-{i % 2}", *ids) for i in range(6)))
    assert sorted(id for some in taken for id in some) == sorted(ids)  # noqa: A001
    assert await lease(stores[0], "replica-0", *ids) == []


async def test_what_is_not_due_is_not_asked_about(store: Store, ask: Ask) -> None:
    fresh, idle, over, without, due = [await begin(store, None if i == 3 else "token") for i in range(5)]
    ids = [session.id for session in (fresh, idle, over, without, due)]
    age(ask, checked_at=1)
    ask("UPDATE session SET checked_at = now() WHERE id = %s", fresh.id)
    ask("UPDATE session SET active_at = now() - interval '3 h' WHERE id = %s", idle.id)
    await store.end(over.id, "operator")
    assert await lease(store, "me", *ids) == [due.id]


async def test_a_lease_of_a_lost_replica_runs_out(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "lost", session.id)
    age(ask, lease_until=1)
    assert await lease(store, "next", session.id) == [session.id]
    assert await store.refreshed(session.id, "lost", NEW, {"sub": "x"}, datetime.now(UTC)) is None
    assert not await store.rotated(session.id, "lost", NEW)
    assert await store.tokens(session.id) == Tokens("access-1", "refresh-1", "identity-1")


async def test_a_refresh_brings_new_tokens_and_claims(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    now = datetime.now(UTC)
    changed = await store.refreshed(session.id, "me", NEW, {"roles": ["approver"]}, now + timedelta(days=1))
    assert changed
    assert changed.claims == {"roles": ["approver"]}
    assert abs(changed.checked_at - now) < MINUTE  # a clock that is ahead makes nothing fresher
    assert await store.tokens(session.id) == NEW
    assert await lease(store, "other", session.id) == []
    age(ask, checked_at=1)
    assert await lease(store, "other", session.id) == [session.id]
    changed = await store.refreshed(session.id, "other", NEW, None, now)
    assert changed
    assert changed.claims == {"roles": ["approver"]}


async def test_claims_that_cannot_be_stored_change_nothing(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    with pytest.raises(Refused, match="claims"):
        await store.refreshed(session.id, "me", NEW, {"name": "\0"}, datetime.now(UTC))
    assert await store.tokens(session.id) == Tokens("access-1", "refresh-1", "identity-1")


async def test_a_refresh_that_comes_after_the_ending_changes_nothing(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    await store.end(session.id, "operator")
    before = await store.read([session.id])
    assert await store.refreshed(session.id, "me", NEW, {"sub": "x"}, datetime.now(UTC)) is None
    assert await store.read([session.id]) == before
    assert await store.tokens(session.id) == Tokens("access-1", "refresh-1", "identity-1")
    # The lease came back with it, so the provider is told at once.
    assert [found.id for found, _ in await store.logouts_due("me", MINUTE)] == [session.id]


async def test_a_refresh_does_not_help_a_session_past_its_idle_limit(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    age(ask, active_at=3)
    assert await store.refreshed(session.id, "me", NEW, None, datetime.now(UTC)) is None
    assert [found.end_reason for found in await store.read([session.id])] == ["idle"]


async def test_a_rotated_token_is_kept_at_once_and_under_the_lease(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    assert not await store.rotated(session.id, "me", NEW)
    await lease(store, "me", session.id)
    assert await store.rotated(session.id, "me", NEW)
    assert await store.tokens(session.id) == NEW
    assert await lease(store, "other", session.id) == []


async def test_a_token_rotated_while_the_session_ended_is_the_one_that_ends_it_at_the_provider(
    store: Store, ask: Ask
) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    await store.end(session.id, "operator")
    assert await store.logouts_due("other", MINUTE) == []
    assert not await store.rotated(session.id, "me", NEW)
    await store.release(session.id, "me", retry_after=MINUTE)
    assert [tokens for _, tokens in await store.logouts_due("other", MINUTE)] == [NEW]


async def test_a_released_lease_waits_as_long_as_told(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    await store.release(session.id, "other", retry_after=timedelta(0))
    assert await lease(store, "other", session.id) == []
    await store.release(session.id, "me", retry_after=timedelta(minutes=30))
    assert await lease(store, "other", session.id) == []
    age(ask, lease_until=1)
    assert await lease(store, "other", session.id) == [session.id]


async def test_without_a_refresh_token_any_more_the_session_asks_again_in_time(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    await lease(store, "me", session.id)
    changed = await store.refreshed(session.id, "me", Tokens("access-2", None, None), None, datetime.now(UTC))
    assert changed
    assert not changed.refreshable
    assert changed.reauth_at


async def test_a_session_whose_key_is_lost_ends(store: Store, ask: Ask) -> None:
    session = await begin(store)
    age(ask, checked_at=1)
    lost = Store(store._pool, MultiFernet([Fernet(Fernet.generate_key())]), LIMITS)  # noqa: SLF001
    assert await lease(lost, "me", session.id) == []
    assert [found.end_reason for found in await store.read([session.id])] == ["reauth"]
