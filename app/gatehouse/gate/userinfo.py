"""Claims from the userinfo endpoint (OIDC Core §5.3), for providers whose refresh brings no ID token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatehouse.gate import strict_json
from gatehouse.gate.discovery import Metadata
from gatehouse.gate.grants import GrantRefused
from gatehouse.gate.provider_http import AsyncOAuth2Client, ProviderFault, get_json
from gatehouse.gate.session import Tokens
from gatehouse.gate.tokens import MAX_TOKEN_BYTES

# About the sign-in, not the person: userinfo does not have them, and they do not change.
_OF_SIGN_IN = frozenset(
    {
        "iss",
        "sub",
        "aud",
        "azp",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "sid",
        "auth_time",
        "acr",
        "amr",
        "at_hash",
        "tid",
    }
)


async def claims(
    http: AsyncOAuth2Client, metadata: Metadata, before: Mapping[str, Any], tokens: Tokens
) -> dict[str, Any]:
    """Return what the provider says now of the person who the verified claims `before` are of.

    Nothing about the person outlives an answer that lacks it: a role that was taken away may be no longer mentioned.
    With no userinfo endpoint the claims stay as they were.

    Raises:
        GrantRefused: if the new access token is refused: the account is disabled, or its session over.
        ProviderDown, ProviderFault: also if the answer is about somebody else (§5.3.4), or cannot be stored.
    """
    if metadata.userinfo_endpoint is None:
        return dict(before)
    try:
        answer = await get_json(http, metadata.userinfo_endpoint, bearer=tokens.access)
        strict_json.check_storable(answer)
    except ProviderFault as fault:
        if fault.why == "status-401":
            raise GrantRefused("invalid_token") from None
        raise
    except ValueError:
        raise ProviderFault("userinfo") from None
    if answer.get("sub") != before["sub"]:
        raise ProviderFault("another-account")
    if len(str(answer)) > MAX_TOKEN_BYTES:
        raise ProviderFault("too-large")
    return answer | {name: value for name, value in before.items() if name in _OF_SIGN_IN}
