"""What the app's pages may load: the platform's share, the author's additions, and what is refused at start."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.gate.content import file_policy, inline_hashes, page_policy, streamlit_index
from gatehouse.gate.policy import read_policy
from gatehouse.gate.policy_content import Content
from gatehouse.settings import StartError

INDEX = "<script>\n  a = 1\n</script><script src='x.js'></script>"
HASH = "sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA="


def content(place: Path, table: str) -> Content:
    (place / "app/policy.toml").write_text(f"\n[content]\n{table}", encoding="utf-8")
    return read_policy(place / "app", None).content


def directives(policy: str) -> dict[str, list[str]]:
    return {name: rest.split() for name, _, rest in (one.partition(" ") for one in policy.split("; "))}


def test_a_page_may_load_from_itself_alone_and_run_no_text(place: Path) -> None:
    policy = directives(page_policy(content(place, ""), streamlit_index()))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == policy["frame-ancestors"] == policy["connect-src"] == ["'self'"]
    (inline,) = inline_hashes(streamlit_index())
    assert policy["script-src"] == ["'self'", "blob:", "'wasm-unsafe-eval'", inline]
    assert not [source for sources in policy.values() for source in sources if "://" in source or source == "*"]


def test_the_hash_is_that_of_the_text_between_the_tags() -> None:
    # printf '\n  a = 1\n' | openssl dgst -sha256 -binary | base64
    assert inline_hashes(INDEX) == ["'sha256-nHiJsB1GRX6Ku2XBkWKVt2F3CJiowPuMwhcJv+CWmC0='"]


def test_what_the_author_adds_is_added_and_nothing_else(place: Path) -> None:
    added = content(
        place,
        f'connect-src = ["https://*.tiles.example.com:8443", "wss://live.example.com"]\nscript-src = ["{HASH}"]',
    )
    before, after = (directives(page_policy(one, INDEX)) for one in (Content(), added))
    assert after.pop("connect-src") == ["'self'", "https://*.tiles.example.com:8443", "wss://live.example.com"]
    assert after.pop("script-src") == ["'self'", "blob:", "'wasm-unsafe-eval'", f"'{HASH}'", *inline_hashes(INDEX)]
    assert after.items() <= before.items()


def test_inline_scripts_are_all_or_those_of_a_hash(place: Path) -> None:
    policy = directives(page_policy(content(place, f'inline-scripts = true\nscript-src = ["{HASH}"]'), INDEX))
    assert policy["script-src"] == ["'self'", "blob:", "'wasm-unsafe-eval'", "'unsafe-inline'"]


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https:",
        "https://*",
        "https://*.com",
        "https://a.*.example.com",
        "http://cdn.example.com",
        "cdn.example.com",
        "https://cdn.example.com/lib",
        "https://cdn.example.com; script-src *",
        "https://cdn.example.com\r\nX-Evil: 1",
        "https://CDN.example.com",
        "https://user@cdn.example.com",
        "https://localhost",
        "data:",
        "blob:",
        "'self'",
        "'unsafe-inline'",
        "'unsafe-eval'",
        "unsafe-eval",
        "'strict-dynamic'",
        "",
    ],
)
@pytest.mark.parametrize("directive", ["script-src", "img-src", "connect-src"])
def test_whatever_is_no_origin_stops_the_start(place: Path, directive: str, origin: str) -> None:
    value = origin.replace("\r\n", "\\r\\n")
    with pytest.raises(StartError) as caught:
        content(place, f'font-src = []\n{directive} = ["https://good.example.com", "{value}"]')
    (problem,) = caught.value.problems
    assert problem.startswith(f"app folder: policy.toml: line 4: content.{directive}: ")
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("default-src = []", "content.default-src: is not known; use connect-src, "),
        ('connect_src = ["https://a.example.com"]', "content.connect_src: is not known; use connect-src, "),
        ('img-src = "https://a.example.com"', 'content.img-src: is not a list; write one such as ["a", "b"]'),
        ("inline-scripts = 1", "content.inline-scripts: is neither true nor false"),
        ("img-src = [7]", "content.img-src: must be text"),
        (f"img-src = {['https://a.example.com'] * 51}", "content.img-src: is too long; name fifty at most"),
    ],
)
def test_a_mistake_is_named_with_line_and_key(place: Path, line: str, words: str) -> None:
    with pytest.raises(StartError) as caught:
        content(place, line)
    assert caught.value.problems[0].startswith(f"app folder: policy.toml: line 3: {words}")


def test_a_file_runs_nothing_in_the_origin_of_the_app() -> None:
    for kind in (b"text/html", b"image/svg+xml", b"text/html; charset=utf-8", b"", b"text/html, application/pdf"):
        policy = directives(file_policy(kind))
        assert policy["default-src"] == ["'none'"]
        assert "script-src" not in policy
    # A browser's viewer of PDFs would go by the policy, and show none.
    assert "default-src" not in directives(file_policy(b"application/pdf"))
