"""Endings and the provider: those it tells us of (back-channel logout), and those we have to tell it of."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql

from gatehouse.gate.attempts import LIFETIME
from gatehouse.gate.database import connected
from gatehouse.gate.session import Session, Tokens
from gatehouse.gate.store_work import COLUMNS, Base, Work, digest, session_of

OVERTAKES = timedelta(seconds=LIFETIME)
"""A logout can overtake a sign-in for as long as that may take."""

_KEEP_TRYING = timedelta(hours=24)

# A session without `sid` can't be told from the others of its subject.
_MEANT = """
    SELECT id FROM session
    WHERE issuer = %(issuer)s AND ended_at IS NULL AND CASE
        WHEN %(sid)s::text IS NULL THEN subject = %(subject)s::text
        WHEN %(subject)s::text IS NULL THEN sid = %(sid)s
        ELSE subject = %(subject)s AND (sid = %(sid)s OR sid IS NULL)
    END
"""

# The mirror of _MEANT. By subject alone, only what the provider issued before: the user may have come back since.
_OVERTAKEN = """
    SELECT EXISTS (
        SELECT FROM logout
        WHERE issuer = %(issuer)s AND CASE
            WHEN sid IS NOT NULL AND %(sid)s::text IS NOT NULL
                THEN sid = %(sid)s AND (subject IS NULL OR subject = %(subject)s)
            ELSE subject = %(subject)s AND issued_at >= %(issued_at)s
        END
    ) AS overtaken
"""

_DUE = sql.SQL("""
    UPDATE session SET lease_holder = %(holder)s, lease_until = now() + %(lease_for)s
    FROM (
        SELECT id FROM session
        WHERE provider_logout = 'due' AND logout_at <= now() AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY logout_at FOR UPDATE SKIP LOCKED LIMIT %(limit)s
    ) AS due
    WHERE session.id = due.id
    RETURNING tokens, {columns}
""").format(columns=COLUMNS)

_DONE = """
    UPDATE session SET provider_logout = outcome.state, tokens = CASE WHEN outcome.state = 'due' THEN tokens END,
        logout_tries = logout_tries + 1, logout_at = now() + least(interval '10 s' * 2 ^ least(logout_tries, 9), '1 h'),
        lease_holder = NULL, lease_until = NULL
    FROM (
        SELECT id AS ended,
            CASE WHEN %(ok)s THEN 'done' WHEN ended_at <= now() - %(patience)s THEN 'failed' ELSE 'due' END AS state
        FROM session WHERE id = %(id)s AND ended_at IS NOT NULL AND provider_logout <> 'done' FOR UPDATE
    ) AS outcome
    WHERE id = outcome.ended
"""


class Logouts(Base):
    """Back-channel logouts in, and the provider's own sessions ended in turn."""

    async def logged_out(  # noqa: PLR0913 -- the claims of one token
        self,
        issuer: str,
        *,
        jti: str,
        sid: str | None,
        subject: str | None,
        issued_at: datetime,
        expires_at: datetime,
    ) -> bool:
        """Obey a verified logout token: end what it means, and remember it for sign-ins that commit later.

        OpenID Connect Back-Channel Logout 1.0 §2.6 and §2.7. With `sid` and `subject` only that session of that
        subject is meant, and those of the subject that have no `sid`; with one of them, all that have it.

        Returns False, and changes nothing, if `jti` was seen before.
        """
        if sid is None and subject is None:
            raise ValueError("a logout token names a session or a subject")
        values = {
            "issuer": issuer,
            "jti": digest(jti),
            "sid": sid,
            "subject": subject,
            "issued_at": issued_at,
            "expires_at": expires_at,
            "lifetime": OVERTAKES,
        }
        async with self._work() as work:
            await work.lock(issuer)
            cursor = await work.connection.execute(
                "INSERT INTO logout (issuer, jti_hash, sid, subject, issued_at, kept_until)"
                " VALUES (%(issuer)s, %(jti)s, %(sid)s, %(subject)s, %(issued_at)s,"
                " greatest(%(expires_at)s, now()) + %(lifetime)s) ON CONFLICT DO NOTHING",
                values,
            )
            if not cursor.rowcount:
                return False
            rows = await (await work.connection.execute(_MEANT, values)).fetchall()
            ended = await self._end(work, issuer, [row["id"] for row in rows], "provider", "done")
            work.note("provider-logout", issuer=issuer, sessions=str(len(ended)))
        return True

    async def _overtaken(self, work: Work, issuer: str, subject: str, sid: str | None, issued_at: datetime) -> bool:
        """Whether the provider has ended meanwhile what a sign-in came from. `issued_at`: of its ID token."""
        values = {"issuer": issuer, "subject": subject, "sid": sid, "issued_at": issued_at}
        row = await (await work.connection.execute(_OVERTAKEN, values)).fetchone()
        return row is None or bool(row["overtaken"])

    async def logouts_due(self, holder: str, lease_for: timedelta, *, limit: int = 50) -> list[tuple[Session, Tokens]]:
        """Take up to `limit` ended sessions that the provider is yet to be told of, each for this holder alone."""
        values = {"holder": holder, "lease_for": lease_for, "limit": limit}
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(_DUE, values)).fetchall()
            due = []
            for row in rows:
                if tokens := self._unseal(row["id"], row["tokens"]):
                    due.append((session_of(row), tokens))
                    continue
                # Their key is gone, so nothing can be told.
                failed = "UPDATE session SET provider_logout = 'failed', tokens = NULL WHERE id = %s"
                await connection.execute(failed, (row["id"],))
        return due

    async def logout_done(self, id: UUID, *, ok: bool) -> None:  # noqa: A002
        """Note that the provider ended its session, or that it could not be told.

        Then it is due again after 10 s, 20 s, … 1 h, and a day after the ending it counts as failed. Done or failed,
        its tokens are erased.
        """
        async with connected(self._pool) as connection:
            await connection.execute(_DONE, {"id": id, "ok": ok, "patience": _KEEP_TRYING})
