"""Print the cookies of a signed-in browser: run inside the app's container.

Usage: python - gate|ungated [ROLE...]. The session is made as the gate makes it at the end of a sign-in; without the
gate the cookies are those of Streamlit's own sign-in.
"""

# ruff: noqa: T201 (what it prints is its answer)
from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tomllib
from datetime import UTC, datetime

from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.headers import SESSION_COOKIE, streamlit_user
from gatehouse.gate.session import Limits, NewSession, Tokens
from gatehouse.gate.store import Store
from gatehouse.settings import settings

ISSUER = "https://id.example.org"
CLAIMS = {
    "iss": ISSUER,
    "sub": "2f4c1d9e-5a07-4f6b-9a55-0d1f6b1c7e11",
    "name": "Sam Doe",
    "email": "sam@example.org",
    "email_verified": True,
    "preferred_username": "sam",
    "roles": ["user", "approver"],
    "groups": ["Engineering"],
}


async def main(kind: str, roles: list[str]) -> dict[str, str]:
    pool = await open_pool()
    try:
        store = Store(pool, keys(), Limits.of(settings()))
        tokens = Tokens(None, None, None)
        claims = CLAIMS | ({"roles": roles} if roles else {})
        new = NewSession("default", ISSUER, str(CLAIMS["sub"]), None, datetime.now(UTC), claims, tokens)
        session, cookie = await store.begin(new, attempt=secrets.token_hex(), replaces=None)
    finally:
        await pool.close()
    if kind == "gate":
        return {SESSION_COOKIE: cookie}
    auth = tomllib.loads((settings().runtime_dir / ".streamlit/secrets.toml").read_text(encoding="utf-8"))["auth"]
    return dict(streamlit_user(session, origin=settings().app_url, secret=auth["cookie_secret"], tokens=None))


print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2:]))))
