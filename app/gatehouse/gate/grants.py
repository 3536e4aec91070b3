"""What a provider's token endpoint grants or refuses (RFC 6749 §5)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]

from gatehouse.gate.provider_http import AsyncOAuth2Client, ProviderDown, ProviderFault, words
from gatehouse.gate.session import Tokens

# About this client, not the person: a wrong secret must not look like everybody's account being disabled.
_OF_CLIENT = frozenset(
    {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request", "invalid_scope"}
)
_CODE = re.compile(r"[a-z_]{1,40}")


class GrantRefused(Exception):  # noqa: N818 - the provider's decision
    """The provider says no. `error` is its code, such as "invalid_grant" (RFC 6749 §5.2)."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class Grant:
    """Tokens, and who they are of: the claims of the verified ID token, or of userinfo where a refresh brings none."""

    tokens: Tokens
    claims: dict[str, Any] = field(repr=False)
    sid: str | None
    issued_at: datetime


async def ask_for_tokens(http: AsyncOAuth2Client, request: Awaitable[Mapping[str, Any]]) -> dict[str, Any]:
    """Await one of Authlib's token requests.

    Raises:
        GrantRefused: if the provider refuses the person.
        ProviderDown: if it says that it cannot now.
        ProviderFault: if it refuses this client, or the answer is no token answer (§5.1).
    """
    try:
        answer = dict(await request)
    except OAuthError as error:
        code = error.error if isinstance(error.error, str) and _CODE.fullmatch(error.error) else None
        if code in ("temporarily_unavailable", "server_error"):
            raise ProviderDown(code) from None
        if code in _OF_CLIENT:
            raise ProviderFault(code) from None
        raise (GrantRefused(code) if code else ProviderFault("token-answer")) from None
    except httpx.HTTPStatusError as error:
        raise ProviderFault(f"status-{error.response.status_code}") from None
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ProviderFault("token-answer") from None
    finally:
        # Authlib keeps the last answer for requests to come, but those are other people's.
        http.token = None
    if not words(answer, "access_token") or str(answer.get("token_type", "Bearer")).lower() != "bearer":
        raise ProviderFault("token-answer")
    return answer


def read_tokens(answer: Mapping[str, Any], before: Tokens | None = None) -> Tokens:
    """Return the tokens of an answer; what a refresh does not bring anew stays as `before` (§6).

    Raises:
        ProviderFault: if one is no text, or longer than 64 KiB.
    """
    return Tokens(
        access=words(answer, "access_token"),
        refresh=words(answer, "refresh_token") or (before.refresh if before else None),
        id=words(answer, "id_token") or (before.id if before else None),
    )
