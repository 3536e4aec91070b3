"""Back-channel logout: forged tokens change nothing, a genuine one ends what it names, once (OIDC BCL 1.0 §2.6)."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from support.abroad import Abroad
from support.person import NAVIGATION, Person
from support.tab import tab
from support.waiting import until

EVENTS: dict[str, object] = {"http://schemas.openid.net/event/backchannel-logout": {}}
PATH = "/auth/backchannel-logout"


@pytest.fixture(scope="module")
def ann(abroad: Abroad) -> Iterator[Person]:
    someone = abroad.person()
    abroad.sign_in(someone, "microsoft", "ann")
    yield someone
    someone.close()


def claims(abroad: Abroad, realm: str = "microsoft", **changes: object) -> dict[str, Any]:
    """What a genuine logout token says of ann; None leaves a claim out."""
    now = int(time.time())
    said = {
        "iss": abroad.providers.issuer(realm),
        "aud": "app",
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        "sub": abroad.providers.user(realm, "ann"),
        "events": EVENTS,
    } | changes
    return {name: value for name, value in said.items() if value is not None}


def signed(key: RSAKey, said: dict[str, Any], **header: str) -> str:
    return jwt.encode({"alg": "RS256", "typ": "logout+jwt", "kid": key.kid or ""} | header, said, key)


def post(abroad: Abroad, token: str) -> httpx.Response:
    with abroad.stack.http() as provider:
        return provider.post(abroad.stack.app_url + PATH, data={"logout_token": token})


FORGED: dict[str, Callable[[Abroad, RSAKey], str]] = {
    "signed with the public key": lambda abroad, key: _by_hand(key, claims(abroad)),
    "signed with another key": lambda abroad, key: signed(
        RSAKey.generate_key(2048, {"kid": key.kid or ""}), claims(abroad)
    ),
    "of another issuer": lambda abroad, key: signed(key, claims(abroad, iss="https://evil.example")),
    "in the name of the other realm": lambda abroad, key: signed(key, claims(abroad, "google")),
    "for another client": lambda abroad, key: signed(key, claims(abroad, aud="other")),
    "without events": lambda abroad, key: signed(key, claims(abroad, events=None)),
    "with another event": lambda abroad, key: signed(key, claims(abroad, events={"https://evil.example": {}})),
    "with a nonce, as an ID token": lambda abroad, key: signed(key, claims(abroad, nonce="n")),
    "expired": lambda abroad, key: signed(key, claims(abroad, iat=1, exp=2)),
    "without expiry": lambda abroad, key: signed(key, claims(abroad, exp=None)),
    "without an id": lambda abroad, key: signed(key, claims(abroad, jti=None)),
    "about nobody": lambda abroad, key: signed(key, claims(abroad, sub=None)),
    "changed on its way": lambda abroad, key: _changed(signed(key, claims(abroad))),
    "no token at all": lambda _abroad, _key: "not.a.token",
    "empty": lambda _abroad, _key: "",
}


def _by_hand(key: RSAKey, said: dict[str, Any]) -> str:
    """With HS256 and the public key as the secret, as libraries once took it; joserfc refuses to make it."""
    parts = [{"alg": "HS256", "kid": key.kid, "typ": "logout+jwt"}, said]
    text = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    mac = hmac.digest(key.as_pem(private=False), text, "sha256")
    return (text + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()


def _changed(token: str) -> str:
    header, payload, signature = token.split(".")
    return f"{header}.{payload[:-2]}{'AA' if payload[-2:] != 'AA' else 'BB'}.{signature}"


@pytest.mark.parametrize("forged", FORGED)
def test_forged_token_changes_nothing(abroad: Abroad, ann: Person, forged: str) -> None:
    answer = post(abroad, FORGED[forged](abroad, abroad.providers.key("microsoft")))
    assert answer.status_code == 400
    assert answer.headers["cache-control"] == "no-store"
    assert ann.is_in()


def test_token_without_a_signature_changes_nothing(abroad: Abroad, ann: Person) -> None:
    header = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    payload = signed(abroad.providers.key("microsoft"), claims(abroad)).split(".")[1]
    for token in (f"{header}.{payload}.", f"{header}.{payload}"):
        assert post(abroad, token).status_code == 400
    assert ann.is_in()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"logout_token=a&logout_token=b",
        b"other=1",
        b"logout_token=" + b"x" * 100_000,
        b"\xff\xfe%%%=&&&;",
        b'{"logout_token": "x"}',
    ],
)
def test_malformed_request_is_refused(abroad: Abroad, body: bytes) -> None:
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    with abroad.stack.http() as provider:
        answer = provider.post(abroad.stack.app_url + PATH, content=body, headers={"Content-Type": kind})
    assert answer.status_code in {400, 413}


def test_the_same_token_does_it_once(abroad: Abroad) -> None:
    # A sign-in in the very second of a logout would be taken for one that the logout overtakes.
    token = signed(abroad.providers.key("microsoft"), claims(abroad, iat=int(time.time()) - 60))
    someone, later = abroad.person(), abroad.person()
    abroad.sign_in(someone, "microsoft", "ann")
    with tab(someone) as opened:
        opened.run()
        asked = time.monotonic()
        assert post(abroad, token).status_code == 200
        assert opened.farewell() == "/auth/signed-out?reason=provider&next=%2F"
        assert time.monotonic() - asked <= 1.0
    assert not someone.is_in()
    abroad.sign_in(later, "microsoft", "ann")
    assert post(abroad, token).status_code == 400
    assert later.is_in()


def test_keycloaks_own_token_for_one_session_leaves_the_others(abroad: Abroad) -> None:
    first, second = abroad.person(), abroad.person()
    for someone in (first, second):
        abroad.sign_in(someone, "microsoft", "bob")
    admin, before = abroad.providers.admin("microsoft"), len(abroad.providers.logout_tokens("microsoft"))
    sids = {
        someone: abroad.stack.sql(f"select sid from gate.session where cookie_hash = sha256('{someone.cookie}')")  # noqa: S608
        for someone in (first, second)
    }
    admin.delete(f"/sessions/{sids[first]}")
    until(lambda: len(abroad.providers.logout_tokens("microsoft")) > before, 10)
    assert post(abroad, abroad.providers.logout_tokens("microsoft")[-1]).status_code == 200
    assert [someone.is_in() for someone in (first, second)] == [False, True]


def test_logout_that_overtakes_the_sign_in_wins(abroad: Abroad) -> None:
    """The provider has answered, the session is not there yet, and the account signs out elsewhere."""
    someone = abroad.person()
    form = someone.open("/auth/login?provider=microsoft")
    back = someone.submit(form, "ann", abroad.providers.password).headers["location"]
    abroad.providers.hold("authorization_code")
    try:
        with ThreadPoolExecutor(1) as browser:
            answer = browser.submit(someone.http.get, back, headers=NAVIGATION)
            until(lambda: abroad.providers.answered("authorization_code"), 20)
            token = signed(abroad.providers.key("microsoft"), claims(abroad, iat=int(time.time()) + 1))
            assert post(abroad, token).status_code == 200
            abroad.providers.release("authorization_code")
            page = answer.result(timeout=20)
    finally:
        abroad.providers.release("authorization_code")
    assert page.status_code == 400
    assert "You signed out meanwhile" in page.text
    assert someone.cookie is None
