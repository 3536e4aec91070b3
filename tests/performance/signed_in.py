"""Print the cookies of signed-in browsers: run inside the app's container.

Usage: python - gate|ungated COUNT [ROLE...]. A session is made as the gate makes it at the end of a sign-in; without
the gate the cookies are those of Streamlit's own sign-in.
"""

# ruff: noqa: T201 (what it prints is its answer)
from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tomllib
from datetime import UTC, datetime
from uuid import uuid4

from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.headers import SESSION_COOKIE, streamlit_user
from gatehouse.gate.session import Limits, NewSession, Tokens
from gatehouse.gate.store import Store
from gatehouse.settings import settings

ISSUER = "https://id.example.org"
CLAIMS = {
    "iss": ISSUER,
    "name": "Sam Doe",
    "email": "sam@example.org",
    "email_verified": True,
    "preferred_username": "sam",
    "roles": ["user", "auditor"],
    "groups": ["Engineering"],
}


async def main(kind: str, count: int, roles: list[str]) -> list[dict[str, str]]:
    pool = await open_pool()
    try:
        store = Store(pool, keys(), Limits.of(settings()))
        return [await sign_in(store, kind, roles) for _ in range(count)]
    finally:
        await pool.close()


async def sign_in(store: Store, kind: str, roles: list[str]) -> dict[str, str]:
    tokens = Tokens(None, None, None)
    subject = str(uuid4())  # so many sessions would be too many for one person
    claims = {**CLAIMS, "sub": subject, **({"roles": roles} if roles else {})}
    new = NewSession("default", ISSUER, subject, None, datetime.now(UTC), claims, tokens)
    session, cookie = await store.begin(new, attempt=secrets.token_hex(), replaces=None)
    if kind == "gate":
        return {SESSION_COOKIE: cookie}
    auth = tomllib.loads((settings().runtime_dir / ".streamlit/secrets.toml").read_text(encoding="utf-8"))["auth"]
    return dict(streamlit_user(session, origin=settings().app_url, secret=auth["cookie_secret"], tokens=None))


print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))))
