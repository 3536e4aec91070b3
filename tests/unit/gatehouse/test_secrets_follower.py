from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatehouse.author_files import author_secrets
from gatehouse.secrets_follower import Follower
from gatehouse.settings import settings
from gatehouse.streamlit_files import platform_auth, write_secrets

WriteSecret = Callable[[str, str], Path]


@pytest.fixture
def follower(place: Path, write_secret: WriteSecret, caplog: pytest.LogCaptureFixture) -> Follower:
    """One that has looked once, after a start with KEY = "first"."""
    caplog.set_level(logging.INFO)
    for name in ("client_secret", "cookie_secret"):
        write_secret(name, "a" * 43)
    write_secret("author.toml", 'KEY = "first"')
    write_secrets(settings(), author_secrets(), platform_auth(settings()))
    made = Follower(settings())
    made.look()
    return made


def merged(place: Path) -> dict[str, Any]:
    return tomllib.loads((place / "runtime/.streamlit/secrets.toml").read_text(encoding="utf-8"))


def test_without_a_change_nothing_is_written_or_said(
    follower: Follower, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = (place / "runtime/.streamlit/secrets.toml").stat().st_ino
    follower.look()
    assert (place / "runtime/.streamlit/secrets.toml").stat().st_ino == before
    assert caplog.messages == []


def test_a_change_and_a_removal_are_taken_and_the_sign_in_stays(
    follower: Follower, place: Path, write_secret: WriteSecret
) -> None:
    sign_in = merged(place)["auth"]
    path = write_secret("author.toml", 'KEY = "second"')
    follower.look()
    assert merged(place) == {"KEY": "second", "auth": sign_in}
    path.unlink()
    follower.look()
    assert merged(place) == {"auth": sign_in}


def test_a_broken_file_changes_nothing_and_is_named_by_its_place(
    follower: Follower, place: Path, write_secret: WriteSecret, caplog: pytest.LogCaptureFixture
) -> None:
    write_secret("author.toml", 'KEY = "second"\nOTHER = hunter2')
    follower.look()
    follower.look()
    assert merged(place)["KEY"] == "first"
    (line,) = caplog.messages
    assert line.startswith("secrets/provided/secrets.toml: line 2, column 9: not valid TOML")
    assert "hunter2" not in caplog.text
    write_secret("author.toml", 'KEY = "third"')
    follower.look()
    assert merged(place)["KEY"] == "third"


def test_a_changed_auth_says_that_the_sign_in_follows_after_a_restart(
    follower: Follower, write_secret: WriteSecret, caplog: pytest.LogCaptureFixture
) -> None:
    write_secret("author.toml", 'KEY = "first"\n[auth.google]\nclient_id = "x"')
    follower.look()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert "docker compose restart app" in caplog.messages[1]


def test_a_change_between_start_and_first_look_is_not_missed(
    follower: Follower, place: Path, write_secret: WriteSecret
) -> None:
    write_secret("author.toml", 'KEY = "meanwhile"')
    Follower(settings()).look()
    assert merged(place)["KEY"] == "meanwhile"
