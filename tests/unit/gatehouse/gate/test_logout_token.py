from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from gatehouse.gate.logout_token import LogoutToken, LogoutTokenError, verify_logout_token
from gatehouse.gate.tokens import ALGORITHMS, Keys, UnknownKey
from unit.gatehouse.gate.fake_provider import ISSUER, RSA, id_claims, sign

KEYS = Keys(KeySet([RSA]), ALGORITHMS)
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def logout_claims(**changed: Any) -> dict[str, Any]:  # noqa: ANN401
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "app", "iat": now, "exp": now + 120, "jti": "j1", "sub": "ada", "sid": "s1"}
    return {n: v for n, v in {**claims, "events": {EVENT: {}}, **changed}.items() if v is not None}


def verify(raw: str) -> LogoutToken:
    return verify_logout_token(raw, KEYS, issuer=ISSUER, client_id="app", now=datetime.now(UTC))


def why(raw: str) -> str:
    with pytest.raises(LogoutTokenError) as fault:
        verify(raw)
    return fault.value.why


@pytest.mark.parametrize("typ", ["logout+jwt", "JWT", "LOGOUT+JWT", "application/logout+jwt"])
def test_a_good_token_says_whose_session_ended(typ: str) -> None:
    claims = logout_claims()
    token = verify(sign(claims, typ=typ))
    assert (token.issuer, token.jti, token.sid, token.subject) == (ISSUER, "j1", "s1", "ada")
    assert token.issued_at == datetime.fromtimestamp(claims["iat"], UTC)
    assert token.expires_at == datetime.fromtimestamp(claims["exp"], UTC)


def test_the_type_may_be_absent() -> None:
    raw = jwt.encode({"alg": "RS256", "kid": "one"}, logout_claims(), RSA, default_type=None)
    assert verify(raw).jti == "j1"


@pytest.mark.parametrize(("name", "kept"), [("sub", "sid"), ("sid", "sub")])
def test_a_session_or_a_subject_alone_is_enough(name: str, kept: str) -> None:
    token = verify(sign(logout_claims(**{name: None})))
    assert (token.sid, token.subject) == (("s1", None) if kept == "sid" else (None, "ada"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "https://evil.test"}, "claim-iss"),
        ({"aud": "other"}, "claim-aud"),
        ({"aud": ["other"]}, "claim-aud"),
        ({"iat": None}, "claim-iat"),
        ({"iat": 4102444800}, "claim-iat"),
        ({"exp": None}, "claim-exp"),
        ({"exp": 1}, "expired"),
        ({"jti": None}, "claim-jti"),
        ({"jti": ""}, "claim-jti"),
        ({"jti": 5}, "claim-jti"),
        ({"jti": "j" * 256}, "claim-jti"),
        ({"sub": None, "sid": None}, "nobody"),
        ({"sub": ["ada"]}, "claim-sub"),
        ({"sid": {}}, "claim-sid"),
        ({"events": None}, "claim-events"),
        ({"events": {}}, "claim-events"),
        ({"events": [EVENT]}, "claim-events"),
        ({"events": EVENT}, "claim-events"),
        ({"events": {EVENT: True}}, "claim-events"),
        ({"events": {"http://other": {}}}, "claim-events"),
        ({"nonce": "the-nonce"}, "claim-nonce"),
        ({"nonce": ""}, "claim-nonce"),
    ],
)
def test_each_broken_rule_is_named(changed: dict[str, Any], expected: str) -> None:
    assert why(sign(logout_claims(**changed))) == expected


def test_an_old_token_is_refused_though_not_expired() -> None:
    now = int(time.time())
    assert verify(sign(logout_claims(iat=now - 290))).jti == "j1"
    assert why(sign(logout_claims(iat=now - 400, exp=now + 3600))) == "claim-iat"


def test_an_id_token_ends_nothing() -> None:
    assert why(sign(id_claims())).startswith("claim-")


@pytest.mark.parametrize("typ", ["at+jwt", "id+jwt", "dpop+jwt", ""])
def test_another_kind_of_token_ends_nothing(typ: str) -> None:
    assert why(sign(logout_claims(), typ=typ)) == "type"


def test_forged_signatures_end_nothing() -> None:
    header, payload, _ = sign(logout_claims()).split(".")
    assert why(f"{header}.{payload}.") in {"signature", "malformed"}
    assert why(sign(logout_claims(), OctKey.generate_key(256, {"kid": "one"}), "HS256")) == "algorithm"
    assert why(sign(logout_claims(), RSAKey.generate_key(2048, {"kid": "one"}))) == "signature"
    with pytest.raises(UnknownKey):
        verify(sign(logout_claims(), RSAKey.generate_key(2048, {"kid": "nine"})))


def test_it_is_remembered_for_an_hour_at_most() -> None:
    token = verify(sign(logout_claims(exp=10**15)))
    assert token.expires_at - datetime.now(UTC) < timedelta(hours=1, minutes=1)
