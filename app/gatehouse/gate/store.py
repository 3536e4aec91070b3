"""Sessions in Postgres: begun, found, kept alive and ended here, and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from gatehouse.gate.database import Refused, Unavailable, connected
from gatehouse.gate.session import NewSession, Reason, Session, Tokens
from gatehouse.gate.store_logout import OVERTAKES, Logouts
from gatehouse.gate.store_refresh import Refreshes
from gatehouse.gate.store_tidy import Tidying
from gatehouse.gate.store_work import COLUMNS, Logout, Work, digest, session_of
from gatehouse.settings import GENERATED

__all__ = ["Refused", "Store", "Unavailable"]

_FIND = sql.SQL("""
    SELECT {columns}, limit_passed(active_at, %(idle)s, expires_at, reauth_at) AS passed
    FROM session WHERE cookie_hash = %(hash)s
""").format(columns=COLUMNS)

_READ = sql.SQL("""
    SELECT {columns}, limit_passed(active_at, %(idle)s, expires_at, reauth_at) AS passed
    FROM session WHERE id = ANY (%(ids)s::uuid[])
""").format(columns=COLUMNS)

_OPEN = sql.SQL("""
    SELECT {columns} FROM session
    WHERE ended_at IS NULL AND limit_passed(active_at, %(idle)s, expires_at, reauth_at) IS NULL ORDER BY created_at
""").format(columns=COLUMNS)

_INSERT = sql.SQL("""
    INSERT INTO session (id, cookie_hash, provider, issuer, subject, sid, issued_at, claims, tokens, refreshable,
        expires_at, reauth_at)
    VALUES (%(id)s, %(hash)s, %(provider)s, %(issuer)s, %(subject)s, %(sid)s, %(issued_at)s, %(claims)s, %(tokens)s,
        %(refreshable)s, now() + %(absolute)s, CASE WHEN NOT %(refreshable)s THEN now() + %(reauth)s END)
    RETURNING {columns}
""").format(columns=COLUMNS)

_OF_USER = """
    SELECT id, issuer FROM session
    WHERE subject = %s AND ended_at IS NULL AND issuer = coalesce(%s::text, issuer)
"""

# An activity after the idle limit can't bring back what is over, and none is in the future.
_TOUCH = """
    UPDATE session SET active_at = active.at
    FROM (
        SELECT this.id, least(given.at, now()) AS at
        FROM session AS this JOIN unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS given (id, at) USING (id)
        WHERE this.ended_at IS NULL AND least(given.at, now()) > this.active_at
            AND least(given.at, now()) < this.active_at + %(idle)s
        ORDER BY this.id FOR UPDATE OF this
    ) AS active
    WHERE session.id = active.id
