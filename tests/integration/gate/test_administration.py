"""`gatehouse.sessions`: what a script may see and end of other people's sessions, and who may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any, TypeAlias, TypeVar
from uuid import UUID, uuid4

import pytest
import streamlit as st

import gatehouse
from gatehouse.data.faults import DatabaseAway
from gatehouse.gate import administration, live
from gatehouse.gate.policy import Policy
from gatehouse.gate.policy_rules import Rule
from gatehouse.gate.session import Session
from gatehouse.gate.store import Store, Unavailable
from gatehouse.identity import NoSession
from integration.data.test_desk import PAYLOADS
from integration.gate.conftest import Ask, sign_in
from integration.postgres.server import Server

pytestmark = pytest.mark.anyio

T = TypeVar("T")
As: TypeAlias = Callable[..., Any]
ADMINS = Policy(sessions=Rule(roles=["admin"]))


@pytest.fixture
async def installed(
    store: Store, monkeypatch: pytest.MonkeyPatch, server: Server
) -> AsyncIterator[Callable[..., None]]:
    """Put the gate in place under a policy, as it is when the server starts."""
    server.superuser("TRUNCATE audit.entry")
    registry = live.Live(store, Policy(), 500)
    registry.trust(lambda: True)
    monkeypatch.setattr(live, "active", True)
    monkeypatch.setattr(live, "_instance", registry)

    def install(policy: Policy) -> None:
        of_process = administration.Administration(store, policy, asyncio.get_running_loop())
        monkeypatch.setattr(administration, "_instance", of_process)

    install(ADMINS)
    yield install
    st.cache_resource.clear()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> As:
    """Run something in a thread, as a script of a session does."""

    async def run(session: UUID | None, work: Callable[..., T], *arguments: object) -> T:
        headers = [("X-Gatehouse-Session", str(session))] if session else []
        seen = SimpleNamespace(headers=headers)
        monkeypatch.setattr("streamlit.runtime.context._get_client_context", lambda: seen)
        return await asyncio.to_thread(work, *arguments)

    return run


async def begin(store: Store, subject: str, *roles: str) -> Session:
    claims = {"sub": subject, "name": f"{subject.title()} Doe", "email": f"{subject}@example.com", "roles": list(roles)}
    _, cookie = await store.begin(sign_in(subject, claims=claims, sid=None), attempt=str(uuid4()), replaces=None)
    assert live._instance  # noqa: SLF001 -- the gate of this process
    found = await live._instance.find(cookie)  # noqa: SLF001
    assert found
    return found


async def open_ids(store: Store) -> set[UUID]:
    return {session.id for session in await store.open_sessions()}


async def test_an_admin_sees_all_and_ends_one(installed: object, store: Store, script: As, ask: Ask) -> None:
    ivan, sam, mia = [await begin(store, *who) for who in (("ivan", "admin"), ("sam", "staff"), ("mia",))]
    found = await script(ivan.id, gatehouse.sessions.open_sessions)
    assert [(one.name, one.email, one.mine) for one in found] == [
        ("Ivan Doe", "ivan@example.com", True),
        ("Sam Doe", "sam@example.com", False),
        ("Mia Doe", "mia@example.com", False),
    ]
    assert (found[1].roles, found[1].issuer, found[1].signed_in_at) == ({"staff"}, sam.issuer, sam.created_at)
    assert await script(ivan.id, gatehouse.sessions.end, found[1].id)
    assert await open_ids(store) == {ivan.id, mia.id}
    assert ask("SELECT end_reason FROM session WHERE id = %s", sam.id) == [("operator",)]
    assert not await script(ivan.id, gatehouse.sessions.end, found[1].id)
    (entry,) = await script(ivan.id, gatehouse.audit_trail)
    assert (entry.subject, entry.action, entry.object) == ("ivan", "session.ended", f"session {str(sam.id)[:8]}")
    assert entry.detail["subject"] == "sam"


async def test_all_of_an_account_and_of_no_other(installed: object, store: Store, script: As) -> None:
    ivan, _, _, mia = [await begin(store, *who) for who in (("ivan", "admin"), ("sam",), ("sam",), ("mia",))]
    assert await script(ivan.id, gatehouse.sessions.end_all, ivan.issuer, "sam") == 2
    assert await script(ivan.id, gatehouse.sessions.end_all, "https://elsewhere.example", "mia") == 0
    assert await open_ids(store) == {ivan.id, mia.id}
    assert [entry.action for entry in await script(ivan.id, gatehouse.audit_trail)] == ["sessions.ended"]


async def test_what_is_shown_of_a_session_is_of_no_use(installed: object, store: Store, script: As) -> None:
    ivan = await begin(store, "ivan", "admin")
    sam = await begin(store, "sam")
    found = await script(ivan.id, gatehouse.sessions.open_sessions)
    assert not any(str(session.id) in repr(vars(one)) for one in found for session in (ivan, sam))
    # Nor does its true name end it: only what was shown does.
    assert not await script(ivan.id, gatehouse.sessions.end, str(sam.id))


CALLS = [
    (gatehouse.sessions.open_sessions,),
    (gatehouse.sessions.end, "x"),
    (gatehouse.sessions.end_all, "https://id.example.org/realms/apps", "sam"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("policy", "roles"),
    [
        (ADMINS, []),
        (ADMINS, ["staff", "approver", "finance", "auditor"]),
        (ADMINS, ["Admin", "admin ", "administrator"]),
        (Policy(), ["admin"]),
        (Policy(enter=Rule(roles=["admin"]), pages={"sessions": Rule(roles=["admin"])}), ["admin"]),
        (Policy(sessions=Rule(roles=["admin"], email_domains=["example.com"])), ["admin"]),
    ],
)
async def test_whoever_is_not_named_sees_and_ends_nothing(  # noqa: PLR0913, PLR0917 -- a table of cases
    installed: Callable[..., None], store: Store, script: As, policy: Policy, roles: list[str], call: tuple[Any, ...]
) -> None:
    installed(policy)
    eve, sam = await begin(store, "eve", *roles), await begin(store, "sam")
    with pytest.raises(PermissionError):
        await script(eve.id, *call)
    assert await open_ids(store) == {eve.id, sam.id}


@pytest.mark.parametrize("call", CALLS)
async def test_outside_a_session_nothing_is_seen_or_ended(
    installed: object, store: Store, script: As, call: tuple[Any, ...]
) -> None:
    sam = await begin(store, "sam", "admin")
    for nobody in (None, uuid4()):
        with pytest.raises(NoSession):
            await script(nobody, *call)
    assert await open_ids(store) == {sam.id}


@pytest.mark.parametrize("call", CALLS)
async def test_the_database_has_the_last_word_on_who_asks(
    installed: object, store: Store, script: As, ask: Ask, call: tuple[Any, ...]
) -> None:
    ended, stripped, sam = (
        await begin(store, "eve", "admin"),
        await begin(store, "ada", "admin"),
        await begin(store, "sam"),
    )
    # This replica has not heard of it yet.
    await store.end(ended.id, "operator")
    ask("UPDATE session SET claims = claims || '{\"roles\": []}' WHERE id = %s", stripped.id)
    for session in (ended, stripped):
        assert live.claims_of(str(session.id))
        with pytest.raises(PermissionError):
            await script(session.id, *call)
    assert await open_ids(store) == {stripped.id, sam.id}


async def test_what_cannot_be_written_down_is_not_done(
    installed: object, store: Store, script: As, server: Server
) -> None:
    ivan, sam = await begin(store, "ivan", "admin"), await begin(store, "sam")
    server.superuser("REVOKE EXECUTE ON FUNCTION audit.write FROM app_rw")
    try:
        found = await script(ivan.id, gatehouse.sessions.open_sessions)
        with pytest.raises(Exception, match="permission denied"):
            await script(ivan.id, gatehouse.sessions.end, found[1].id)
        with pytest.raises(Exception, match="permission denied"):
            await script(ivan.id, gatehouse.sessions.end_all, sam.issuer, "sam")
    finally:
        server.superuser("GRANT EXECUTE ON FUNCTION audit.write TO app_rw")
    assert await open_ids(store) == {ivan.id, sam.id}


async def test_a_database_that_is_away_is_said_as_everywhere(
    installed: object, store: Store, script: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    ivan = await begin(store, "ivan", "admin")

    async def away(_ids: object) -> list[Session]:
        raise Unavailable

    monkeypatch.setattr(store, "read", away)
    with pytest.raises(DatabaseAway):
        await script(ivan.id, gatehouse.sessions.open_sessions)


async def test_hostile_text_in_the_trail_is_text(installed: object, store: Store, script: As) -> None:
    """As what was done to, as a detail, and as words that an auditor looks for."""
    sam = await begin(store, "sam", "auditor")

    texts = [payload for payload in PAYLOADS if payload.isprintable()]
    assert len(texts) >= 100

    def work() -> None:
        for text in texts:
            gatehouse.audit("tried", text, text=text)
        entries = gatehouse.audit_trail(limit=1000)
        assert [(entry.object, entry.detail) for entry in entries] == [(one, {"text": one}) for one in texts[::-1]]
        for text in PAYLOADS:
            assert [entry.object for entry in gatehouse.audit_trail(object=text)] == [text] * (text in texts)
            assert gatehouse.audit_trail(action=text) == gatehouse.audit_trail(subject=text) == []

    await script(sam.id, work)
