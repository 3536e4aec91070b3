"""Print the sessions of so many people who have signed in, as [id, cookie]: run inside the app's container.

Usage: python - COUNT. Each is made as the gate makes it at the end of a sign-in, for an account of its own.
"""

# ruff: noqa: T201 (what it prints is its answer)
from __future__ import annotations

import asyncio
import json
import secrets
import sys
from datetime import UTC, datetime

from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.session import Limits, NewSession, Tokens
from gatehouse.gate.store import Store
from gatehouse.settings import settings

ISSUER = "https://id.example.org"


def person(number: int) -> NewSession:
    subject = f"person-{number}-{secrets.token_hex(8)}"
    claims = {"iss": ISSUER, "sub": subject, "name": f"Person {number}", "roles": ["user"], "groups": ["Engineering"]}
    return NewSession("default", ISSUER, subject, None, datetime.now(UTC), claims, Tokens(None, None, None))


async def main(count: int) -> list[tuple[str, str]]:
    pool = await open_pool()
    try:
        store = Store(pool, keys(), Limits.of(settings()))
        made = [await store.begin(person(one), attempt=secrets.token_hex(), replaces=None) for one in range(count)]
    finally:
        await pool.close()
    return [(str(session.id), cookie) for session, cookie in made]


print(json.dumps(asyncio.run(main(int(sys.argv[1])))))
