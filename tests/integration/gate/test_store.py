"""Sessions: how they begin, what finds them, and what ends them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cryptography.fernet import Fernet, MultiFernet

from gatehouse.gate.session import Reason, Session, Tokens
from gatehouse.gate.store import Refused, Store, Unavailable
from integration.gate.conftest import ISSUER, LIMITS, Ask, MakeStore, age, sign_in
from integration.postgres.server import Query, Server

pytestmark = pytest.mark.anyio


async def begin(store: Store, subject: str = "sam", **more: Any) -> tuple[Session, str]:  # noqa: ANN401
    return await store.begin(sign_in(subject, **more), attempt=str(uuid4()), replaces=None)


async def test_a_session_is_found_by_its_cookie_alone(store: Store) -> None:
    session, cookie = await begin(store)
    assert await store.find(cookie) == session
    assert session.claims == {"sub": "sam", "name": "Sam Doe", "roles": ["user"]}
    assert (session.ended_at, session.reauth_at, session.refreshable) == (None, None, True)
    assert session.expires_at - session.created_at == LIMITS.absolute
    assert len(cookie) == 43
    last = "B" if cookie[0] != "B" else "C"
    for other in (
        "",
        str(session.id),
        last + cookie[1:],
        cookie + "A",
        cookie[:-1],
        "\0" * 43,
        "\ud800" * 43,
        "x" * 9999,
    ):
        assert await store.find(other) is None


async def test_the_tables_hold_no_cookie_and_no_readable_token(store: Store, ask: Ask) -> None:
    session, cookie = await begin(store)
    ((row,),) = ask("SELECT session::text || encode(tokens, 'escape') || encode(cookie_hash, 'escape') FROM session")
    for secret in (cookie, "access-1", "refresh-1", "identity-1"):
        assert secret not in row
    assert await store.tokens(session.id) == Tokens("access-1", "refresh-1", "identity-1")


async def test_neither_rows_of_events_nor_logs_hold_what_is_private(
    store: Store, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        session, cookie = await begin(store, "subject-of-sam")
        await store.end(session.id, "operator")
        await store.event("denied", provider="default", subject="subject-of-sam", why="policy")
    logged = "".join(str(record.__dict__) for record in caplog.records)
    rows = str(ask("SELECT kind, session_id, provider, detail FROM event ORDER BY id"))
    for text in (logged, rows):
        assert not [word for word in (cookie, "access-1", "refresh-1", "identity-1", "Sam Doe") if word in text]
    assert "subject-of-sam" not in logged
    assert [record.__dict__["event"] for record in caplog.records if "event" in record.__dict__] == [
        "sign-in",
        "ended",
        "denied",
    ]
    assert ask("SELECT kind, session_id, subject, detail FROM event ORDER BY id") == [
        ("sign-in", session.id, "subject-of-sam", {}),
        ("ended", session.id, "subject-of-sam", {"reason": "operator"}),
        ("denied", None, "subject-of-sam", {"why": "policy"}),
    ]


async def test_tokens_of_one_session_are_nothing_in_anothers_row(store: Store, ask: Ask) -> None:
    (first, _), (second, _) = await begin(store, "sam"), await begin(store, "eve")
    ask("UPDATE session SET tokens = (SELECT tokens FROM session WHERE id = %s) WHERE id = %s", first.id, second.id)
    assert await store.tokens(second.id) is None


async def test_an_attempt_is_used_once_even_at_the_same_moment(make_store: MakeStore, ask: Ask) -> None:
    stores = [await make_store(), await make_store()]
    results = await asyncio.gather(
        *(stores[i % 2].begin(sign_in(), attempt="state", replaces=None) for i in range(6)), return_exceptions=True
    )
    reasons = Counter(result.reason if isinstance(result, Refused) else type(result) for result in results)
    assert reasons == {tuple: 1, "used": 5}
    assert ask("SELECT count(*) FROM session") == [(1,)]


async def test_signing_in_again_ends_the_former_session_and_spares_the_providers(store: Store) -> None:
    former, cookie = await begin(store)
    session, _ = await store.begin(sign_in(), attempt="again", replaces=former.id)
    found = await store.find(cookie)
    assert found
    assert (found.end_reason, found.provider_logout) == ("replaced", "none")
    assert await store.tokens(former.id) is None
    assert (await store.read([session.id]))[0].ended_at is None


async def test_signing_in_as_somebody_else_ends_the_former_at_the_provider_too(store: Store) -> None:
    former, _ = await begin(store)
    await store.begin(sign_in("eve", sid="sid-2", issuer="https://other.example"), attempt="again", replaces=former.id)
    assert [found.id for found, _ in await store.logouts_due("me", timedelta(seconds=30))] == [former.id]


async def test_a_refused_sign_in_leaves_the_former_session(store: Store) -> None:
    former, cookie = await begin(store)
    await store.begin(sign_in("eve"), attempt="used", replaces=None)
    with pytest.raises(Refused, match="used"):
        await store.begin(sign_in(), attempt="used", replaces=former.id)
    with pytest.raises(Refused, match="claims"):
        await store.begin(sign_in(claims={"name": "\0"}), attempt="zero", replaces=former.id)
    found = await store.find(cookie)
    assert found
    assert found.ended_at is None


@pytest.mark.parametrize("claim", ["a\0b", "\ud800", float("nan")])
async def test_claims_that_cannot_be_stored_are_refused(store: Store, claim: object) -> None:
    with pytest.raises(Refused, match="claims"):
        await store.begin(sign_in(claims={"name": claim}), attempt="odd", replaces=None)


async def test_the_oldest_sessions_beyond_the_limit_end(store: Store) -> None:
    made = [await begin(store, sid=f"sid-{i}") for i in range(5)]
    await begin(store, "eve")
    states = [await store.find(cookie) for _, cookie in made]
    assert [state and state.end_reason for state in states] == ["cap", "cap", None, None, None]


async def test_many_sign_ins_of_one_user_at_once_stay_within_the_limit(make_store: MakeStore, ask: Ask) -> None:
    stores = [await make_store(), await make_store()]
    await asyncio.gather(*(begin(stores[i % 2], sid=f"sid-{i}") for i in range(12)))
    assert ask("SELECT count(*) FROM session WHERE ended_at IS NULL") == [(LIMITS.per_user,)]


@pytest.mark.parametrize(
    ("column", "hours", "reason"),
    [("active_at", 2.01, "idle"), ("expires_at", 12.01, "absolute"), ("reauth_at", 1.01, "reauth")],
)
async def test_a_session_past_a_limit_ends_when_it_is_looked_at(
    store: Store, ask: Ask, column: str, hours: float, reason: Reason
) -> None:
    session, cookie = await begin(store, refresh=None if reason == "reauth" else "token")
    age(ask, **{column: hours - 0.02})
    assert (await store.read([session.id]))[0].ended_at is None
    age(ask, **{column: 0.02})
    assert await store.open_sessions() == []
    assert [found.end_reason for found in await store.read([session.id])] == [reason]
    found = await store.find(cookie)
    assert found
    assert (found.end_reason, found.provider_logout) == (reason, "due")
    assert ask("SELECT detail FROM event WHERE kind = 'ended'") == [({"reason": reason},)]


async def test_the_first_limit_that_was_passed_is_the_reason(store: Store, ask: Ask) -> None:
    _, cookie = await begin(store)
    age(ask, active_at=13, expires_at=13)
    found = await store.find(cookie)
    assert found
    assert found.end_reason == "idle"


async def test_activity_keeps_a_session_and_brings_none_back(store: Store, ask: Ask) -> None:
    kept, idle, over = [(await begin(store, name))[0] for name in ("kept", "idle", "over")]
    await store.end(over.id, "signed-out")
    ask("UPDATE session SET active_at = now() - interval '1 h' WHERE id = %s", kept.id)
    ask("UPDATE session SET active_at = now() - interval '3 h' WHERE id = %s", idle.id)
    now = datetime.now(UTC)
    await store.touch(dict.fromkeys((kept.id, idle.id, over.id, uuid4()), now + timedelta(days=1)))
    found = {session.id: session for session in await store.read([kept.id, idle.id, over.id])}
    assert abs(found[kept.id].active_at - now) < timedelta(seconds=30)  # not the day ahead
    assert found[idle.id].end_reason == "idle"
    assert found[over.id].active_at == over.active_at
    await store.touch({kept.id: now - timedelta(minutes=30)})
    assert (await store.read([kept.id]))[0].active_at == found[kept.id].active_at


async def test_replicas_that_touch_the_same_sessions_do_not_block_each_other(make_store: MakeStore) -> None:
    stores = [await make_store(), await make_store()]
    ids = [(await begin(stores[0], f"user-{i}"))[0].id for i in range(30)]
    for _ in range(5):
        now = datetime.now(UTC)
        await asyncio.gather(
            stores[0].touch(dict.fromkeys(ids, now)), stores[1].touch(dict.fromkeys(reversed(ids), now))
        )


async def test_ending_is_once_and_for_ever(store: Store) -> None:
    session, cookie = await begin(store)
    assert await store.end(session.id, "operator")
    assert not await store.end(session.id, "signed-out")
    assert not await store.end(uuid4(), "operator")
    found = await store.find(cookie)
    assert found
    assert (found.end_reason, found.provider_logout) == ("operator", "due")


async def test_an_ending_that_the_provider_knows_of_erases_the_tokens(store: Store) -> None:
    session, _ = await begin(store)
    await store.end(session.id, "signed-out", provider_logout="done")
    assert await store.tokens(session.id) is None
    assert await store.logouts_due("me", timedelta(seconds=30)) == []


async def test_an_operator_ends_all_of_a_user_at_one_or_every_provider(store: Store) -> None:
    await begin(store, sid="a")
    await begin(store, sid="b")
    await begin(store, issuer="https://other.example")
    bystander, _ = await begin(store, "eve")
    assert await store.end_user(ISSUER, "sam", "operator") == 2
    assert await store.end_user(None, "sam", "operator") == 1
    assert [session.id for session in await store.open_sessions()] == [bystander.id]


async def test_an_orphan_that_ends_idle_leaves_the_providers_session_to_the_one_in_use(store: Store, ask: Ask) -> None:
    orphan, _ = await begin(store)
    used, _ = await begin(store)
    ask("UPDATE session SET active_at = now() - interval '3 h' WHERE id = %s", orphan.id)
    assert [found.provider_logout for found in await store.read([orphan.id])] == ["none"]
    age(ask, active_at=3)
    assert [found.provider_logout for found in await store.read([used.id])] == ["due"]


async def test_a_lost_key_is_told_from_a_rotated_one(store: Store, place: object) -> None:
    session, _ = await begin(store)
    new = Fernet(Fernet.generate_key())
    rotated = Store(store._pool, MultiFernet([new, *store._crypt._fernets]), LIMITS)  # noqa: SLF001
    lost = Store(store._pool, MultiFernet([new]), LIMITS)  # noqa: SLF001
    assert await rotated.tokens(session.id) == Tokens("access-1", "refresh-1", "identity-1")
    assert await lost.tokens(session.id) is None


async def test_a_frozen_database_is_told_soon_and_found_again(store: Store, server: Server) -> None:
    assert server.container
    session, cookie = await begin(store)
    container = server.container.get_wrapped_container()
    await asyncio.to_thread(container.pause)
    try:
        async with asyncio.timeout(8):
            for attempt in (store.find(cookie), store.end(session.id, "operator"), begin(store)):
                with pytest.raises(Unavailable):
                    await attempt
    finally:
        await asyncio.to_thread(container.unpause)
    async with asyncio.timeout(10):
        while True:
            try:
                found = await store.find(cookie)
                break
            except Unavailable:
                continue
    assert found
    assert found.ended_at is None


async def test_connections_that_the_server_ended_are_replaced_unseen(store: Store, server: Server) -> None:
    session, cookie = await begin(store)
    await asyncio.to_thread(
        server.superuser,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gate' AND wait_event = 'ClientRead'",
    )
    assert await store.find(cookie) == replace(session)


@pytest.mark.parametrize("login", ["app_a", "app_b", "readonly", "migrator"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT cookie_hash FROM gate.session",
        "INSERT INTO gate.session SELECT * FROM gate.session",
        "UPDATE gate.session SET subject = 'sam'",
        "DELETE FROM gate.event",
        "INSERT INTO gate.attempt VALUES ('\\x00', now())",
        "SELECT * FROM gate.logout",
        "SELECT gate.limit_passed(now(), '1 h', now(), now())",
    ],
)
def test_no_other_login_reads_or_makes_a_session(server: Server, login: str, statement: Query) -> None:
    with server.connect(login) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_the_gate_itself_cannot_rewrite_what_happened(server: Server) -> None:
    with server.connect("gate") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE event SET kind = 'nothing'")
