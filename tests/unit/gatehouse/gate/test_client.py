from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from gatehouse.gate.client import Client, Grant, GrantRefused, ProviderDown, ProviderFault
from gatehouse.gate.discovery import Discovery
from gatehouse.gate.logout_token import LogoutTokenError
from gatehouse.gate.provider_http import asking
from gatehouse.gate.providers import Provider, read_providers
from gatehouse.gate.session import Session, Tokens
from unit.gatehouse.gate.fake_provider import (
    ATTEMPT,
    EC,
    ISSUER,
    REDIRECT,
    FakeProvider,
    answer,
    down,
    id_claims,
    provider,
    sign,
)
from unit.gatehouse.gate.test_logout_token import logout_claims

TOKENS = Tokens(access="old-access", refresh="old-refresh", id="old-id")
BASIC = "Basic " + base64.b64encode(b"app:s3cret").decode()


def session(**claims: Any) -> Session:  # noqa: ANN401
    now = datetime.now(UTC)
    return Session(
        id=uuid4(),
        provider="default",
        issuer=ISSUER,
        subject="ada",
        sid="s1",
        claims=id_claims(**claims),
        created_at=now,
        active_at=now,
        checked_at=now,
        expires_at=now + timedelta(hours=12),
        reauth_at=None,
        refreshable=True,
    )


def exchange(fake: FakeProvider, it: Provider | None = None, iss: str | None = None) -> Grant:
    return fake.run(lambda client, given: client.exchange(given, ATTEMPT, "the-code", iss), it)


def refresh(fake: FakeProvider, before: Session | None = None, **options: Any) -> Grant:  # noqa: ANN401
    return fake.run(lambda client, it: client.refresh(it, before or session(), TOKENS, **options))


def why(question: Callable[[], object], fault: type[Exception] = ProviderFault) -> str:
    with pytest.raises(fault) as caught:
        question()
    return str(caught.value)


def sent_to(fake: FakeProvider, it: Provider | None = None, prompt: str | None = None, *, fresh: bool = False) -> Any:  # noqa: ANN401
    attempt = replace(ATTEMPT, fresh=fresh)
    url = fake.run(lambda client, given: client.authorization_url(given, attempt, prompt), it)
    assert url.startswith(f"{ISSUER}/auth?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def test_the_browser_is_sent_with_state_nonce_and_pkce() -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    assert sent_to(FakeProvider()) == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "scope": "openid email profile",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "select_account",
    }


def test_what_the_author_adds_is_sent_too() -> None:
    it = provider(client_kwargs={"scope": "openid roles", "acr_values": "gold"}, authorize_params={"hd": "company.com"})
    sent = sent_to(FakeProvider(), it)
    assert (sent["scope"], sent["acr_values"], sent["hd"]) == ("openid roles", "gold", "company.com")


def test_the_password_is_asked_for_where_it_must_be() -> None:
    it = provider(client_kwargs={"prompt": ""})
    assert "prompt" not in sent_to(FakeProvider(), it)
    assert sent_to(FakeProvider(), it, "login")["prompt"] == "login"
    assert sent_to(FakeProvider(), it, fresh=True)["prompt"] == "login"


def test_another_account_can_be_had_where_none_can_be_selected() -> None:
    keycloak, entra = FakeProvider(), FakeProvider()
    keycloak.metadata["prompt_values_supported"] = ["none", "login", "consent"]
    entra.metadata["prompt_values_supported"] = ["login", "select_account"]
    assert sent_to(keycloak, prompt="select_account")["prompt"] == "login"
    assert sent_to(entra, prompt="select_account")["prompt"] == "select_account"
    # Every sign-in asks for that, and must not ask for a password each time.
    assert sent_to(keycloak)["prompt"] == "select_account"


def test_nobody_is_sent_to_a_provider_that_is_down() -> None:
    fake = FakeProvider()
    fake.answers["openid-configuration"] = down
    assert why(lambda: sent_to(fake), ProviderDown) == "connection"


def test_a_code_becomes_a_grant() -> None:
    fake = FakeProvider()
    claims = id_claims(sid="s9", roles=["approver"])
    fake.tokens["id_token"] = sign(claims)
    grant = exchange(fake)
    assert grant.claims == claims
    assert (grant.sid, grant.issued_at) == ("s9", datetime.fromtimestamp(claims["iat"], UTC))
    assert (grant.tokens.access, grant.tokens.refresh) == ("access", "refresh")
    assert fake.form("token") == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "code_verifier": "v" * 43,
    }
    assert fake.asked[-2].headers["Authorization"] == BASIC
    assert "s3cret" not in fake.asked[-2].content.decode()


