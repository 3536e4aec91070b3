from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from gatehouse.gate.tokens import ALGORITHMS, Keys, TokenFault, UnknownKey, read_keys, verify_id_token
from unit.gatehouse.gate.fake_provider import EC, ISSUER, RSA, id_claims, sign

ED = OKPKey.generate_key("Ed25519", {"kid": "three"})
KEYS = Keys(KeySet([RSA, EC, ED]), ALGORITHMS)
TENANT = "11111111-2222-3333-4444-555555555555"
ENTRA = "https://login.microsoftonline.com/{tenantid}/v2.0"


def verify(raw: str, keys: Keys = KEYS, **changed: Any) -> dict[str, Any]:  # noqa: ANN401
    given = {"issuer": ISSUER, "client_id": "app", "nonce": "the-nonce", "access_token": "access", **changed}
    return verify_id_token(raw, keys, now=datetime.now(UTC), **given)


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def why(raw: str, **changed: Any) -> str:  # noqa: ANN401
    with pytest.raises(TokenFault) as fault:
        verify(raw, **changed)
    return fault.value.why


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")], ids=["RSA", "elliptic curve", "Edwards curve"]
)
def test_a_good_token_gives_its_claims(key: RSAKey | ECKey | OKPKey, alg: str) -> None:
    claims = id_claims(roles=["approver"], realm_access={"roles": ["a", {"deep": [1.5, None]}]})
    assert verify(sign(claims, key, alg)) == claims


def test_a_hundred_roles_are_fine() -> None:
    roles = [f"a-role-with-quite-a-long-name-{number:03}" for number in range(100)]
    assert verify(sign(id_claims(roles=roles)))["roles"] == roles


@pytest.mark.parametrize("alg", ["PS256", "RS512"])
def test_an_algorithm_that_the_provider_does_not_announce_is_refused(alg: str) -> None:
    key = RSAKey.import_key(RSA.private_key, {"kid": "one"})  # type: ignore[arg-type]
    announced = Keys(KEYS.published, frozenset({"RS256"}))
    assert why(sign(id_claims(), key, alg), keys=announced) == "algorithm"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 5, ["RS256"]])
def test_an_unsigned_token_is_refused(alg: object) -> None:
    assert why(f"{part({'alg': alg, 'kid': 'one'})}.{part(id_claims())}.") == "algorithm"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_an_hmac_with_the_public_key_is_refused(alg: str, form: Any) -> None:  # noqa: ANN401
    key = OctKey.import_key(RSA.as_bytes(form, private=False) + b"\n", {"kid": "one"}) if form == "DER" else None
    key = key or OctKey.import_key(base64.b64encode(RSA.as_pem(private=False)), {"kid": "one"})
    assert why(sign(id_claims(), key, alg)) == "algorithm"


def test_another_keys_signature_is_refused() -> None:
    assert why(sign(id_claims(), RSAKey.generate_key(2048, {"kid": "one"}))) == "signature"


def test_a_changed_claim_is_refused() -> None:
    header, _, signature = sign(id_claims()).split(".")
    assert why(f"{header}.{part(id_claims(sub='eve'))}.{signature}") == "signature"


def test_an_unknown_key_is_told_apart() -> None:
    with pytest.raises(UnknownKey):
        verify(sign(id_claims(), RSAKey.generate_key(2048, {"kid": "nine"})))


def test_with_several_keys_a_token_must_name_one() -> None:
    with pytest.raises(UnknownKey):
        verify(sign(id_claims(), kid=None))


