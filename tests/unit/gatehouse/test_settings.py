from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatehouse.settings import SecretError, SettingsError, read_secret, settings
from gatehouse.streamlit_files import platform_options

GOOD = "a" * 43
WriteSecret = Callable[[str, str], Path]


def test_defaults_are_those_of_the_stack_on_one_machine() -> None:
    assert settings().app_url == "https://app.localhost:8443"
    assert settings().issuer == "https://id.localhost:8443/realms/apps"
    assert settings().redirect_uri == "https://app.localhost:8443/oauth2callback"


def test_port_443_is_left_out_of_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", "example.com")
    monkeypatch.setenv("PORT", "443")
    assert settings().app_url == "https://app.example.com"
    assert settings().id_url == "https://id.example.com"


def test_an_empty_value_stands_for_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", "")
    assert settings().domain == "localhost"


@pytest.mark.parametrize(
    "domain",
    [
        "Example.com",
        "exa_mple.com",
        "-a.com",
        "a-.com",
        "a..com",
        "example.com.",
        ".com",
        "10.0.0.1",
        "a b",
        "x" * 64,
        ".".join(["a" * 62] * 4),
        "é.com",
        "example.com/x",
        "example.com:8443",
        "example.com\n",
    ],
)
def test_a_domain_that_is_no_dns_name_is_refused_by_name(domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", domain)
    with pytest.raises(SettingsError) as caught:
        settings()
    (problem,) = caught.value.problems
    assert problem.startswith("DOMAIN=")
    assert "correct it in .env" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("port", ["0", "65536", "-1", "https", "84.43"])
def test_a_port_that_is_none_is_refused_by_name(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SettingsError, match=f"^PORT={port}: "):
        settings()


def test_dev_is_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEV", "yes")
    assert platform_options(settings())["client.showErrorDetails"] == "full"
    settings.cache_clear()
    monkeypatch.setenv("DOMAIN", "example.com")
    with pytest.raises(SettingsError, match="^DEV is for DOMAIN=localhost alone"):
        settings()


def test_every_wrong_setting_gets_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("APP_NAME", 'app"; DROP TABLE')
    with pytest.raises(SettingsError) as caught:
        settings()
    assert [line.partition("=")[0] for line in caught.value.problems] == ["PORT", "APP_NAME"]


@pytest.mark.parametrize("ending", ["", "\n"])
def test_one_trailing_newline_is_not_part_of_a_secret(ending: str, write_secret: WriteSecret) -> None:
    write_secret("client_secret", GOOD + ending)
    assert read_secret("client_secret") == GOOD


@pytest.mark.parametrize("content", ["short", GOOD + "a", GOOD[:-1] + " ", f"{GOOD}\n\n", f" {GOOD}", GOOD[:20]])
def test_a_malformed_secret_is_named_and_never_shown(content: str, write_secret: WriteSecret) -> None:
    write_secret("client_secret", content)
    with pytest.raises(SecretError) as caught:
        read_secret("client_secret")
    (problem,) = caught.value.problems
    assert problem.startswith("secrets/app/client_secret: does not have the form expected of it; ")
    assert content not in problem
    assert "\n" not in problem


def test_a_missing_secret_is_named_with_the_remedy() -> None:
    with pytest.raises(SecretError, match="^secrets/app/client_secret: is missing; run `docker compose up`"):
        read_secret("client_secret")


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_secret_is_named(content: str, write_secret: WriteSecret) -> None:
    write_secret("client_secret", content)
    with pytest.raises(SecretError, match="^secrets/app/client_secret: is empty; "):
        read_secret("client_secret")


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o420, 0o402, 0o410, 0o777])
def test_a_secret_that_others_could_read_or_write_is_refused(mode: int, write_secret: WriteSecret) -> None:
    write_secret("client_secret", GOOD).chmod(mode)
    with pytest.raises(SecretError, match=f"is too open \\(mode {mode:04o}\\); run `chown"):
        read_secret("client_secret")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_secret_of_another_user_is_refused(write_secret: WriteSecret) -> None:
    os.chown(write_secret("client_secret", GOOD), 12345, 12345)
    with pytest.raises(SecretError, match="belongs to uid 12345, not 0"):
        read_secret("client_secret")


def test_what_is_no_file_is_refused_without_hanging(place: Path) -> None:
    os.mkfifo(place / "secrets" / "client_secret", 0o600)
    with pytest.raises(SecretError, match="is not a file"):
        read_secret("client_secret")


def test_bytes_that_are_no_text_are_refused(write_secret: WriteSecret) -> None:
    path = write_secret("client_secret", GOOD)
    path.chmod(0o600)
    path.write_bytes(b"\xff" * 43)
    with pytest.raises(SecretError, match="is not UTF-8 text"):
        read_secret("client_secret")


def test_the_folder_in_a_message_is_the_services_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_FOLDER", "migrate")
    with pytest.raises(SecretError, match="^secrets/migrate/migrator_password: "):
        read_secret("migrator_password")


def test_importing_the_package_needs_no_stack_and_pulls_in_nothing() -> None:
    code = "import sys, gatehouse; print(len({'streamlit', 'psycopg', 'pydantic'} & sys.modules.keys()))"
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path("app").resolve())}
    result = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert result.stdout == "0\n"
