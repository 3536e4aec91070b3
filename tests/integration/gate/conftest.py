"""A Postgres of ours with the gate's tables, and the store on it as a replica has it."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString, TypeAlias

import psycopg
import pytest

import gatehouse.data
from gatehouse.data.migration_run import MigrationSet, apply
from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.session import Limits, NewSession, Tokens
from gatehouse.gate.store import Store
from gatehouse.settings import settings
from integration.postgres.server import Server
from support.command import ROOT, run

ISSUER = "https://id.example.org/realms/apps"
LIMITS = Limits(
    idle=timedelta(hours=2),
    absolute=timedelta(hours=12),
    reauth=timedelta(hours=1),
    recheck=timedelta(seconds=60),
    per_user=3,
)
SECRETS = ("app_a_password", "gate_password", "session_key", "database_ca.crt")

MakeStore: TypeAlias = Callable[..., Awaitable[Store]]
Ask: TypeAlias = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def server(run_folder: Path) -> Iterator[Server]:
    """A healthy server with its roles and the platform's migrations."""
    tree = run_folder / "gate-secrets"
    tree.mkdir()
    environment = {**os.environ, "SECRETS_DIR": str(tree), "DOMAIN": "localhost", "PYTHONPATH": str(ROOT)}
    run([sys.executable, "-m", "deploy.prepare"], env=environment)
    server = Server(f"{run_folder.name}-gate", tree)
    try:
        server.start()
        server.roles()
        folder = Path(gatehouse.data.__file__).parent / "migrations"
        platform = MigrationSet("platform", folder, "gate", "gate_owner", ("gate",))
        with closing(server.connect("gate_migrator")) as connection:
            apply(connection, platform, lambda _: None)
        yield server
    finally:
        server.remove()


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The loop that the app runs on."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The app's folder of secrets as the gate finds it, and a database without rows."""
    for name in SECRETS:
        (tmp_path / name).write_bytes((server.secrets / "app" / name).read_bytes())
        (tmp_path / name).chmod(0o400)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("PGHOSTADDR", server.address)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def ask(server: Server) -> Iterator[Ask]:
    """Look into the tables, or change what only time would, as the gate's own login."""
    with closing(server.connect("gate")) as connection:
        for table in ("session", "attempt", "logout", "event"):
            connection.execute(psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table)))

        def ask(statement: LiteralString | psycopg.sql.Composed, *values: object) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

        yield ask


@pytest.fixture
async def make_store(place: Path, ask: Ask) -> AsyncIterator[MakeStore]:
    """Make a store with a pool of its own, as each replica has one."""
    async with AsyncExitStack() as stack:

        async def make(limits: Limits = LIMITS) -> Store:
            pool = await stack.enter_async_context(await open_pool())
            return Store(pool, keys(), limits)

        yield make


@pytest.fixture
async def store(make_store: MakeStore) -> Store:
    return await make_store()


def sign_in(
    subject: str = "sam", *, sid: str | None = "sid-1", refresh: str | None = "refresh-1", **more: object
) -> NewSession:
    """A finished sign-in, just now."""
    values: dict[str, Any] = {
        "provider": "default",
        "issuer": ISSUER,
        "issued_at": datetime.now(UTC).replace(microsecond=0),
        "claims": {"sub": subject, "name": "Sam Doe", "roles": ["user"]},
        "tokens": Tokens("access-1", refresh, "identity-1"),
    } | more
    return NewSession(subject=subject, sid=sid, **values)


def age(ask: Ask, **hours: float) -> None:
    """Let all sessions' moments lie further back: `active_at`, `checked_at`, `expires_at`, `reauth_at`, `ended_at`."""
    for column, count in hours.items():
        moved = psycopg.sql.SQL("UPDATE session SET {0} = {0} - make_interval(secs => %s)")
        ask(moved.format(psycopg.sql.Identifier(column)), count * 3600)
