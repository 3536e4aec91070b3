"""`make users` on the running stack: what an operator types, and what comes of it."""

from __future__ import annotations

import pytest

from support.stack import Stack


def users(stack: Stack, *words: str, check: bool = True) -> str:
    result = stack.compose(
        "--progress", "quiet", "run", "--rm", "--no-TTY", "--no-deps", "reconcile",
        "python", "-m", "deploy.keycloak.users", *words, check=check,
    )  # fmt: skip
    return result.stdout + result.stderr


def test_demo_users_are_listed(stack: Stack) -> None:
    listed = users(stack, "list")
    for name in ("sam", "mia", "priya", "finn", "noor", "audra", "ivan"):
        assert name in listed


def test_demo_passwords_are_secret_files_of_one_owner(stack: Stack) -> None:
    files = sorted((stack.secrets / "demo").iterdir())
    assert [file.name for file in files] == ["audra", "finn", "ivan", "mia", "noor", "priya", "sam"]
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o400
        assert file.stat().st_uid == 10002
    assert len({file.read_bytes() for file in files}) == len(files)


@pytest.mark.parametrize("words", [("disable", "nobody"), ("grant", "nobody", "staff"), ("reset", "nobody")])
def test_unknown_user_is_named(stack: Stack, words: tuple[str, ...]) -> None:
    said = users(stack, *words, check=False)
    assert "nobody" in said
    assert "Traceback" not in said
