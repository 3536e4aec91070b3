"""A tree of secrets of its own for each test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from unit.deploy.prepare.trees import Secrets


def _needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("files are given to other users, which needs root: run it in the tools image")


@pytest.fixture
def empty(tmp_path: Path) -> Secrets:
    """A folder with nothing in it."""
    _needs_root()
    root = tmp_path / "secrets"
    root.mkdir()
    return Secrets(root)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree that was prepared once, for localhost; never changed."""
    _needs_root()
    root = tmp_path_factory.mktemp("prepared") / "secrets"
    root.mkdir()
    assert Secrets(root).prepare().problems == []
    return root


@pytest.fixture
def tree(prepared: Path, tmp_path: Path) -> Secrets:
    """A copy of that tree, for one test."""
    subprocess.run(["cp", "--archive", prepared, tmp_path / "secrets"], check=True)
    return Secrets(tmp_path / "secrets")