def test_a_key_for_encryption_signs_nothing() -> None:
    document = {"keys": [RSA.as_dict(private=False) | {"use": "enc", "alg": "RSA-OAEP"}]}
    with pytest.raises(ValueError, match="no usable key"):
        read_keys(document, ALGORITHMS)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "https://evil.test"}, "claim-iss"),
        ({"iss": f"{ISSUER}/"}, "claim-iss"),
        ({"iss": [ISSUER]}, "claim-iss"),
        ({"iss": None}, "claim-iss"),
        ({"aud": "other"}, "claim-aud"),
        ({"aud": ["other"], "azp": "app"}, "claim-aud"),
        ({"aud": {"app": 1}}, "claim-aud"),
        ({"aud": None}, "claim-aud"),
        ({"aud": ["app", "other"]}, "claim-azp"),
        ({"aud": ["app", "other"], "azp": "other"}, "claim-azp"),
        ({"azp": "other"}, "claim-azp"),
        ({"nonce": "another"}, "claim-nonce"),
        ({"nonce": None}, "claim-nonce"),
        ({"nonce": ["the-nonce"]}, "claim-nonce"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "claim-exp"),
        ({"exp": "2099-01-01"}, "claim-exp"),
        ({"exp": True}, "claim-exp"),
        ({"iat": None}, "claim-iat"),
        ({"iat": 4102444800}, "claim-iat"),
        ({"nbf": 4102444800}, "claim-nbf"),
        ({"sub": None}, "claim-sub"),
        ({"sub": ""}, "claim-sub"),
        ({"sub": 7}, "claim-sub"),
        ({"sub": "a" * 256}, "claim-sub"),
        ({"sid": ["x"]}, "claim-sid"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "claim-at_hash"),
        ({"at_hash": 1}, "claim-at_hash"),
    ],
)
def test_each_wrong_claim_is_named(changed: dict[str, Any], expected: str) -> None:
    assert why(sign(id_claims(**changed))) == expected


def test_several_audiences_are_fine_if_we_asked() -> None:
    assert verify(sign(id_claims(aud=["other", "app"], azp="app")))


def test_clocks_may_differ_by_a_minute() -> None:
    now = int(datetime.now(UTC).timestamp())
    assert verify(sign(id_claims(exp=now - 50, iat=now + 50, nbf=now + 50)))
    assert why(sign(id_claims(exp=now - 61))) == "expired"
    assert why(sign(id_claims(iat=now + 70))) == "claim-iat"


