from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from gatehouse.gate.discovery import Discovery, Metadata, ProviderDown, ProviderFault
from gatehouse.gate.provider_http import open_http
from gatehouse.gate.providers import Provider
from unit.gatehouse.gate.fake_provider import EC, ISSUER, RSA, FakeProvider, answer, down, provider

GUID = "11111111-2222-3333-4444-555555555555"


class Watched:
    """A discovery with a clock of its own, asked on one loop."""

    def __init__(self, fake: FakeProvider, **table: object) -> None:
        self.now = 1000.0
        self.fake = fake
        self.it: Provider = provider(**table)
        self.discovery = Discovery(lambda: self.now)
        self.runner = asyncio.Runner()

    def metadata(self) -> Metadata:
        async def ask() -> Metadata:
            async with open_http(self.it, self.fake.transport) as http:
                return await self.discovery.metadata(self.it, http)

        return self.runner.run(ask())

    def keys(self, *, unknown: bool = False, times: int = 1) -> list[str | None]:
        async def ask() -> Any:  # noqa: ANN401
            async with open_http(self.it, self.fake.transport) as http:
                asked = (self.discovery.keys(self.it, http, unknown=unknown) for _ in range(times))
                return (await asyncio.gather(*asked))[0]

        return [key.kid for key in self.runner.run(ask()).published]


def test_it_is_fetched_once_an_hour() -> None:
    watched = Watched(FakeProvider())
    for _ in range(3):
        assert watched.metadata().issuer == ISSUER
    assert watched.fake.count("openid-configuration") == 1
    watched.now += 3601
    watched.metadata()
    assert watched.fake.count("openid-configuration") == 2


def test_a_hundred_at_once_ask_once() -> None:
    watched = Watched(FakeProvider())
    assert watched.keys(times=100) == ["one"]
    assert (watched.fake.count("openid-configuration"), watched.fake.count("certs")) == (1, 1)
    watched.keys(unknown=True, times=100)
    assert watched.fake.count("certs") == 2


def test_an_unknown_key_is_looked_for_once_a_minute() -> None:
    watched = Watched(FakeProvider())
    assert watched.keys() == ["one"]
    watched.fake.keys = [RSA, EC]
    assert watched.keys() == ["one"]
    assert watched.keys(unknown=True) == ["one", "two"]
    watched.fake.keys = [EC]
    watched.now += 59
    assert watched.keys(unknown=True) == ["one", "two"]
    watched.now += 2
    assert watched.keys(unknown=True) == ["two"]


def test_a_withdrawn_key_is_gone_within_an_hour() -> None:
    watched = Watched(FakeProvider())
    assert watched.keys() == ["one"]
    watched.fake.keys = [EC]
    watched.now += 3601
    assert watched.keys() == ["two"]


def test_while_the_provider_is_down_what_is_known_serves_for_a_day() -> None:
    watched = Watched(FakeProvider())
    assert watched.keys() == ["one"]
    watched.fake.answers = {"openid-configuration": down, "certs": down}
    watched.now += 23 * 3600
    assert watched.keys() == ["one"]
    watched.now += 3600
    with pytest.raises(ProviderDown):
        watched.keys()


def test_a_provider_in_trouble_is_left_alone_for_seconds_then_found_again() -> None:
    watched = Watched(FakeProvider())
    watched.fake.answers["openid-configuration"] = down
    for _ in range(10):
        with pytest.raises(ProviderDown):
            watched.metadata()
    assert watched.fake.count("openid-configuration") == 1
    watched.fake.answers = {}
    watched.now += 5
    assert watched.metadata().issuer == ISSUER


@pytest.mark.parametrize(
    ("status", "document", "expected", "why"),
    [
        (503, {}, ProviderDown, "status-503"),
        (429, {}, ProviderDown, "status-429"),
        (404, {}, ProviderFault, "status-404"),
        (302, {}, ProviderFault, "redirect"),
        (200, [], ProviderFault, "json"),
        (200, "text", ProviderFault, "json"),
        (200, {}, ProviderFault, "metadata"),
        (200, {"issuer": ISSUER}, ProviderFault, "metadata"),
    ],
)
def test_a_bad_answer_is_named(status: int, document: object, expected: type[Exception], why: str) -> None:
    watched = Watched(FakeProvider())
    watched.fake.answers["openid-configuration"] = answer(status, document)
    with pytest.raises(expected) as fault:
        watched.metadata()
    assert str(fault.value) == why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": "https://evil.test"}, "issuer"),
        ({"issuer": f"{ISSUER}2"}, "issuer"),
        ({"issuer": "https://id.test/realms/other"}, "issuer"),
        ({"issuer": f"https://id.test/{GUID}/apps"}, "issuer"),
        ({"issuer": 5}, "metadata"),
        ({"token_endpoint": "http://id.test/token"}, "metadata"),
        ({"jwks_uri": "file:///etc/passwd"}, "metadata"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "metadata"),
        ({"authorization_response_iss_parameter_supported": "yes"}, "metadata"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "algorithms"),
    ],
)
def test_metadata_that_no_one_should_believe_is_refused(change: dict[str, Any], why: str) -> None:
    watched = Watched(FakeProvider())
    watched.fake.metadata |= change
    with pytest.raises(ProviderFault) as fault:
        watched.metadata()
    assert fault.value.why == why


