"""A copy of the checkout as it lies on an operator's machine, with secrets wherever they may come to lie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import ROOT
from support.stack import Stack

_NOT_COPIED = shutil.ignore_patterns(".git", ".test", ".venv", "secrets", "__pycache__", ".*_cache")


@pytest.fixture(scope="session")
def checkout_with_secrets(run_folder: Path, stack: Stack) -> Iterator[Path]:
    """A copy of the checkout whose `secrets/` is the running stack's; with a .env, and an author's secrets."""
    copy = run_folder / "checkout"
    shutil.copytree(ROOT, copy, ignore=_NOT_COPIED, symlinks=True)
    shutil.copytree(stack.secrets, copy / "secrets")
    author = (stack.secrets / "provided" / "secrets.toml").read_text(encoding="utf-8")
    (copy / "app" / "desk" / ".streamlit").mkdir(exist_ok=True)
    (copy / "app" / "desk" / ".streamlit" / "secrets.toml").write_text(author, encoding="utf-8")
    (copy / ".env").write_text(author, encoding="utf-8")
    yield copy
    shutil.rmtree(copy)
