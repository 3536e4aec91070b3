"""What the gate knows about a signed-in browser. Nothing here reaches it: it holds one opaque cookie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Self, TypeAlias
from uuid import UUID

from gatehouse.settings import Settings

Reason: TypeAlias = Literal[
    "signed-out",  # by the user
    "idle",
    "absolute",
    "reauth",  # a provider without refresh tokens is asked again
    "operator",
    "provider",  # back-channel logout
    "disabled",  # the provider refused a refresh
    "denied",  # claims changed, and the policy no longer lets them in
    "replaced",  # the same browser signed in again
    "cap",  # too many sessions of one user
]


@dataclass(frozen=True)
class Limits:
    """How long a session lives. `per_user`: so many at once for one account."""

    idle: timedelta
    absolute: timedelta
    reauth: timedelta
    recheck: timedelta
    per_user: int = 20

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the operator has set."""
        return cls(settings.idle, settings.absolute, settings.reauth, settings.recheck, settings.max_sessions)


@dataclass(frozen=True)
class Tokens:
    """What the provider gave out. Encrypted at rest."""

    access: str | None = field(repr=False)
    refresh: str | None = field(repr=False)
    id: str | None = field(repr=False)


@dataclass(frozen=True)
class NewSession:
    """A finished sign-in, before it is a session.

    `sid`: the provider's name for its own session; `issued_at`: the ID token's `iat`.
    """

    provider: str
    issuer: str
    subject: str
    sid: str | None
    issued_at: datetime
    claims: Mapping[str, Any] = field(repr=False)
    tokens: Tokens = field(repr=False)


@dataclass(frozen=True)
class Session:
    """One row. `id` is public (logs, notifications, operators); the cookie's value is nowhere but in the browser.

    `provider` is the name of its table in [auth], "default" for the flat form. `checked_at`: when the provider last
    confirmed the account. `reauth_at`: when a session without refresh token must ask again. `provider_logout`: how far
    the provider's own session has been ended ("none", "due", "done", "failed").
    """

    id: UUID
    provider: str
    issuer: str
    subject: str
    sid: str | None
    claims: Mapping[str, Any] = field(repr=False)
    created_at: datetime
    active_at: datetime
    checked_at: datetime
    expires_at: datetime
    reauth_at: datetime | None
    refreshable: bool
    ended_at: datetime | None = None
    end_reason: Reason | None = None
    provider_logout: str = "none"
