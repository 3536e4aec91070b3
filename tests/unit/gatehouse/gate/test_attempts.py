from __future__ import annotations

import json
import time

import pytest
from cryptography.fernet import Fernet, MultiFernet

from gatehouse.gate.attempts import Attempts

CRYPT = MultiFernet([Fernet(Fernet.generate_key())])
ATTEMPTS = Attempts(CRYPT)


def made(count: int, age: int = 0, place: str = "/") -> dict[str, str]:
    cookies = {}
    for number in range(count):
        name, value = ATTEMPTS.cookie(ATTEMPTS.start("default", place, fresh=False))
        cookies[name] = CRYPT.encrypt_at_time(CRYPT.decrypt(value), int(time.time()) - age - count + number).decode()
    return cookies


def test_it_is_found_again_by_its_state_in_its_own_browser() -> None:
    attempt = ATTEMPTS.start("google", "/requests?id=7", fresh=True)
    name, value = ATTEMPTS.cookie(attempt)
    assert name.startswith("__Host-gate-attempt-")
    assert len(name) == len("__Host-gate-attempt-") + 12
    assert ATTEMPTS.find({name: value, "other": "x"}, attempt.state) == attempt
    assert ATTEMPTS.find({}, attempt.state) is None
    assert ATTEMPTS.find({name: value}, "another-state") is None


def test_nothing_is_the_same_twice() -> None:
    one, two = (ATTEMPTS.start("default", "/", fresh=False) for _ in range(2))
    assert len({one.state, two.state, one.nonce, two.nonce, one.verifier, two.verifier}) == 6
    assert len(one.verifier) >= 43


def test_the_cookie_shows_nothing() -> None:
    attempt = ATTEMPTS.start("default", "/requests", fresh=False)
    _, value = ATTEMPTS.cookie(attempt)
    assert not any(word in value for word in (attempt.state, attempt.nonce, attempt.verifier, "requests"))
    assert not any(word in repr(attempt) for word in (attempt.state, attempt.nonce, attempt.verifier))


def test_a_cookie_under_another_attempts_name_is_refused() -> None:
    one, two = (ATTEMPTS.start("default", "/", fresh=False) for _ in range(2))
    assert ATTEMPTS.find({ATTEMPTS.cookie_name(two.state): ATTEMPTS.cookie(one)[1]}, two.state) is None


def test_it_lasts_ten_minutes() -> None:
    attempt = ATTEMPTS.start("default", "/", fresh=False)
    name, value = ATTEMPTS.cookie(attempt)
    text, now = CRYPT.decrypt(value), int(time.time())
    assert ATTEMPTS.find({name: CRYPT.encrypt_at_time(text, now - 590).decode()}, attempt.state)
    assert ATTEMPTS.find({name: CRYPT.encrypt_at_time(text, now - 610).decode()}, attempt.state) is None


@pytest.mark.parametrize("value", ["", "x", "ä", "\0", "gAAAAA", "=" * 50, "x" * 100_000, "\ud800"])
def test_any_value_of_a_cookie_is_merely_not_found(value: str) -> None:
    assert ATTEMPTS.find({ATTEMPTS.cookie_name("state"): value}, "state") is None
    assert ATTEMPTS.surplus({ATTEMPTS.cookie_name("state"): value}) == [ATTEMPTS.cookie_name("state")]


@pytest.mark.parametrize("state", ["", "ä", "\ud800", "x" * 100_000])
def test_any_state_is_merely_not_found(state: str) -> None:
    assert ATTEMPTS.find(made(2), state) is None


@pytest.mark.parametrize("text", [b"", b"[]", b'{"a": 1}', b"7", b"\xff"])
def test_what_was_encrypted_for_something_else_is_no_attempt(text: bytes) -> None:
    assert ATTEMPTS.find({ATTEMPTS.cookie_name("state"): CRYPT.encrypt(text).decode()}, "state") is None


