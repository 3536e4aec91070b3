"""A wrong setting or secret gets one line with its name, what is wrong and the remedy."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.keycloak.errors import JobError
from deploy.keycloak.settings import Settings, load

KEYS = ("DOMAIN", "PORT", "APP_NAME", "REALM")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own environment gets in."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


def test_defaults_are_those_of_the_stack() -> None:
    settings = load()
    assert (settings.app_url, settings.id_url) == ("https://app.localhost:8443", "https://id.localhost:8443")
    assert (settings.app_name, settings.realm) == ("app", "apps")


def test_usual_port_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", "apps.example.com")
    monkeypatch.setenv("PORT", "443")
    assert load().id_url == "https://id.apps.example.com"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DOMAIN", "Example.com"),
        ("DOMAIN", "example.com\n"),
        ("DOMAIN", "-example.com"),
        ("DOMAIN", "example.com/evil"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "https"),
        ("APP_NAME", "My App"),
        ("REALM", "../master"),
    ],
)
def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(JobError) as caught:
        load()
    text = str(caught.value)
    assert text.startswith(f"{key}={value!r}: ")
    assert text.endswith("; correct it in .env")
    assert "\n" not in text


@pytest.mark.parametrize("end", ["", "\n"])
def test_secret_is_read(tmp_path: Path, end: str) -> None:
    value = secrets.token_urlsafe(32)
    put(tmp_path, value + end)
    assert Settings(secrets_dir=tmp_path).secret("client_secret") == value


def put(folder: Path, text: str, mode: int = 0o400) -> None:
    file = folder / "client_secret"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


VALUE = "x" * 43


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda _: None, "missing"),
        (lambda folder: put(folder, ""), "empty"),
        (lambda folder: put(folder, "\n"), "empty"),
        (lambda folder: put(folder, "x" * 42), "malformed"),
        (lambda folder: put(folder, f"{VALUE}\n\n"), "malformed"),
        (lambda folder: put(folder, "x" * 42 + "\xe9"), "malformed"),
        (lambda folder: put(folder, VALUE, 0o440), "too open, mode 0440"),
        (lambda folder: put(folder, VALUE, 0o404), "too open, mode 0404"),
        (lambda folder: (folder / "client_secret").mkdir(), "not a plain file"),
        (lambda folder: os.mkfifo(folder / "client_secret", 0o400), "not a plain file"),
        (lambda folder: (folder / "client_secret").symlink_to("/etc/hostname"), "cannot be read"),
    ],
)
def test_bad_secret_is_named_but_not_shown(tmp_path: Path, make: Callable[[Path], object], what: str) -> None:
    make(tmp_path)
    with pytest.raises(JobError) as caught:
        Settings(secrets_dir=tmp_path).secret("client_secret")
    text = str(caught.value)
    assert text.startswith(f"secrets/reconcile/client_secret: {what}")
    assert ";" in text
    assert "xxx" not in text


def test_secret_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file away needs root: run it in the tools image")
    put(tmp_path, VALUE)
    os.chown(tmp_path / "client_secret", 12345, 12345)
    with pytest.raises(JobError, match="belongs to uid 12345; chown 0 secrets/reconcile/client_secret"):
        Settings(secrets_dir=tmp_path).secret("client_secret")
