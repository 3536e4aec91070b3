"""No secret can be committed by `git add -A`, wherever the product put it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.canaries import needles
from support.command import run
from support.stack import Stack

# No configuration of the developer's, which may ignore more than the repository does.
_ENVIRONMENT = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@pytest.fixture(scope="module")
def staged(checkout_with_secrets: Path) -> set[str]:
    for words in (["init", "--quiet"], ["add", "--all"]):
        run(["git", *words], cwd=checkout_with_secrets, env=_ENVIRONMENT)
    return set(run(["git", "ls-files", "--cached"], cwd=checkout_with_secrets, env=_ENVIRONMENT).stdout.splitlines())


def test_add_all_stages_no_place_of_secrets(staged: set[str]) -> None:
    assert "compose.yaml" in staged
    assert not [path for path in staged if path == ".env" or path.startswith(("secrets/", ".test/"))]
    assert not [path for path in staged if path.endswith(("secrets.toml", ".key", ".pem", ".crt"))]


def test_add_all_stages_no_value_of_a_secret(staged: set[str], checkout_with_secrets: Path, stack: Stack) -> None:
    canaries = needles(stack.secrets)
    assert len(canaries) > 50
    for path in sorted(staged):
        text = (checkout_with_secrets / path).read_bytes().decode(errors="replace")
        assert not {name for value, name in canaries.items() if value in text}, path