@pytest.mark.parametrize(
    ("key", "alg", "digest"),
    [(RSA, "RS256", hashlib.sha256), (ED, "EdDSA", hashlib.sha512), (ED, "Ed25519", hashlib.sha512)],
)
def test_the_access_tokens_hash_is_checked(key: RSAKey | OKPKey, alg: str, digest: Any) -> None:  # noqa: ANN401
    whole = digest(b"access").digest()
    at_hash = part(whole[: len(whole) // 2])
    raw = sign(id_claims(at_hash=at_hash), key, alg)
    assert verify(raw)
    assert why(raw, access_token="another") == "claim-at_hash"


def test_a_refresh_needs_no_nonce() -> None:
    assert verify(sign(id_claims(nonce=None)), nonce=None)


def test_a_claim_or_header_given_twice_is_refused() -> None:
    good = json.dumps(id_claims())
    twice = good[:-1] + ', "sub": "eve"}'
    nested = good[:-1] + ', "a": [{"b": 1, "b": 2}]}'
    for payload in (twice, nested):
        assert why(sign_text(payload)) == "malformed"
    header = '{"alg": "none", "kid": "one", "alg": "RS256"}'
    assert why(f"{part(header.encode())}.{part(id_claims())}.{part(b'x')}") == "malformed"


def sign_text(payload: str, **header: object) -> str:
    head = {"alg": "RS256", "kid": "one", **header}
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    return jws.serialize_compact(head, payload, RSA, registry=registry)


@pytest.mark.parametrize(
    "payload",
    [
        "[]",
        '"text"',
        "7",
        "",
        "{",
        '{"exp": NaN}',
        '{"exp": Infinity}',
        '{"a": 1e999}',
        '{"name": "\\u0000"}',
        '{"name": "\\ud800"}',
        '{"a": ' + "[" * 20 + "]" * 20 + "}",
        '{"a": ' + "[" * 30_000 + "]" * 30_000 + "}",
        '{"a": ' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_plain_object_is_malformed(payload: str) -> None:
    assert why(sign_text(payload)) in {"malformed", "too-large"}


@pytest.mark.parametrize(
    "raw",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "ä.b.c",
        "\0.\0.\0",
        f"{part([])}.{part({})}.",
        f"{part('alg')}.{part({})}.",
        f"{part(b'[' * 2000)}.{part({})}.",
        f"{part({'alg': 'RS256', 'kid': 5})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': {'a': 1}})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': 'one', 'crit': 5})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': 'one', 'jwk': 5})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': 'one', 'x5c': 'x' * 5000})}.{part({})}.AA",
        "x" * 70_000,
    ],
    ids=lambda raw: raw[:20],
)
def test_nonsense_is_refused(raw: str) -> None:
    assert why(raw)


@pytest.mark.parametrize("extension", [{"crit": ["exp"], "exp": 1}, {"b64": False}, {"crit": ["b64"], "b64": False}])
def test_extensions_of_jws_are_refused(extension: dict[str, Any]) -> None:
    header = part({"alg": "RS256", "kid": "one", **extension})
    assert why(f"{header}.{part(id_claims())}.AA") == "header"


def test_a_token_above_64_kib_is_refused() -> None:
    assert why(sign(id_claims(groups=["x" * 60] * 1000))) == "too-large"


def test_entras_issuer_follows_the_tenant() -> None:
    home = ENTRA.replace("{tenantid}", TENANT)
    assert verify(sign(id_claims(iss=home, tid=TENANT)), issuer=ENTRA)["iss"] == home
    assert why(sign(id_claims(iss=home, tid="22222222-2222-3333-4444-555555555555")), issuer=ENTRA) == "claim-iss"
    assert why(sign(id_claims(iss=home)), issuer=ENTRA) == "claim-tid"
    assert why(sign(id_claims(iss=ENTRA, tid="{tenantid}")), issuer=ENTRA) == "claim-tid"
    assert why(sign(id_claims(iss=f"{home}/x", tid=TENANT)), issuer=ENTRA) == "claim-iss"


def test_entras_key_of_one_tenant_signs_for_no_other() -> None:
    home = ENTRA.replace("{tenantid}", TENANT)
    document = {"keys": [RSA.as_dict(private=False) | {"issuer": ENTRA.replace("{tenantid}", "9" * 8)}]}
    raw = sign(id_claims(iss=home, tid=TENANT))
    assert why(raw, keys=read_keys(document, ALGORITHMS), issuer=ENTRA) == "key-issuer"
    document["keys"][0]["issuer"] = ENTRA
    assert verify(raw, keys=read_keys(document, ALGORITHMS), issuer=ENTRA)


def test_of_a_published_set_only_usable_keys_are_taken() -> None:
    with pytest.warns(UserWarning, match="2048"):
        small = RSAKey.generate_key(1024, {"kid": "small"})
    oct_key = {"kty": "oct", "k": "AAAA", "kid": "o"}
    odd = [oct_key, {"kty": "post-quantum"}, {"kty": "RSA", "n": 5, "e": "AQAB"}, {"kty": "EC"}, "text", None, 5]
    with pytest.warns(UserWarning, match="2048"):
        keys = read_keys({"keys": [*odd, small.as_dict(private=False), EC.as_dict(private=False)]}, ALGORITHMS)
    assert [key.kid for key in keys.published] == ["two"]


@pytest.mark.parametrize("document", [{}, [], None, {"keys": None}, {"keys": {}}, {"keys": []}])
def test_a_set_without_keys_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="no usable key"):
        read_keys(document, ALGORITHMS)


@pytest.mark.parametrize("algorithms", [frozenset(), frozenset({"RS256", "HS256"}), frozenset({"none"})])
def test_no_list_of_algorithms_lets_an_hmac_in(algorithms: frozenset[str]) -> None:
    with pytest.raises(ValueError, match="no usable key"):
        read_keys({"keys": [RSA.as_dict(private=False)]}, algorithms)


def test_a_fault_holds_nothing_of_the_token() -> None:
    raw = sign(id_claims(email="ada@secret.test", nonce="another"))
    with pytest.raises(TokenFault) as fault:
        verify(raw)
    assert str(fault.value) == "claim-nonce"