"""


class Store(Refreshes, Logouts, Tidying):
    """All that is known of sessions. Every method raises Unavailable if the database does not answer."""

    async def begin(self, new: NewSession, *, attempt: str, replaces: UUID | None) -> tuple[Session, str]:
        """Make a session of a finished sign-in, in one transaction, and return it with its cookie's value.

        Args:
            new: the verified sign-in.
            attempt: what is unique to the sign-in: its `state`.
            replaces: the session that the browser had; it ends. So do the user's oldest beyond the limit.

        Raises:
            Refused: if the attempt was used before, a logout overtook it, or its claims can't be stored.
        """
        cookie = secrets.token_urlsafe(32)
        async with self._work() as work:
            # Logouts at this provider, and other sign-ins of this user, come before this one or after it.
            former = await self._issuer(work, replaces) if replaces else None
            await work.lock(new.issuer, former or new.issuer)
            await self._use(work, attempt)
            overtaken = await self._overtaken(work, new.issuer, new.subject, new.sid, new.issued_at)
            if overtaken:
                work.note("refused", reason="logged-out", provider=new.provider)
            else:
                session = await self._insert(work, new, cookie)
                work.note("sign-in", session)
                if replaces and former:
                    await self._end(work, former, [replaces], "replaced")
                await self._cap(work, session)
                await work.notify([session.id])
        # After the transaction, which keeps that the attempt was used.
        if overtaken:
            raise Refused("logged-out")
        return session, cookie

    async def _issuer(self, work: Work, id: UUID) -> str | None:  # noqa: A002
        row = await (await work.connection.execute("SELECT issuer FROM session WHERE id = %s", (id,))).fetchone()
        return row["issuer"] if row else None

    async def _use(self, work: Work, attempt: str) -> None:
        cursor = await work.connection.execute(
            "INSERT INTO attempt (state_hash, kept_until) VALUES (%s, now() + %s) ON CONFLICT DO NOTHING",
            (digest(attempt), 2 * OVERTAKES),
        )
        if not cursor.rowcount:
            raise Refused("used")

    async def _insert(self, work: Work, new: NewSession, cookie: str) -> Session:
        id = uuid4()  # noqa: A001
        values = {
            "id": id,
            "hash": digest(cookie),
            "provider": new.provider,
            "issuer": new.issuer,
            "subject": new.subject,
            "sid": new.sid,
            "issued_at": new.issued_at,
            "claims": Jsonb(dict(new.claims)),
            "tokens": self._seal(id, new.tokens),
            "refreshable": new.tokens.refresh is not None,
            "absolute": self.limits.absolute,
            "reauth": self.limits.reauth,
        }
        row = await (await work.connection.execute(_INSERT, values)).fetchone()
        assert row  # noqa: S101 -- RETURNING
        return session_of(row)

    async def _cap(self, work: Work, session: Session) -> None:
        cursor = await work.connection.execute(
            "SELECT id FROM session WHERE issuer = %s AND subject = %s AND ended_at IS NULL AND id <> %s"
            " ORDER BY created_at DESC, id OFFSET %s",
            (session.issuer, session.subject, session.id, self.limits.per_user - 1),
        )
        surplus = [row["id"] for row in await cursor.fetchall()]
        await self._end(work, session.issuer, surplus, "cap")

    async def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie's value, ended ones too while they are kept; one past a limit ends here."""
        if not GENERATED.fullmatch(cookie):
            return None
        found = await self._current(_FIND, {"hash": digest(cookie)})
        return found[0] if found else None

    async def read(self, ids: Collection[UUID]) -> list[Session]:
        """Return those of `ids` that are there, as they are now; those past a limit end here."""
        return await self._current(_READ, {"ids": list(ids)}) if ids else []

    async def _current(self, query: sql.Composed, values: dict[str, Any]) -> list[Session]:
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(query, {**values, "idle": self.limits.idle})).fetchall()
        past = [row for row in rows if row["ended_at"] is None and row["passed"]]
        if not past:
            return [session_of(row) for row in rows]
        for issuer in {row["issuer"] for row in past}:
            async with self._work() as work:
                await self._end(work, issuer, [row["id"] for row in past if row["issuer"] == issuer], None)
        # Again: somebody may have ended or touched one first.
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(query, {**values, "idle": self.limits.idle})).fetchall()
        return [session_of(row) for row in rows]

    async def touch(self, active: Mapping[UUID, datetime]) -> None:
        """Note when sessions were last active. Does nothing to one that is ended or was idle too long by then."""
        if active:
            values = {"ids": list(active), "times": list(active.values()), "idle": self.limits.idle}
            async with connected(self._pool) as connection:
                await connection.execute(_TOUCH, values)

    async def end(self, id: UUID, reason: Reason, *, provider_logout: Logout = "due") -> bool:  # noqa: A002
        """End a session.

        Args:
            id: of the session.
            reason: why.
            provider_logout: "due" has the provider told later; "done" and "none" don't, and erase the tokens.

        Returns False if it is unknown or has ended before.
        """
        async with self._work() as work:
            issuer = await self._issuer(work, id)
            return bool(issuer and await self._end(work, issuer, [id], reason, provider_logout))

    async def end_user(self, issuer: str | None, subject: str, reason: Reason) -> int:
        """End all sessions of a subject, at every issuer if none is given. Returns how many."""
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(_OF_USER, (subject, issuer))).fetchall()
        count = 0
        for name in {row["issuer"] for row in rows}:
            async with self._work() as work:
                # Again, behind sign-ins that are being committed.
                await work.lock(name)
                rows = await (await work.connection.execute(_OF_USER, (subject, name))).fetchall()
                count += len(await self._end(work, name, [row["id"] for row in rows], reason))
        return count

    async def open_sessions(self) -> list[Session]:
        """Return all that are open and within their limits, oldest first."""
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(_OPEN, {"idle": self.limits.idle})).fetchall()
        return [session_of(row) for row in rows]

    async def tokens(self, id: UUID) -> Tokens | None:  # noqa: A002
        """Return a session's tokens; None if it is unknown, if nothing needs them any more, or if their key is gone."""
        async with connected(self._pool) as connection:
            row = await (await connection.execute("SELECT tokens FROM session WHERE id = %s", (id,))).fetchone()
        return self._unseal(id, row["tokens"]) if row and row["tokens"] else None

    async def event(self, kind: str, *, session: Session | None = None, **detail: str) -> None:
        """Record what happened, as a row and a line of the log. `detail` holds no token, code, cookie or claim."""
        async with self._work() as work:
            work.note(kind, session, **detail)
