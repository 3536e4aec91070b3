"""How a provider's own session ends: in the browser, or server to server."""

from __future__ import annotations

import httpx

from gatehouse.gate.discovery import Metadata
from gatehouse.gate.provider_http import AsyncOAuth2Client, auth_method
from gatehouse.gate.providers import Provider
from gatehouse.gate.session import Tokens

_KEYCLOAK = "/protocol/openid-connect/logout"


def url(
    provider: Provider, metadata: Metadata, id_token: str | None, return_to: str, state: str | None = None
) -> str | None:
    """Return the address for the browser (OIDC RP-Initiated Logout 1.0 §2), or None if the provider has none."""
    if metadata.end_session_endpoint is None:
        return None
    given = {
        "id_token_hint": id_token,
        "client_id": provider.client_id,
        "post_logout_redirect_uri": return_to,
        "state": state,
    }
    parameters = {name: value for name, value in given.items() if value}
    return str(httpx.URL(metadata.end_session_endpoint).copy_merge_params(parameters))


async def end(provider: Provider, http: AsyncOAuth2Client, metadata: Metadata, tokens: Tokens) -> bool:
    """End it server to server. True only if the provider says that it is done.

    Keycloak ends the session of a refresh token that is posted to its logout endpoint
    (https://www.keycloak.org/docs/latest/securing_apps/#logout-endpoint). Elsewhere the token is revoked (RFC 7009),
    which ends what it grants, if not the provider's own session.
    """
    if metadata.end_session_endpoint and metadata.end_session_endpoint.endswith(_KEYCLOAK) and tokens.refresh:
        method = auth_method(provider.token_auth_method, metadata.token_endpoint_auth_methods_supported)
        response = await http.post(
            metadata.end_session_endpoint, data={"refresh_token": tokens.refresh}, auth=http.client_auth(method)
        )
        if response.status_code in (200, 204):
            return True
    token = tokens.refresh or tokens.access
    if metadata.revocation_endpoint is None or not token:
        return False
    method = auth_method(
        provider.revocation_auth_method or provider.token_auth_method,
        metadata.revocation_endpoint_auth_methods_supported or metadata.token_endpoint_auth_methods_supported,
    )
    response = await http.revoke_token(
        metadata.revocation_endpoint,
        token=token,
        token_type_hint="refresh_token" if tokens.refresh else "access_token",
        auth=http.client_auth(method),
    )
    return bool(response.status_code == 200)