def test_a_rotated_key_still_finds_it() -> None:
    attempt = ATTEMPTS.start("default", "/", fresh=False)
    name, value = ATTEMPTS.cookie(attempt)
    rotated = Attempts(MultiFernet([Fernet(Fernet.generate_key()), CRYPT._fernets[0]]))  # noqa: SLF001
    assert rotated.find({name: value}, attempt.state) == attempt


def test_ten_restored_tabs_keep_theirs() -> None:
    assert ATTEMPTS.surplus(made(10) | {"session": "x", "_streamlit_xsrf": "y"}) == []


def test_of_more_the_oldest_go_first() -> None:
    cookies = made(13)
    assert ATTEMPTS.surplus(cookies) == list(cookies)[:3]
    assert ATTEMPTS.surplus(cookies, cap=5) == list(cookies)[:9]


def test_unreadable_and_expired_ones_always_go() -> None:
    live, stale = made(2), made(1, age=700)
    broken = {"__Host-gate-attempt-000000000000": "x"}
    assert set(ATTEMPTS.surplus(live | stale | broken)) == set(stale) | set(broken)


def test_long_ones_do_not_fill_the_line_of_headers() -> None:
    cookies = made(10, place="/" + "x" * 1990)
    kept = {name: value for name, value in cookies.items() if name not in ATTEMPTS.surplus(cookies)}
    assert sum(len(name) + len(value) for name, value in kept.items()) < 5200
    assert list(kept) == list(cookies)[-1:]


def test_the_longest_cookie_fits_a_browser() -> None:
    attempt = ATTEMPTS.start("p" * 64, "/" + "x" * 1999, fresh=True)
    name, value = ATTEMPTS.cookie(attempt)
    assert len(attempt.next) == 2000
    assert len(name) + len(value) < 4000
    assert ATTEMPTS.find({name: value}, attempt.state) == attempt


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/", "/"),
        ("/approvals", "/approvals"),
        ("/approvals?id=7&q=a%20b", "/approvals?id=7&q=a%20b"),
        ("/a/b/", "/a/b/"),
        ("/?next=https://example.com/x//y", "/?next=https://example.com/x//y"),
        ("/näher?q=ü ü", "/n%C3%A4her?q=%C3%BC%20%C3%BC"),
        ('/a?q="x"<y>', "/a?q=%22x%22%3Cy%3E"),
        ("/page#part", "/page"),
        ("/authors", "/authors"),
        ("/100%", "/100%"),
    ],
)
def test_a_local_place_survives(given: str, kept: str) -> None:
    assert ATTEMPTS.local(given) == kept
    assert ATTEMPTS.start("default", given, fresh=False).next == kept


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "approvals",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/a\\b",
        "/%5cevil.test",
        "/%2f/evil.test",
        "/%2Fevil.test",
        "/a//evil.test",
        "/\t/evil.test",
        "\t//evil.test",
        " //evil.test",
        "/\n/evil.test",
        "/a\r\nSet-Cookie: x=y",
        "/%0d%0aSet-Cookie:x",
        "/a?q=\x00",
        "/\x85",
        "https://evil.test/",
        "javascript:alert(1)",
        "/.//evil.test",
        "/../auth/logout",
        "/x/../auth/logout",
        "/x/%2e%2e/auth/logout",
        "/./x",
        "/auth",
        "/auth/login",
        "/AUTH/logout?x=1",
        "/%61uth/logout",
        "/oauth2callback?code=x",
        "/oauth2callback",
        "/\ud800",
        "/%ff",
        "/" + "x" * 2000,
        "/" + "ü" * 400,
    ],
)
def test_anything_else_leads_home(given: str | None) -> None:
    assert ATTEMPTS.local(given) == "/"


def test_the_cookie_holds_no_more_than_it_must() -> None:
    _, value = ATTEMPTS.cookie(ATTEMPTS.start("default", "/", fresh=False))
    assert len(json.loads(CRYPT.decrypt(value))) == 6
