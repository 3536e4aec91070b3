"""What ends or is deleted because time has passed."""

from __future__ import annotations

from datetime import timedelta

from psycopg import sql

from gatehouse.gate.database import connected
from gatehouse.gate.store_work import Base

_BATCH = 500
_PAST = """
    SELECT id, issuer FROM session
    WHERE ended_at IS NULL AND limit_passed(active_at, %(idle)s, expires_at, reauth_at) IS NOT NULL
    ORDER BY active_at LIMIT %(batch)s
"""

_DELETE = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM {table} WHERE {moment} < now() - %(kept)s LIMIT %(batch)s
    ))
"""
_DELETIONS = [
    (sql.SQL(_DELETE).format(table=sql.Identifier(table), moment=sql.Identifier(moment)), kept)
    for table, moment, kept in (
        ("session", "ended_at", timedelta(days=7)),
        ("attempt", "kept_until", timedelta(0)),
        ("logout", "kept_until", timedelta(0)),
        ("event", "at", timedelta(days=90)),
    )
]


class Tidying(Base):
    """Regular work that any replica may do at any time."""

    async def tidy(self) -> int:
        """End what is past its limits; delete what was kept long enough. Returns how many rows that were.

        Kept: ended sessions for 7 days, events for 90, a used attempt for twice its lifetime, a logout for its
        token's and an attempt's. In small transactions, so that nobody waits for them.
        """
        count = 0
        while ended := await self._end_past():
            count += ended
        for deletion, kept in _DELETIONS:
            while True:
                async with connected(self._pool) as connection:
                    gone = (await connection.execute(deletion, {"kept": kept, "batch": _BATCH})).rowcount
                count += gone
                if gone < _BATCH:
                    break
        return count

    async def _end_past(self) -> int:
        async with connected(self._pool) as connection:
            values = {"idle": self.limits.idle, "batch": _BATCH}
            rows = await (await connection.execute(_PAST, values)).fetchall()
        ended = 0
        for issuer in {row["issuer"] for row in rows}:
            async with self._work() as work:
                ids = [row["id"] for row in rows if row["issuer"] == issuer]
                ended += len(await self._end(work, issuer, ids, None))
        return ended
