"""The one HTTP client of each provider: bounded in time and size, without redirects and cookies."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx
from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]

from gatehouse.gate import strict_json
from gatehouse.gate.providers import Provider

with warnings.catch_warnings():
    # That httpx2 exists is nothing that an operator could act on.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

__all__ = [
    "AsyncOAuth2Client",
    "ProviderDown",
    "ProviderFault",
    "asking",
    "auth_method",
    "get_json",
    "open_http",
    "words",
]

MAX_ANSWER_BYTES = 1024 * 1024
TOTAL_SECONDS = 10.0
"""For all that one question to a provider takes: connecting, discovery, answer."""


class ProviderDown(Exception):  # noqa: N818 - not the program's fault
    """The provider does not answer, or says that it cannot now. `why` is a short word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ProviderFault(Exception):  # noqa: N818 - not the program's fault
    """The provider answers nonsense, or something that fails verification. `why` is a short word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def open_http(provider: Provider, transport: httpx.AsyncBaseTransport | None = None) -> AsyncOAuth2Client:
    """Return the client for `provider`, to be kept for as long as the process serves, then closed by `aclose()`.

    Args:
        provider: whose; its `http` holds what the author wrote for httpx.
        transport: in place of the network, for tests.
    """
    options = dict(provider.http)
    # Not compressed: a megabyte of that is a gigabyte of memory.
    headers = {"User-Agent": "gatehouse"} | dict(options.pop("headers", {})) | {"Accept-Encoding": "identity"}
    http = AsyncOAuth2Client(
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        code_challenge_method="S256",
        headers=headers,
        follow_redirects=False,
        event_hooks={"response": [_judge]},
        transport=transport,
        **options,
    )
    # One client serves everybody: what the provider sets for one person must not be sent for another.
    http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return http


@asynccontextmanager
async def asking(seconds: float = TOTAL_SECONDS) -> AsyncIterator[None]:
    """Bound the block in time, and turn what HTTP raises in it into ours.

    Raises:
        ProviderDown: for no connection, no trusted certificate, no answer in time.
        ProviderFault: for an answer that is no HTTP.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, httpx.TimeoutException):
        raise ProviderDown("timeout") from None
    except httpx.TransportError as error:
        raise ProviderDown("certificate" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "connection") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
        raise ProviderFault("http") from None


async def get_json(http: AsyncOAuth2Client, url: str, *, bearer: str | None = None) -> dict[str, Any]:
    """Return the JSON object at `url`.

    Args:
        http: the provider's client.
        url: from its metadata.
        bearer: an access token, sent as RFC 6750 §2.1 says.

    Raises:
        ProviderDown: as `asking`.
        ProviderFault: if it is no JSON object; for another status than 200, `why` is "status-401" and the like.
    """
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    # Authlib's client would add the last token it has seen, which is somebody else's.
    response = await http.request("GET", url, headers=headers, withhold_token=True, auth=None)
    if response.status_code != 200:
        raise ProviderFault(f"status-{response.status_code}")
    try:
        document = strict_json.loads(response.content)
    except ValueError:
        raise ProviderFault("json") from None
    if not isinstance(document, dict):
        raise ProviderFault("json")
    return document


def auth_method(chosen: str | None, offered: list[str] | None) -> str:
    """Return how the client proves who it is: as chosen, else as RFC 6749 §2.3.1 prefers and the provider offers."""
    if chosen:
        return chosen
    return "client_secret_post" if offered and "client_secret_basic" not in offered else "client_secret_basic"


async def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if status >= 500 or status in (408, 425, 429):
        raise ProviderDown(f"status-{status}")
    if 300 <= status < 400:
        raise ProviderFault("redirect")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProviderFault("compressed")
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise ProviderFault("too-large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def words(answer: Mapping[str, Any], name: str) -> str | None:
    """Return the text `name` of a token answer, or None if it is not there.

    Raises:
        ProviderFault: if it is something else, or longer than a token may be.
    """
    value = answer.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 64 * 1024):
        raise ProviderFault("token-answer")
    return value or None
