"""A provider's own description and keys (OIDC Discovery 1.0 §3, §4), kept so that a sign-in waits for neither."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, ValidationError

from gatehouse.gate.provider_http import AsyncOAuth2Client, ProviderDown, ProviderFault, asking, get_json
from gatehouse.gate.provider_tables import secure_url
from gatehouse.gate.providers import Provider
from gatehouse.gate.tokens import ALGORITHMS, TENANT, Keys, is_issuer, read_keys

__all__ = ["Discovery", "Metadata", "ProviderDown", "ProviderFault"]

_FRESH_SECONDS = 3600.0
_STALE_SECONDS = 24 * 3600.0
_UNKNOWN_SECONDS = 60.0
_FAILED_SECONDS = 5.0
_FETCH_SECONDS = 4.0  # less than a whole question may take: of a provider that hangs, what is known is used

_SUFFIX = "/.well-known/openid-configuration"
# Here a tenant goes by several names in URLs, and by its id in issuers.
_MICROSOFT = frozenset({"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"})

_Url = Annotated[str, AfterValidator(secure_url)]
_T = TypeVar("_T")


class Metadata(BaseModel):
    """What of a provider's metadata is used here."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    issuer: str
    authorization_endpoint: _Url
    token_endpoint: _Url
    jwks_uri: _Url
    userinfo_endpoint: _Url | None = None
    end_session_endpoint: _Url | None = None
    revocation_endpoint: _Url | None = None
    id_token_signing_alg_values_supported: list[str] | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    revocation_endpoint_auth_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: StrictBool | None = None
    prompt_values_supported: list[str] | None = None

    @property
    def algorithms(self) -> frozenset[str]:
        """Those it signs with that are accepted here; RS256 if it does not say (OIDC Core §2)."""
        return frozenset(self.id_token_signing_alg_values_supported or ["RS256"]) & ALGORITHMS


class Discovery:
    """Metadata and keys of all providers. Fetched when first needed, once at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._metadata: dict[str, _Kept[Metadata]] = {}
        self._keys: dict[str, _Kept[Keys]] = {}

    async def metadata(self, provider: Provider, http: AsyncOAuth2Client) -> Metadata:
        """Return the metadata: at most an hour old, or a day while the provider is down.

        Raises:
            ProviderDown: if it is not known, and the provider does not answer.
            ProviderFault: if it is malformed, or of another issuer than its address says (§4.3).
        """

        async def fetch() -> Metadata:
            return _read_metadata(provider, await get_json(http, provider.server_metadata_url))

        return await self._metadata.setdefault(provider.name, _Kept(self._clock)).get(fetch)

    async def keys(self, provider: Provider, http: AsyncOAuth2Client, *, unknown: bool = False) -> Keys:
        """Return the keys: at most an hour old, or a day while the provider is down.

        Args:
            provider: whose.
            http: its client.
            unknown: a token names a key that is not among them; fetched anew at most once a minute, because anybody
                can write such a token.

        Raises:
            ProviderDown, ProviderFault: as `metadata`.
        """
        metadata = await self.metadata(provider, http)

        async def fetch() -> Keys:
            try:
                return read_keys(await get_json(http, metadata.jwks_uri), metadata.algorithms)
            except ValueError:
                raise ProviderFault("keys") from None

        return await self._keys.setdefault(provider.name, _Kept(self._clock)).get(fetch, anew=unknown)


class _Kept(Generic[_T]):
    """A value and its age. A failure is remembered for some seconds, so that a provider in trouble is left alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: _T | None = None
        self._fetched_at = self._failed_at = self._anew_at = float("-inf")
        self._failure: ProviderDown | ProviderFault | None = None

    async def get(self, fetch: Callable[[], Awaitable[_T]], *, anew: bool = False) -> _T:
        if self._value is not None and not anew and self._age() < _FRESH_SECONDS:
            return self._value
        async with self._lock:
            if self._value is not None:
                again = anew and self._clock() - self._anew_at >= _UNKNOWN_SECONDS
                if not again and (anew or self._age() < _FRESH_SECONDS):
                    return self._value
                if again:
                    self._anew_at = self._clock()
            return await self._fetch(fetch)

    async def _fetch(self, fetch: Callable[[], Awaitable[_T]]) -> _T:
        if self._failure is None or self._clock() - self._failed_at >= _FAILED_SECONDS:
            try:
                async with asking(_FETCH_SECONDS):
                    self._value = await fetch()
            except (ProviderDown, ProviderFault) as failure:
                self._failed_at, self._failure = self._clock(), failure
            else:
                self._fetched_at, self._failure = self._clock(), None
                return self._value
        if self._value is not None and isinstance(self._failure, ProviderDown) and self._age() < _STALE_SECONDS:
            return self._value
        raise type(self._failure)(self._failure.why)

    def _age(self) -> float:
        return self._clock() - self._fetched_at


def _read_metadata(provider: Provider, document: dict[str, Any]) -> Metadata:
    try:
        metadata = Metadata.model_validate(document)
    except ValidationError:
        raise ProviderFault("metadata") from None
    if not _is_of(provider, metadata.issuer):
        raise ProviderFault("issuer")
    if not metadata.algorithms:
        raise ProviderFault("algorithms")
    return metadata


def _is_of(provider: Provider, issuer: str) -> bool:
    """Tell whether whoever answers at the metadata's address may call itself `issuer` (§4.3)."""
    if provider.issuer is not None:
        return issuer == provider.issuer
    address = provider.server_metadata_url
    if not address.endswith(_SUFFIX):
        return False
    # The issuer may end in a slash, which its address then does without (§4).
    expected, given = address.removesuffix(_SUFFIX), issuer.removesuffix("/")
    if given == expected:
        return True
    here = urlsplit(expected)
    ours = here.path.split("/")
    # Only the segment of the path that names the tenant may differ, by an id or the template of one.
    template = f"{here.scheme}://{here.netloc}/{TENANT}/{'/'.join(ours[2:])}".rstrip("/")
    if len(ours) < 2 or given == template:
        return len(ours) > 1
    named = here.hostname in _MICROSOFT and not is_issuer(template, expected)
    return named and is_issuer(template, given)
