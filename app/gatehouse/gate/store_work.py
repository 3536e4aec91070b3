"""What all parts of the store share: one transaction with its events, rows as sessions, tokens sealed, and endings."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import fields
from hashlib import sha256
from typing import Any, Literal, TypeAlias
from uuid import UUID

from cryptography.fernet import InvalidToken, MultiFernet
from psycopg import sql
from psycopg.types.json import Jsonb

from gatehouse.gate.database import CHANNEL, Connection, Pool, connected
from gatehouse.gate.session import Limits, Reason, Session, Tokens

Logout: TypeAlias = Literal["due", "done", "none"]

COLUMNS = sql.SQL(", ").join(sql.Identifier("session", field.name) for field in fields(Session))

# The provider's own session may carry another of ours, and these endings are no reason to end that one too.
_LEAVE_OTHERS = frozenset({None, "idle", "absolute", "reauth", "replaced", "cap"})

# Rows are locked in the order of their ids, here and wherever several are, so that no two wait for each other.
_END = sql.SQL("""
    UPDATE session SET ended_at = now(), end_reason = ending.reason, provider_logout = ending.state, logout_at = now(),
        tokens = CASE WHEN ending.state = 'due' THEN session.tokens END,
        lease_until = CASE WHEN lease_holder IS NOT NULL THEN lease_until END
    FROM (
        SELECT id, coalesce(%(reason)s::text, limit_passed(active_at, %(idle)s, expires_at, reauth_at)) AS reason,
            CASE WHEN %(logout)s::text <> 'due' THEN %(logout)s::text
                WHEN tokens IS NULL THEN 'none'
                WHEN %(leave_others)s AND EXISTS (
                    SELECT FROM session AS other
                    WHERE other.ended_at IS NULL AND other.id <> ALL (%(ids)s::uuid[]) AND other.issuer = this.issuer
                        AND other.subject = this.subject AND other.sid IS NOT DISTINCT FROM this.sid
                ) THEN 'none'
                ELSE 'due'
            END AS state
        FROM session AS this
        WHERE id = ANY (%(ids)s::uuid[]) AND ended_at IS NULL
            AND (%(reason)s::text IS NOT NULL OR limit_passed(active_at, %(idle)s, expires_at, reauth_at) IS NOT NULL)
        ORDER BY id FOR UPDATE
    ) AS ending
    WHERE session.id = ending.id
    RETURNING {columns}
""").format(columns=COLUMNS)

_ABOUT = ("provider", "issuer", "subject")

_log = logging.getLogger(__name__)


def digest(value: str) -> bytes:
    """SHA-256, for values that are compared and never needed again."""
    return sha256(value.encode()).digest()


def session_of(row: dict[str, Any]) -> Session:
    """Return the session in a row that has COLUMNS, and perhaps more."""
    return Session(**{field.name: row[field.name] for field in fields(Session)})


class Work:
    """One transaction. Its events are written at its end, and logged once it is committed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._events: list[tuple[str, UUID | None, dict[str, Any], dict[str, str]]] = []

    async def lock(self, *issuers: str) -> None:
        """Wait for other sign-ins and endings at these to commit. Take it before any row's lock, all in one call."""
        # A statement of its own each, so that what follows sees what was committed meanwhile.
        for issuer in sorted(set(issuers)):
            await self.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('gate/' || %s, 0))", (issuer,))

    async def notify(self, ids: Collection[UUID]) -> None:
        """Tell every replica, once this is committed, that these sessions changed."""
        await self.connection.execute(
            "SELECT pg_notify(%s, id::text) FROM unnest(%s::uuid[]) AS id", (CHANNEL, list(ids))
        )

    def note(self, kind: str, session: Session | None = None, **detail: str) -> None:
        """Add an event. `detail` holds no token, code or cookie; without a session: what is known of _ABOUT, too."""
        # Bounded and without zero bytes, which Postgres refuses: an event is no reason to fail.
        detail = {key: value[:500].replace("\0", "") for key, value in detail.items()}
        about: dict[str, Any] = {name: detail.pop(name, None) for name in _ABOUT}
        if session:
            about = {name: getattr(session, name) for name in _ABOUT}
        self._events.append((kind, session.id if session else None, about, detail))

    async def write_events(self) -> None:
        """Write the rows of what was noted."""
        for kind, session_id, about, detail in self._events:
            await self.connection.execute(
                "INSERT INTO event (kind, session_id, provider, issuer, subject, detail)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (kind, session_id, *(about[name] for name in _ABOUT), Jsonb(detail)),
            )

    def log_events(self) -> None:
        """Write the lines of what was noted, by the session's id: who that is stands in the row."""
        for kind, session_id, about, detail in self._events:
            named = {"session": session_id and str(session_id), "provider": about["provider"], "detail": detail}
            _log.info(kind, extra={"event": kind} | {name: value for name, value in named.items() if value})


class Base:
    """What the parts of the store work with. `limits` hold for the sessions that are there, too."""

    def __init__(self, pool: Pool, crypt: MultiFernet, limits: Limits) -> None:
        self._pool = pool
        self._crypt = crypt
        self.limits = limits

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[Work]:
        """One transaction, committed at the end of the block and rolled back by an exception."""
        async with connected(self._pool) as connection:
            work = Work(connection)
            async with connection.transaction():
                yield work
                await work.write_events()
        work.log_events()

    async def _end(
        self, work: Work, issuer: str, ids: Collection[UUID], reason: Reason | None, logout: Logout = "due"
    ) -> list[Session]:
        """End those of `ids`, all of `issuer`, that are open, and return them ended.

        Args:
            work: the transaction.
            issuer: of all of them.
            ids: of sessions, those that have ended before too.
            reason: None ends those past a limit, for that reason.
            logout: what becomes of the provider's session; "due" is told later unless there is nothing to tell it with.
        """
        if not ids:
            return []
        await work.lock(issuer)
        cursor = await work.connection.execute(
            _END,
            {
                "ids": list(ids),
                "reason": reason,
                "logout": logout,
                "leave_others": reason in _LEAVE_OTHERS,
                "idle": self.limits.idle,
            },
        )
        ended = [session_of(row) for row in await cursor.fetchall()]
        await work.notify([session.id for session in ended])
        for session in ended:
            work.note("ended", session, reason=str(session.end_reason))
        return ended

    def _seal(self, id: UUID, tokens: Tokens) -> bytes:  # noqa: A002 -- what it is called everywhere
        """Encrypt the tokens for the row of session `id` alone."""
        return self._crypt.encrypt(json.dumps([str(id), tokens.access, tokens.refresh, tokens.id]).encode())

    def _unseal(self, id: UUID, sealed: bytes) -> Tokens | None:  # noqa: A002
        """Decrypt; None if the key is gone, or if the tokens are another session's."""
        try:
            whose, access, refresh, identity = json.loads(self._crypt.decrypt(sealed))
        except InvalidToken:
            return None
        return Tokens(access, refresh, identity) if whose == str(id) else None
