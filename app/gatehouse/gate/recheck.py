"""The provider is asked again while a session lives: who loses account or role there loses it here within a minute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gatehouse.gate.client import Client, GrantRefused, ProviderDown, ProviderFault
from gatehouse.gate.providers import Provider
from gatehouse.gate.session import Session, Tokens
from gatehouse.gate.store import Store

_LEASE = timedelta(seconds=30)
"""Longer than one exchange with a provider may take (10 s, and userinfo after it)."""

_RETRY = timedelta(seconds=15)
_AT_ONCE = 8
"""So many exchanges run side by side: a thousand tabs must not arrive at the provider in one moment."""

# What is another in each ID token and says nothing about the person. The sign-in's values are kept: Streamlit resumes a
# dropped session only for an equal st.user, and a script may read them.
_VOLATILE = frozenset(
    {
        "iat",
        "exp",
        "nbf",
        "jti",
        "nonce",
        "auth_time",
        "at_hash",
        "c_hash",
        "s_hash",
        "rt_hash",
        "uti",
        "aio",
        "rh",
        "sid",
    }
)

_log = logging.getLogger(__name__)


class Rechecker:
    """Refreshes sessions, each by exactly one replica at a time: the lease is a row's, in the database."""

    def __init__(self, store: Store, client: Client, providers: Mapping[str, Provider], holder: str) -> None:
        self._store = store
        self._client = client
        self._providers = providers
        self._holder = holder
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def recheck(self, session_ids: Collection[UUID]) -> None:
        """Ask about those sessions whose last answer is too old, but for those that another replica asks about.

        Raises:
            Unavailable: if the database does not answer.
        """
        due = self._store.limits.recheck
        leased = await self._store.lease(session_ids, self._holder, due_after=due, lease_for=_LEASE)
        await asyncio.gather(*(self._one(session, tokens) for session, tokens in leased))

    async def _one(self, session: Session, tokens: Tokens) -> None:
        provider = self._providers.get(session.provider)
        if provider is None:
            # Taken out of [auth] since: nobody vouches for this session any more.
            await self._disabled(session)
            return
        async with self._places:
            asked_at = datetime.now(UTC)
            try:
                grant = await self._client.refresh(
                    provider,
                    session,
                    tokens,
                    rotated=lambda renewed: self._store.rotated(session.id, self._holder, renewed),
                )
            except GrantRefused as refusal:
                _log.info("the provider refused a refresh", extra={"session": str(session.id), "error": refusal.error})
                await self._disabled(session)
            except (ProviderDown, ProviderFault) as fault:
                # Live sessions go on until their limits; a faulty answer is no reason to trust or to end.
                await self._store.event("refresh-failed", session=session, why=fault.why)
                await self._store.release(session.id, self._holder, retry_after=_RETRY)
            else:
                claims = _merged(session.claims, grant.claims)
                changed = claims if claims != session.claims else None
                await self._store.refreshed(session.id, self._holder, grant.tokens, changed, asked_at)

    async def _disabled(self, session: Session) -> None:
        await self._store.end(session.id, "disabled")
        # Or telling the provider would wait for the lease to run out.
        await self._store.release(session.id, self._holder, retry_after=timedelta(0))

    async def end_at_providers(self) -> None:
        """End, server to server, what sessions ended here have left at their providers.

        Raises:
            Unavailable: if the database does not answer.
        """
        for session, tokens in await self._store.logouts_due(self._holder, _LEASE):
            provider = self._providers.get(session.provider)
            try:
                done = provider is not None and await self._client.end(provider, tokens)
            except (ProviderDown, ProviderFault, GrantRefused):
                done = False
            await self._store.logout_done(session.id, ok=done)


def _merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a refresh, with the volatile ones of the sign-in."""
    kept = {name: value for name, value in before.items() if name in _VOLATILE}
    return {name: value for name, value in now.items() if name not in _VOLATILE} | kept