def test_the_secret_goes_where_the_provider_or_the_author_wants_it() -> None:
    fake = FakeProvider()
    exchange(fake, provider(client_kwargs={"token_endpoint_auth_method": "client_secret_post"}))
    assert fake.form("token")["client_secret"] == "s3cret"
    fake = FakeProvider()
    fake.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    exchange(fake)
    assert fake.form("token")["client_id"] == "app"


@pytest.mark.parametrize(
    ("supported", "iss", "fine"),
    [
        (True, ISSUER, True),
        (True, None, False),
        (True, "https://other.test", False),
        (True, f"{ISSUER}/", False),
        (True, "", False),
        (None, None, True),
        (None, ISSUER, True),
        (None, "https://other.test", False),
    ],
)
def test_another_issuers_answer_gets_no_code_sent(supported: bool | None, iss: str | None, fine: bool) -> None:  # noqa: FBT001
    fake = FakeProvider()
    fake.metadata["authorization_response_iss_parameter_supported"] = supported
    if fine:
        assert exchange(fake, iss=iss).claims["sub"] == "ada"
    else:
        assert why(lambda: exchange(fake, iss=iss)) == "response-issuer"
        assert not fake.count("token")


def test_one_providers_attempt_is_not_redeemed_at_another() -> None:
    fake = FakeProvider()
    other = replace(provider(), name="other")
    assert why(lambda: exchange(fake, other)) == "response-issuer"
    assert not fake.count("token")


@pytest.mark.parametrize(
    ("id_token", "expected"),
    [
        (None, "no-id-token"),
        (5, "token-answer"),
        ("x.y.z", "malformed"),
        (lambda: sign(id_claims(nonce="tampered")), "claim-nonce"),
        (lambda: sign(id_claims(iss="https://evil.test")), "claim-iss"),
        (lambda: sign(id_claims(aud="other")), "claim-aud"),
        (lambda: sign(id_claims(exp=1)), "expired"),
        (lambda: sign(id_claims(at_hash="AAAA")), "claim-at_hash"),
        (
            lambda: sign(id_claims(), OctKey.import_key("s3cret-of-the-client-app", {"kid": "one"}), "HS256"),
            "algorithm",
        ),
        (lambda: sign(id_claims(), RSAKey.generate_key(2048, {"kid": "one"})), "signature"),
        (lambda: sign(id_claims(), RSAKey.generate_key(2048, {"kid": "nine"})), "unknown-key"),
    ],
)
def test_without_a_good_id_token_nobody_comes_in(id_token: object, expected: str) -> None:
    fake = FakeProvider()
    # Made only now: those made when tests are collected may be too old when their turn comes.
    fake.tokens["id_token"] = id_token() if callable(id_token) else id_token
    assert why(lambda: exchange(fake)) == expected


def test_a_provider_that_has_just_changed_its_key_is_believed() -> None:
    fake = FakeProvider()

    async def ask(client: Client, it: Provider) -> Grant:
        await client.exchange(it, ATTEMPT, "the-code", None)
        fake.keys, fake.tokens["id_token"] = [EC], sign(id_claims(sub="eva"), EC, "ES256")
        return await client.exchange(it, ATTEMPT, "the-code", None)

    assert fake.run(ask).claims["sub"] == "eva"
    assert fake.count("certs") == 2


@pytest.mark.parametrize(
    ("status", "document", "fault", "expected"),
    [
        (400, {"error": "invalid_grant", "error_description": "s3cret"}, GrantRefused, "invalid_grant"),
        (401, {"error": "invalid_client"}, ProviderFault, "invalid_client"),
        (400, {"error": "temporarily_unavailable"}, ProviderDown, "temporarily_unavailable"),
        (400, {"error": "<script>"}, ProviderFault, "token-answer"),
        (400, {"error": {"a": 1}}, ProviderFault, "token-answer"),
        (400, "no", ProviderFault, "status-400"),
        (200, "no", ProviderFault, "token-answer"),
        (200, {}, ProviderFault, "token-answer"),
        (200, {"access_token": 5}, ProviderFault, "token-answer"),
        (200, {"access_token": "x", "expires_in": "soon"}, ProviderFault, "token-answer"),
        (200, {"access_token": "x", "expires_in": [1]}, ProviderFault, "token-answer"),
        (200, {"access_token": "x", "token_type": "mac"}, ProviderFault, "token-answer"),
        (200, {"access_token": "x" * 70_000}, ProviderFault, "token-answer"),
        (500, {"error": "invalid_grant"}, ProviderDown, "status-500"),
        (503, "no", ProviderDown, "status-503"),
        (429, "no", ProviderDown, "status-429"),
        (302, "no", ProviderFault, "redirect"),
    ],
)
def test_each_answer_of_the_token_endpoint_is_understood(
    status: int, document: object, fault: type[Exception], expected: str
) -> None:
    for ask in (exchange, refresh):
        fake = FakeProvider()
        fake.answers["token"] = answer(status, document)
        assert why(lambda fake=fake, ask=ask: ask(fake), fault) == expected  # type: ignore[misc]


