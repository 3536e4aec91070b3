"""Asking the provider again: one replica at a time for each session, and nothing of it after an ending."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from gatehouse.gate.database import connected
from gatehouse.gate.session import Session, Tokens
from gatehouse.gate.store_work import COLUMNS, Base, session_of

_LEASE = sql.SQL("""
    UPDATE session SET lease_holder = %(holder)s, lease_until = now() + %(lease_for)s
    FROM (
        SELECT id FROM session
        WHERE id = ANY (%(ids)s::uuid[]) AND ended_at IS NULL AND refreshable AND checked_at <= now() - %(due_after)s
            AND (lease_until IS NULL OR lease_until <= now())
            AND limit_passed(active_at, %(idle)s, expires_at, reauth_at) IS NULL
        ORDER BY checked_at FOR UPDATE SKIP LOCKED LIMIT %(limit)s
    ) AS due
    WHERE session.id = due.id
    RETURNING tokens, {columns}
""").format(columns=COLUMNS)

_REFRESHED = sql.SQL("""
    UPDATE session SET tokens = %(tokens)s, refreshable = %(refreshable)s, claims = coalesce(%(claims)s::jsonb, claims),
        checked_at = greatest(checked_at, least(%(checked_at)s, now())),
        reauth_at = CASE WHEN NOT %(refreshable)s THEN now() + %(reauth)s END,
        lease_holder = NULL, lease_until = NULL
    WHERE id = %(id)s AND lease_holder = %(holder)s AND ended_at IS NULL
        AND limit_passed(active_at, %(idle)s, expires_at, reauth_at) IS NULL
    RETURNING {columns}
""").format(columns=COLUMNS)


class Refreshes(Base):
    """Leases, and what comes of them. `holder` names the replica, and is never another's."""

    async def lease(
        self, ids: Collection[UUID], holder: str, *, due_after: timedelta, lease_for: timedelta, limit: int = 100
    ) -> list[tuple[Session, Tokens]]:
        """Take the lease of up to `limit` of `ids` that are due, longest unchecked first, and return them.

        Due: open and within its limits, with a refresh token, last checked `due_after` ago or earlier, and leased by
        nobody. One whose tokens can't be decrypted, as their key is gone, ends: its user signs in again.
        """
        values = {
            "ids": list(ids),
            "holder": holder,
            "due_after": due_after,
            "lease_for": lease_for,
            "idle": self.limits.idle,
            "limit": limit,
        }
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(_LEASE, values)).fetchall()
        leased = []
        for row in rows:
            session, tokens = session_of(row), self._unseal(row["id"], row["tokens"])
            if tokens:
                leased.append((session, tokens))
                continue
            async with self._work() as work:
                await self._end(work, session.issuer, [session.id], "reauth", "none")
        return leased

    async def rotated(self, id: UUID, holder: str, tokens: Tokens) -> bool:  # noqa: A002
        """Keep new tokens before anything else is done with them; the lease stays.

        Returns False if the session has ended or the lease is another's by now. If it has ended, the tokens are
        still kept where the provider is yet to be told of the ending: the old ones no longer work there.
        """
        async with connected(self._pool) as connection:
            cursor = await connection.execute(
                "UPDATE session SET tokens = %s WHERE id = %s AND lease_holder = %s"
                " AND (ended_at IS NULL OR provider_logout = 'due') RETURNING ended_at",
                (self._seal(id, tokens), id, holder),
            )
            row = await cursor.fetchone()
        return row is not None and row["ended_at"] is None

    async def refreshed(
        self,
        id: UUID,  # noqa: A002
        holder: str,
        tokens: Tokens,
        claims: Mapping[str, Any] | None,
        checked_at: datetime,
    ) -> Session | None:
        """Store what a refresh brought, give the lease back, and tell every replica. `claims`: None leaves them.

        Returns None if nothing was changed: the session has ended or passed a limit, or the lease is another's by now.

        Raises:
            Refused: with reason "claims", if they can't be stored; nothing is changed then.
        """
        values = {
            "id": id,
            "holder": holder,
            "tokens": self._seal(id, tokens),
            "refreshable": tokens.refresh is not None,
            "claims": None if claims is None else Jsonb(dict(claims)),
            "checked_at": checked_at,
            "idle": self.limits.idle,
            "reauth": self.limits.reauth,
        }
        async with self._work() as work:
            row = await (await work.connection.execute(_REFRESHED, values)).fetchone()
            if row:
                await work.notify([id])
                return session_of(row)
        await self.release(id, holder, retry_after=timedelta(0))
        return None

    async def release(self, id: UUID, holder: str, *, retry_after: timedelta) -> None:  # noqa: A002
        """Give the lease back without a result. Nobody takes it before `retry_after`, unless the session has ended."""
        async with connected(self._pool) as connection:
            await connection.execute(
                "UPDATE session SET lease_holder = NULL,"
                " lease_until = CASE WHEN ended_at IS NULL THEN now() + %s END WHERE id = %s AND lease_holder = %s",
                (retry_after, id, holder),
            )
