"""The gate of this process: put together from settings and secrets, opened and closed with the server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from starlette.middleware import Middleware
from starlette.routing import Route

from gatehouse.container import memory_bytes
from gatehouse.gate import administration, held_files, ownership, policy
from gatehouse.gate import live as live_sessions
from gatehouse.gate.attempts import Attempts
from gatehouse.gate.client import Client
from gatehouse.gate.content import page_policy, streamlit_index
from gatehouse.gate.content_reports import Reports
from gatehouse.gate.crypt import keys
from gatehouse.gate.database import open_pool
from gatehouse.gate.discovery import Discovery
from gatehouse.gate.door import Door
from gatehouse.gate.listener import Listener
from gatehouse.gate.live import Live
from gatehouse.gate.long_runs import LongRuns
from gatehouse.gate.pages.brand import Brand, picture
from gatehouse.gate.providers import Provider, exposed_tokens, read_providers
from gatehouse.gate.recheck import Rechecker
from gatehouse.gate.release import Release
from gatehouse.gate.retiring import Retiring
from gatehouse.gate.rollout import Rollout
from gatehouse.gate.routes import routes
from gatehouse.gate.session import Limits
from gatehouse.gate.store import Store
from gatehouse.gate.upkeep import Upkeep
from gatehouse.gate.upload_limits import UploadLimits
from gatehouse.gate.upload_room import Room
from gatehouse.gate.uploading import Uploading
from gatehouse.gate.wall import Wall
from gatehouse.settings import Settings, StartError


def _pictured(providers: Mapping[str, Provider], folder: Path) -> Mapping[str, Provider]:
    """The providers with their logos as what a page can hold."""
    pictured = {}
    for name, provider in providers.items():
        try:
            pictured[name] = replace(provider, logo=picture(folder, provider.logo) if provider.logo else None)
        except ValueError as fault:
            raise StartError(f"secrets.toml: [auth.{name}] logo: {fault}; correct it") from None
    return pictured


class Gate:
    """What st.App takes of the gate: routes, middleware and lifespan."""

    def __init__(self, settings: Settings, auth: Mapping[str, object], brand: Brand) -> None:
        """Read all that can be wrong, so that it stops the start.

        Args:
            settings: of the process.
            auth: the [auth] table that Streamlit gets.
            brand: how the gate's pages look.

        Raises:
            StartError: with a line for each fault of [auth], policy.toml and the keys.
        """
        self._settings = settings
        self._auth = auth
        self._brand = brand
        self._providers = _pictured(read_providers(auth, "secrets.toml"), settings.app_dir)
        trusted = {name for name, provider in self._providers.items() if provider.email_trusted}
        self._policy = policy.read_policy(settings.app_dir, self._providers, email_trusted=trusted)
        self._page_policy = page_policy(self._policy.content, streamlit_index())
        self._crypt = keys()
        self._door: Door | None = None
        policy.use(self._policy)
        ownership.install()
        held_files.install()
        self._upload_limits = UploadLimits.of(settings, memory_bytes())
        self.release = Release(settings.release)

    @property
    def routes(self) -> list[Route]:
        """The gate's routes, to stand before Streamlit's."""
        return routes(self._opened)

    def standing(self) -> dict[str, object]:
        """What the health route says of this process: that it takes new sessions, or how many tabs it still has."""
        if self.release.state == "serving":
            return {"status": "ok"}
        return {"status": self.release.state, "tabs": self._opened().live.tabs}

    @property
    def middleware(self) -> Middleware:
        """The wall around all of it."""
        return Middleware(Wall, opened=self._opened)

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Open the gate while the server serves."""
        settings = self._settings
        pool = await open_pool()
        client = Client(self._providers, str(self._auth["redirect_uri"]), Discovery())
        try:
            store = Store(pool, self._crypt, Limits.of(settings))
            live = Live(store, self._policy, settings.max_tabs)
            rollout = Rollout(self.release, live, pool)
            # A container's host name is its own, and no other replica's.
            rechecker = Rechecker(store, client, self._providers, socket.gethostname())
            self._door = Door(
                origin=settings.app_url,
                cookie_secret=str(self._auth["cookie_secret"]),
                expose_tokens=exposed_tokens(self._auth),
                brand=self._brand,
                providers=self._providers,
                policy=self._policy,
                store=store,
                live=live,
                client=client,
                attempts=Attempts(self._crypt),
                rechecker=rechecker,
                uploading=Uploading(Room(self._upload_limits, held_files.sizes)),
                page_policy=self._page_policy,
                reports=Reports(self._policy.content),
                release=self.release,
            )
            live_sessions.install(live)
            administration.install(administration.Administration(store, self._policy, asyncio.get_running_loop()))
            listener = Listener(live.changed, rollout.resync, live.lost, rollout.look)
            live.trust(lambda: listener.trusted)
            retiring = Retiring(self.release, live, LongRuns(settings.run_limit))
            upkeep = Upkeep(store, live, rechecker, rollout, retiring)
            tasks = [asyncio.create_task(listener.run()), asyncio.create_task(upkeep.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task
        finally:
            await client.close()
            await pool.close()

    def _opened(self) -> Door:
        assert self._door, "the server has not started"  # noqa: S101 - ASGI's order of events
        return self._door