def test_a_refresh_brings_new_claims_and_keeps_what_it_does_not_bring() -> None:
    fake = FakeProvider()
    fake.tokens = {"access_token": "new", "id_token": sign(id_claims(nonce=None, roles=[])), "token_type": "bearer"}
    grant = refresh(fake, session(roles=["approver"]))
    assert grant.claims["roles"] == []
    assert grant.tokens == Tokens(access="new", refresh="old-refresh", id=fake.tokens["id_token"])
    assert grant.sid == "s1"
    assert fake.form("token") == {"grant_type": "refresh_token", "refresh_token": "old-refresh"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sub": "eve"}, "another-account"),
        ({"iss": "https://evil.test"}, "claim-iss"),
        ({"aud": "other"}, "claim-aud"),
        ({"exp": 1}, "expired"),
        ({"nonce": "another"}, "claim-nonce"),
    ],
)
def test_a_refresh_is_of_the_same_account(changed: dict[str, Any], expected: str) -> None:
    fake = FakeProvider()
    fake.tokens["id_token"] = sign(id_claims(**changed))
    assert why(lambda: refresh(fake)) == expected


def test_a_rotated_refresh_token_is_handed_over_before_anything_can_fail() -> None:
    fake = FakeProvider()
    fake.tokens |= {"refresh_token": "rotated", "id_token": "nonsense"}
    kept: list[Tokens] = []

    async def rotated(tokens: Tokens) -> None:
        assert not fake.count("certs")
        kept.append(tokens)

    assert why(lambda: refresh(fake, rotated=rotated)) == "malformed"
    assert [tokens.refresh for tokens in kept] == ["rotated"]


def test_one_that_does_not_rotate_is_not_written_again() -> None:
    async def rotated(_tokens: Tokens) -> None:
        raise AssertionError

    fake = FakeProvider()
    fake.tokens["refresh_token"] = "old-refresh"
    assert refresh(fake, rotated=rotated).tokens.refresh == "old-refresh"


def test_without_a_refresh_token_there_is_nothing_to_ask_with() -> None:
    fake = FakeProvider()
    without = replace(TOKENS, refresh=None)
    asked = lambda: fake.run(lambda client, it: client.refresh(it, session(), without))  # noqa: E731
    assert why(asked, GrantRefused) == "no_refresh_token"
    assert not fake.asked


def without_id_token(userinfo: Callable[[httpx.Request], httpx.Response]) -> FakeProvider:
    fake = FakeProvider()
    del fake.tokens["id_token"]
    fake.metadata["userinfo_endpoint"] = f"{ISSUER}/userinfo"
    fake.answers["userinfo"] = userinfo
    return fake


def test_without_an_id_token_claims_come_from_userinfo() -> None:
    fake = without_id_token(answer(200, {"sub": "ada", "email": "new@test", "iss": "https://evil.test"}))
    before = session(email="old@test", roles=["approver"], auth_time=5)
    grant = refresh(fake, before)
    # A role that is no longer mentioned is gone; what is of the sign-in stays.
    expected = {name: value for name, value in before.claims.items() if name != "roles"} | {"email": "new@test"}
    assert grant.claims == expected
    assert grant.sid == "s1"
    assert fake.asked[-1].headers["Authorization"] == "Bearer access"
    assert fake.asked[-1].url.query == b""


def test_after_a_refresh_without_an_id_token_sign_ins_start_with_what_userinfo_says() -> None:
    """Or each session's first refresh would change its claims, and its tabs would lose their state."""
    fake = without_id_token(answer(200, {"sub": "ada", "email": "ada@test"}))

    async def both(client: Client, it: Provider) -> tuple[Grant, Grant]:
        await client.refresh(it, session(), TOKENS)
        fake.tokens["id_token"] = sign(id_claims(roles=["approver"]))
        begun = await client.exchange(it, ATTEMPT, "code", None)
        del fake.tokens["id_token"]
        return begun, await client.refresh(it, replace(session(), claims=begun.claims), begun.tokens)

    begun, refreshed = fake.run(both)
    assert begun.claims == refreshed.claims
    assert "roles" not in begun.claims