@pytest.mark.parametrize(
    ("address", "issuer"),
    [
        ("https://id.test", "https://id.test"),
        ("https://id.test", "https://id.test/"),
        ("https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        ("https://login.microsoftonline.com/company.com/v2.0", f"https://login.microsoftonline.com/{GUID}/v2.0"),
        (f"https://login.microsoftonline.com/{GUID}/v2.0", f"https://login.microsoftonline.com/{GUID}/v2.0"),
        ("https://like-entra.test/organizations/v2.0", "https://like-entra.test/{tenantid}/v2.0"),
    ],
)
def test_issuers_as_providers_really_write_them(address: str, issuer: str) -> None:
    watched = Watched(FakeProvider(), server_metadata_url=f"{address}/.well-known/openid-configuration")
    watched.fake.metadata["issuer"] = issuer
    assert watched.metadata().issuer == issuer


@pytest.mark.parametrize(
    ("address", "issuer"),
    [
        (f"https://login.microsoftonline.com/{GUID}/v2.0", f"https://login.microsoftonline.com/{GUID[::-1]}/v2.0"),
        ("https://login.microsoftonline.com/common/v2.0", f"https://evil.test/{GUID}/v2.0"),
        ("https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/other/v2.0"),
        ("https://like-entra.test/common/v2.0", f"https://like-entra.test/{GUID}/v2.0"),
        ("https://evil.test/common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        ("https://id.test", "https://{tenantid}"),
    ],
)
def test_nobody_speaks_for_another_issuer(address: str, issuer: str) -> None:
    watched = Watched(FakeProvider(), server_metadata_url=f"{address}/.well-known/openid-configuration")
    watched.fake.metadata["issuer"] = issuer
    with pytest.raises(ProviderFault):
        watched.metadata()


def test_an_issuer_that_differs_may_be_written_down() -> None:
    watched = Watched(
        FakeProvider(),
        server_metadata_url="https://b2c.test/policy/openid-configuration",
        issuer="https://b2c.test/guid/",
    )
    watched.fake.metadata["issuer"] = "https://b2c.test/guid/"
    assert watched.metadata().issuer == "https://b2c.test/guid/"


def test_no_answer_grows_beyond_a_mebibyte() -> None:
    watched = Watched(FakeProvider())
    watched.fake.answers["openid-configuration"] = lambda _: httpx.Response(
        200, stream=httpx.ByteStream(b" " * (1024 * 1024 + 1))
    )
    with pytest.raises(ProviderFault, match="too-large"):
        watched.metadata()


def test_a_compressed_answer_is_refused_unread() -> None:
    watched = Watched(FakeProvider())
    watched.fake.answers["openid-configuration"] = lambda _: httpx.Response(
        200, stream=httpx.ByteStream(b"\x1f\x8b"), headers={"Content-Encoding": "gzip"}
    )
    with pytest.raises(ProviderFault, match="compressed"):
        watched.metadata()
    assert watched.fake.asked[0].headers["Accept-Encoding"] == "identity"


def test_no_cookie_of_the_provider_is_kept() -> None:
    watched = Watched(FakeProvider())

    def with_cookie(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=watched.fake.metadata, headers={"Set-Cookie": "who=ada; Path=/"})

    watched.fake.answers["openid-configuration"] = with_cookie

    async def ask() -> int:
        async with open_http(watched.it, watched.fake.transport) as http:
            await watched.discovery.metadata(watched.it, http)
            await watched.discovery.keys(watched.it, http)
            return len(http.cookies.jar)

    assert watched.runner.run(ask()) == 0
    assert "Cookie" not in watched.fake.asked[-1].headers


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (httpx.ConnectTimeout("x"), "timeout"),
        (httpx.ReadError("x"), "connection"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "certificate"),
    ],
)
def test_why_nobody_answers_is_told_apart(error: Exception, why: str) -> None:
    watched = Watched(FakeProvider())

    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    watched.fake.answers["openid-configuration"] = fail
    with pytest.raises(ProviderDown) as fault:
        watched.metadata()
    assert fault.value.why == why
