"""How services sign in to Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.data.connection import parameters
from gatehouse.settings import SecretError, settings


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_the_server_is_verified_and_the_password_bound_to_the_connection(secrets: Path) -> None:
    (secrets / "app_a_password").write_text("p" * 43 + "\n")
    (secrets / "app_a_password").chmod(0o400)
    found = parameters("app_a", "app_a_password")
    assert found["sslmode"] == "verify-full"
    assert found["sslrootcert"] == str(secrets / "database_ca.crt")
    assert found["channel_binding"] == "require"
    assert (found["host"], found["port"], found["dbname"], found["user"]) == ("postgres", 5432, "app", "app_a")
    assert found["password"] == "p" * 43


def test_a_rotated_password_is_read_again(secrets: Path) -> None:
    file = secrets / "app_a_password"
    for letter in "ab":
        file.unlink(missing_ok=True)
        file.write_text(letter * 43)
        file.chmod(0o400)
        assert parameters("app_a", "app_a_password")["password"] == letter * 43


def test_a_missing_password_is_named() -> None:
    with pytest.raises(SecretError, match="app_a_password: is missing"):
        parameters("app_a", "app_a_password")