@pytest.mark.parametrize(
    ("status", "document", "fault", "expected"),
    [
        (200, {"sub": "eve"}, ProviderFault, "another-account"),
        (200, {}, ProviderFault, "another-account"),
        (200, [], ProviderFault, "json"),
        (200, {"sub": "ada", "name": "\0"}, ProviderFault, "userinfo"),
        (200, {"sub": "ada", "roles": ["x" * 99] * 1000}, ProviderFault, "too-large"),
        (401, {}, GrantRefused, "invalid_token"),
        (403, {}, ProviderFault, "status-403"),
        (502, {}, ProviderDown, "status-502"),
    ],
)
def test_userinfo_that_nobody_should_believe(
    status: int, document: object, fault: type[Exception], expected: str
) -> None:
    assert why(lambda: refresh(without_id_token(answer(status, document))), fault) == expected


def test_without_userinfo_claims_stay() -> None:
    fake = FakeProvider()
    del fake.tokens["id_token"]
    before = session(roles=["approver"])
    assert refresh(fake, before).claims == before.claims


def test_the_client_forgets_each_persons_tokens() -> None:
    fake = FakeProvider()

    async def ask(client: Client, it: Provider) -> object:
        await client.exchange(it, ATTEMPT, "the-code", None)
        return [http.token for http in client._http.values()]  # noqa: SLF001 - what a later request would send

    assert fake.run(ask) == [None]
    assert all("access" not in request.headers.get("Authorization", "") for request in fake.asked)


def end(fake: FakeProvider, tokens: Tokens = TOKENS) -> bool:
    return fake.run(lambda client, it: client.end(it, tokens))


def like_keycloak() -> FakeProvider:
    fake = FakeProvider()
    fake.metadata["end_session_endpoint"] = f"{ISSUER}/protocol/openid-connect/logout"
    fake.answers["logout"] = lambda _request: httpx.Response(204)
    return fake


def test_keycloaks_session_ends_by_the_refresh_token() -> None:
    fake = like_keycloak()
    assert end(fake)
    assert fake.form("logout") == {"refresh_token": "old-refresh"}
    assert fake.asked[-1].headers["Authorization"] == BASIC


def test_elsewhere_the_token_is_revoked() -> None:
    fake = FakeProvider()
    fake.metadata |= {"end_session_endpoint": f"{ISSUER}/logout", "revocation_endpoint": f"{ISSUER}/revoke"}
    fake.answers["revoke"] = lambda _request: httpx.Response(200)
    assert end(fake)
    assert fake.form("revoke") == {"token": "old-refresh", "token_type_hint": "refresh_token"}
    assert not fake.count("logout")
    assert end(fake, replace(TOKENS, refresh=None))
    assert fake.form("revoke") == {"token": "old-access", "token_type_hint": "access_token"}


def test_only_the_providers_word_counts_as_ended() -> None:
    fake = like_keycloak()
    fake.answers["logout"] = answer(400, {"error": "invalid_grant"})
    assert not end(fake)
    assert not end(like_keycloak(), replace(TOKENS, refresh=None))
    assert not end(FakeProvider())
    fake.metadata["revocation_endpoint"] = f"{ISSUER}/revoke"
    fake.answers["revoke"] = answer(400, {"error": "unsupported_token_type"})
    assert not end(fake)
    fake.answers["logout"] = down
    assert why(lambda: end(fake), ProviderDown) == "connection"


def test_where_the_browser_signs_out() -> None:
    fake = FakeProvider()
    back = "https://app.test/auth/signed-out"
    assert fake.run(lambda client, it: client.end_session_url(it, "raw-id", back)) is None
    fake.metadata["end_session_endpoint"] = f"{ISSUER}/logout?x=1"
    url = fake.run(lambda client, it: client.end_session_url(it, "raw-id", back, "st"))
    assert parse_qs(urlsplit(url or "").query) == {
        "x": ["1"],
        "id_token_hint": ["raw-id"],
        "client_id": ["app"],
        "post_logout_redirect_uri": [back],
        "state": ["st"],
    }


def logged_out(fake: FakeProvider, raw: str, it: Provider | None = None) -> tuple[Provider, Any]:
    return fake.run(lambda client, _: client.verify_logout(raw), it)


