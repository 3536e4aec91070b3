"""What a browser holds after a sign-in: one opaque value, and nothing about anybody."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

import pytest
from cryptography.fernet import Fernet, InvalidToken

from support.person import NAVIGATION, Person
from support.stack import Stack


def readings(value: str) -> list[bytes]:
    """All that somebody could read out of a cookie's value: as it is, and unpacked in the usual ways."""
    found = [value.encode()]
    for part in [value, *re.split(r"[.|]", value)]:
        for decode in (base64.urlsafe_b64decode, binascii.unhexlify):
            try:
                data = decode(part + "=" * (-len(part) % 4) if decode is base64.urlsafe_b64decode else part)
            except (ValueError, binascii.Error):
                continue
            found.append(data)
            try:
                found.append(zlib.decompress(data))
            except zlib.error:
                continue
    return found


def test_no_claim_and_no_token_is_in_the_jar(stack: Stack) -> None:
    person = Person(stack)
    person.sign_in("noor")
    person.asks("/_stcore/health")
    jar = {cookie.name: cookie.value or "" for cookie in person.http.cookies.jar if "app." in cookie.domain}
    assert set(jar) == {"__Host-gate", "__Host-replica", "_streamlit_xsrf"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", jar["__Host-gate"])
    subject = stack.sql("select subject from gate.session where claims->>'preferred_username' = 'noor' limit 1")
    for value in jar.values():
        for text in readings(value):
            for claim in (b"noor", b"Noor", b"example.com", b"finance", subject.encode(), b"iss", b"eyJ"):
                assert claim not in text


def test_cookie_of_a_sign_in_under_way_is_sealed_and_short_lived(stack: Stack) -> None:
    person = Person(stack)
    answer = person.http.get(f"{stack.app_url}/auth/login?next=/private-place", headers=NAVIGATION)
    (header,) = answer.headers.get_list("set-cookie")
    name, _, value = header.partition(";")[0].partition("=")
    assert name.startswith("__Host-gate-attempt-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax", "Max-Age=600"} <= {
        part.strip() for part in header.split(";")[1:]
    }
    for text in readings(value):
        assert b"private-place" not in text
    with pytest.raises(InvalidToken):
        Fernet(Fernet.generate_key()).decrypt(value)


def test_cookies_of_the_identity_provider(stack: Stack) -> None:
    person = Person(stack)
    form = person.open()
    answers = [form, person.submit(form, "noor")]
    headers = [header for answer in answers for header in answer.headers.get_list("set-cookie")]
    kept = [header for header in headers if "Max-Age=0" not in header.replace(" ", "")]
    assert kept
    for header in kept:
        attributes = {part.strip() for part in header.split(";")[1:]}
        assert "Secure" in attributes, header
        assert any(part.startswith("SameSite=") for part in attributes), header
        # By this one the sign-in page of another tab sees that somebody has signed in: a hash of the session's number.
        assert "HttpOnly" in attributes or header.startswith("KEYCLOAK_SESSION="), header


def test_ten_restored_tabs_each_find_their_way(stack: Stack) -> None:
    """Their sign-ins began before the first one ended; the provider then waves nine of them through."""
    person = Person(stack)
    starts = [
        person.http.get(f"{stack.app_url}/auth/login", params={"next": f"/?tab={number}"}, headers=NAVIGATION)
        for number in range(10)
    ]
    first = person.follow(starts[0])
    back = person.submit(first, "sam")
    assert person.http.get(back.headers["location"], headers=NAVIGATION).headers["location"] == "/?tab=0"
    for number, start in enumerate(starts[1:], 1):
        answer = person.http.get(start.headers["location"], headers=NAVIGATION)
        landed = person.http.get(answer.headers["location"], headers=NAVIGATION)
        assert landed.headers["location"] == f"/?tab={number}"
    assert person.is_in()


def test_every_sign_in_gets_another_value(stack: Stack) -> None:
    values = set()
    for _ in range(3):
        person = Person(stack)
        person.sign_in("finn")
        values.add(person.cookie)
    assert len(values) == 3


def test_only_a_hash_of_it_is_stored(stack: Stack) -> None:
    person = Person(stack)
    person.sign_in("finn")
    assert person.cookie
    dump = stack.exec("postgres", "pg_dump", "--username=postgres", "--schema=gate", "app").stdout
    assert person.cookie not in dump
    assert "eyJ" not in dump, "no token in the clear"
