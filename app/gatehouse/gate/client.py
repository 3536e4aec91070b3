"""The OpenID Connect client: code flow with PKCE, state and nonce, and the questions asked while a session lives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from gatehouse.gate import ending, userinfo
from gatehouse.gate.attempts import Attempt
from gatehouse.gate.discovery import Discovery, Metadata
from gatehouse.gate.grants import Grant, GrantRefused, ask_for_tokens, read_tokens
from gatehouse.gate.logout_token import LogoutToken, LogoutTokenError, verify_logout_token
from gatehouse.gate.provider_http import AsyncOAuth2Client, ProviderDown, ProviderFault, asking, auth_method, open_http
from gatehouse.gate.providers import Provider
from gatehouse.gate.session import Session, Tokens
from gatehouse.gate.tokens import Keys, TokenFault, UnknownKey, is_issuer, unverified, verify_id_token

__all__ = ["Client", "Grant", "GrantRefused", "ProviderDown", "ProviderFault"]

_T = TypeVar("_T")


class Client:
    """Speaks with all providers. Close it with the server.

    Every method may raise ProviderDown (no answer within 10 s) and ProviderFault (an answer not to be believed).
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        redirect_uri: str,
        discovery: Discovery,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._providers = providers
        self._redirect_uri = redirect_uri
        self._discovery = discovery
        # Providers whose refreshes bring no ID token. A sign-in there starts with what userinfo says, or the first
        # refresh would seem to change who somebody is, and each of their tabs would lose its state.
        self._by_userinfo: set[str] = set()
        self._http: dict[str, AsyncOAuth2Client] = {name: open_http(it, transport) for name, it in providers.items()}

    async def close(self) -> None:
        """Close all connections."""
        for http in self._http.values():
            await http.aclose()

    async def authorization_url(self, provider: Provider, attempt: Attempt, prompt: str | None = None) -> str:
        """Return where to send the browser (OIDC Core §3.1.2.1).

        Args:
            provider: whom to ask.
            attempt: whose state, nonce and verifier (RFC 7636) go with it.
            prompt: in place of the author's; "login" asks for the password in any case, as does a fresh attempt, and as
                does "select_account" at a provider that says that it knows no such prompt, such as Keycloak 26.
        """
        http, metadata = await self._reach(provider)
        parameters = {**provider.authorize_params}
        if prompt == "select_account" and prompt not in (metadata.prompt_values_supported or [prompt]):
            prompt = "login"
        if prompt := prompt or ("login" if attempt.fresh else provider.prompt):
            parameters["prompt"] = prompt
        url, _ = http.create_authorization_url(
            provider.authorize_url or metadata.authorization_endpoint,
            state=attempt.state,
            code_verifier=attempt.verifier,
            nonce=attempt.nonce,
            scope=provider.scope,
            redirect_uri=self._redirect_uri,
            **parameters,
        )
        return str(url)

    async def exchange(self, provider: Provider, attempt: Attempt, code: str, iss: str | None) -> Grant:
        """Redeem the code of a callback (OIDC Core §3.1.3), and verify who came.

        Args:
            provider: the attempt's.
            attempt: found by the callback's state, in the browser's cookie.
            code: the callback's.
            iss: the callback's, if it has one (RFC 9207 §2.4).

        Raises:
            GrantRefused: if the code was used, is another client's, or too old.
        """
        async with asking():
            http, metadata = await self._reach(provider)
            # Before the code is sent: with two providers, one must not be handed the other's (RFC 9700 §4.4).
            if attempt.provider != provider.name or not _may_have_answered(metadata, iss):
                raise ProviderFault("response-issuer")
            request = http.fetch_token(
                provider.token_url or metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=self._redirect_uri,
                code_verifier=attempt.verifier,
                auth=_auth(provider, http, metadata),
                **provider.token_params,
            )
            tokens = read_tokens(await ask_for_tokens(http, request))
            claims = await self._id_claims(provider, tokens, nonce=attempt.nonce)
            if tokens.refresh and provider.name in self._by_userinfo:
                claims = await userinfo.claims(http, metadata, claims, tokens)
            if iss is not None and iss != claims["iss"]:
                raise ProviderFault("response-issuer")
            return _grant(tokens, claims)

    async def refresh(
        self,
        provider: Provider,
        session: Session,
        tokens: Tokens,
        *,
        rotated: Callable[[Tokens], Awaitable[object]] | None = None,
    ) -> Grant:
        """Ask the provider again about the account behind a session (OIDC Core §12).

        Args:
            provider: the session's.
            session: whose issuer and subject must stay the same.
            tokens: the session's.
            rotated: called with the new tokens as soon as a new refresh token is there, because the old one may be
                worth nothing by then; the claims are verified after it.

        Raises:
            GrantRefused: if the provider refuses: the account is disabled, or its session over.
        """
        if not tokens.refresh:
            raise GrantRefused("no_refresh_token")
        async with asking():
            http, metadata = await self._reach(provider)
            request = http.refresh_token(
                provider.refresh_url or metadata.token_endpoint,
                refresh_token=tokens.refresh,
                auth=_auth(provider, http, metadata),
            )
            answer = await ask_for_tokens(http, request)
            renewed = read_tokens(answer, tokens)
        if rotated is not None and renewed.refresh != tokens.refresh:
            await rotated(renewed)
        async with asking():
            if not answer.get("id_token"):
                self._by_userinfo.add(provider.name)
                claims = await userinfo.claims(http, metadata, session.claims, renewed)
                return Grant(renewed, claims, session.sid, datetime.now(UTC))
            claims = await self._id_claims(provider, renewed, nonce=None)
        # §12.2: of the same issuer and subject, and if it has a nonce, the first one's.
        nonce = session.claims.get("nonce")
        if (claims["iss"], claims["sub"]) != (session.issuer, session.subject):
            raise ProviderFault("another-account")
        if nonce is not None and claims.get("nonce", nonce) != nonce:
            raise ProviderFault("claim-nonce")
        return _grant(renewed, claims, session.sid)

    async def verify_logout(self, raw: str) -> tuple[Provider, LogoutToken]:
        """Return whose logout token this is, and what it says (OIDC Back-Channel Logout 1.0 §2.6).

        Raises:
            LogoutTokenError: if it is not to be believed.
        """
        try:
            _, claims = unverified(raw)
        except TokenFault as fault:
            raise LogoutTokenError(fault.why) from None
        issuer, audience = claims.get("iss"), claims.get("aud")
        down: ProviderDown | ProviderFault | None = None
        for provider in self._providers.values():
            if audience != provider.client_id and not (isinstance(audience, list) and provider.client_id in audience):
                continue
            try:
                async with asking():
                    _, metadata = await self._reach(provider)
                    if isinstance(issuer, str) and is_issuer(metadata.issuer, issuer):
                        return provider, await self._logout(provider, metadata, raw)
            except (ProviderDown, ProviderFault) as fault:
                down = fault
        raise down or LogoutTokenError("nobodys")

    async def end_session_url(
        self, provider: Provider, id_token: str | None, return_to: str, state: str | None = None
    ) -> str | None:
        """Return where to send the browser to sign out there too, or None if the provider has no such place.

        OIDC RP-Initiated Logout 1.0 §2. `return_to` must be registered there.
        """
        async with asking():
            _, metadata = await self._reach(provider)
        return ending.url(provider, metadata, id_token, return_to, state)

    async def end(self, provider: Provider, tokens: Tokens) -> bool:
        """End the provider's own session, server to server. True only if the provider says that it is done."""
        async with asking():
            http, metadata = await self._reach(provider)
            return await ending.end(provider, http, metadata, tokens)

    async def _reach(self, provider: Provider) -> tuple[AsyncOAuth2Client, Metadata]:
        http = self._http[provider.name]
        return http, await self._discovery.metadata(provider, http)

    async def _id_claims(self, provider: Provider, tokens: Tokens, *, nonce: str | None) -> dict[str, Any]:
        raw = tokens.id
        if not raw:
            raise ProviderFault("no-id-token")
        _, metadata = await self._reach(provider)

        def verify(keys: Keys) -> dict[str, Any]:
            return verify_id_token(
                raw,
                keys,
                issuer=metadata.issuer,
                client_id=provider.client_id,
                nonce=nonce,
                access_token=tokens.access,
                now=datetime.now(UTC),
            )

        try:
            return await self._with_keys(provider, verify)
        except TokenFault as fault:
            raise ProviderFault(fault.why) from None

    async def _logout(self, provider: Provider, metadata: Metadata, raw: str) -> LogoutToken:
        def verify(keys: Keys) -> LogoutToken:
            return verify_logout_token(
                raw, keys, issuer=metadata.issuer, client_id=provider.client_id, now=datetime.now(UTC)
            )

        try:
            return await self._with_keys(provider, verify)
        except UnknownKey as fault:
            raise LogoutTokenError(fault.why) from None

    async def _with_keys(self, provider: Provider, verify: Callable[[Keys], _T]) -> _T:
        http = self._http[provider.name]
        try:
            return verify(await self._discovery.keys(provider, http))
        except UnknownKey:
            return verify(await self._discovery.keys(provider, http, unknown=True))


def _auth(provider: Provider, http: AsyncOAuth2Client, metadata: Metadata) -> object:
    return http.client_auth(auth_method(provider.token_auth_method, metadata.token_endpoint_auth_methods_supported))


def _may_have_answered(metadata: Metadata, iss: str | None) -> bool:
    if iss is None:
        return not metadata.authorization_response_iss_parameter_supported
    return is_issuer(metadata.issuer, iss)


def _grant(tokens: Tokens, claims: dict[str, Any], sid: str | None = None) -> Grant:
    return Grant(tokens, claims, claims.get("sid") or sid, datetime.fromtimestamp(claims["iat"], UTC))
