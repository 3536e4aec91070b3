from __future__ import annotations

import pytest
from cryptography.fernet import InvalidToken

from gatehouse.gate.crypt import keys
from gatehouse.settings import SecretError
from unit.gatehouse.conftest import WriteSecret

ONE, TWO, THREE = (letter * 42 + "A" for letter in "abc")


def test_a_rotated_key_still_reads_what_the_former_wrote_and_writes_no_more(write_secret: WriteSecret) -> None:
    write_secret("session_key", f"{ONE}\n")
    former = keys().encrypt(b"token")
    write_secret("session_key", TWO)
    write_secret("session_key_previous", ONE)
    assert keys().decrypt(former) == b"token"
    latter = keys().encrypt(b"token")
    (write_secret("session_key_previous", THREE)).unlink()
    assert keys().decrypt(latter) == b"token"
    with pytest.raises(InvalidToken):
        keys().decrypt(former)


@pytest.mark.parametrize("name", ["session_key", "session_key_previous"])
@pytest.mark.parametrize("value", ["", "hunter2", "é" * 43, "a" * 44])
def test_a_malformed_key_is_named_and_not_shown(write_secret: WriteSecret, name: str, value: str) -> None:
    write_secret("session_key", ONE)
    write_secret(name, value)
    with pytest.raises(SecretError, match=f"secrets/app/{name}: ") as error:
        keys()
    assert not value or value not in str(error.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(SecretError, match="secrets/app/session_key: is missing"):
        keys()