def test_a_logout_token_finds_its_provider() -> None:
    found, token = logged_out(FakeProvider(), sign(logout_claims(aud=["x", "app"])))
    assert (found.name, token.jti) == ("default", "j1")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", "malformed"),
        ("x.y.z", "malformed"),
        (lambda: sign(logout_claims(aud="other")), "nobodys"),
        (lambda: sign(logout_claims(aud=5)), "nobodys"),
        (lambda: sign(logout_claims(iss="https://evil.test")), "nobodys"),
        (lambda: sign(logout_claims(iss=["x"])), "nobodys"),
        (lambda: sign(logout_claims(), RSAKey.generate_key(2048, {"kid": "nine"})), "unknown-key"),
        (lambda: sign(logout_claims(), RSAKey.generate_key(2048, {"kid": "one"})), "signature"),
        (lambda: sign(logout_claims(events={})), "claim-events"),
    ],
)
def test_a_forged_logout_token_is_refused(raw: str | Callable[[], str], expected: str) -> None:
    token = raw() if callable(raw) else raw
    assert why(lambda: logged_out(FakeProvider(), token), LogoutTokenError) == expected


def test_while_the_provider_is_down_a_logout_token_is_not_judged() -> None:
    fake = FakeProvider()
    fake.answers["openid-configuration"] = down
    assert why(lambda: logged_out(fake, sign(logout_claims())), ProviderDown) == "connection"
    assert why(lambda: logged_out(fake, sign(logout_claims(aud="other"))), LogoutTokenError) == "nobodys"


def test_forged_key_ids_do_not_make_the_gate_hammer_the_provider() -> None:
    fake = FakeProvider()
    forged = sign(logout_claims(), RSAKey.generate_key(2048, {"kid": "nine"}))

    async def ask(client: Client, _it: Provider) -> None:
        for _ in range(20):
            with pytest.raises(LogoutTokenError):
                await client.verify_logout(forged)

    fake.run(ask)
    assert fake.count("certs") == 2


def test_entras_common_address_serves_every_tenant() -> None:
    fake = FakeProvider()
    tenant = "11111111-2222-3333-4444-555555555555"
    home = f"https://login.microsoftonline.com/{tenant}/v2.0"
    fake.metadata["issuer"] = "https://login.microsoftonline.com/{tenantid}/v2.0"
    it = provider(server_metadata_url="https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration")
    fake.tokens["id_token"] = sign(id_claims(iss=home, tid=tenant, preferred_username="ada@company.com"))
    assert exchange(fake, it).claims["iss"] == home
    other = home.replace("1111", "9999")
    assert why(lambda: exchange(fake, it, iss=other)) == "response-issuer"
    assert why(lambda: exchange(fake, it, iss="https://login.microsoftonline.com/x/v2.0")) == "response-issuer"


def test_what_the_author_names_instead_of_metadata_is_used() -> None:
    fake = FakeProvider()
    it = provider(access_token_url=f"{ISSUER}/other/token", access_token_params={"audience": "x"})
    exchange(fake, it)
    assert fake.asked[1].url.path == "/realms/apps/other/token"
    assert fake.form("token")["audience"] == "x"


def test_a_provider_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.gate.client.asking", lambda: asking(0.05))
    fake = FakeProvider()

    async def hang(_request: httpx.Request) -> httpx.Response:
        if _request.url.path.endswith("token"):
            await asyncio.Event().wait()
        return await fake._answer(_request)  # noqa: SLF001

    fake.transport = httpx.MockTransport(hang)
    started = time.monotonic()
    assert why(lambda: exchange(fake), ProviderDown) == "timeout"
    assert time.monotonic() - started < 5


def test_no_secret_reaches_a_log_or_a_representation(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fake = FakeProvider()
    grant = exchange(fake)
    refresh(fake)
    faulty = FakeProvider()
    faulty.answers["token"] = answer(400, {"error": "invalid_grant", "error_description": "for ada with s3cret"})
    with pytest.raises(GrantRefused) as refused:
        exchange(faulty)
    shown = caplog.text + repr(grant) + repr(provider()) + repr(ATTEMPT)
    trace = "".join(traceback.format_exception(refused.value))
    secrets = ("s3cret", "the-code", "v" * 43, "old-refresh", str(grant.tokens.id), "the-nonce", "for ada")
    assert [secret for secret in secrets if secret in shown] == []
    assert "s3cret" not in trace


def test_two_tables_of_one_provider_are_told_apart_by_client() -> None:
    fake = FakeProvider()
    table: Mapping[str, object] = {
        "client_secret": "s3cret",
        "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
    }
    both = read_providers({"a": {**table, "client_id": "app-a"}, "b": {**table, "client_id": "app-b"}}, "secrets.toml")

    async def ask() -> str:
        client = Client(both, REDIRECT, Discovery(), fake.transport)
        found, _ = await client.verify_logout(sign(logout_claims(aud="app-b")))
        await client.close()
        return found.name

    assert asyncio.run(ask()) == "b"
    assert json.loads(fake.asked[0].content or b"{}") == {}
