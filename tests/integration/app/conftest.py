from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stack import Stack


@pytest.fixture(scope="package")
def database(run_folder: Path) -> Iterator[Stack]:
    """A project of which only Postgres runs, its roles and tables made."""
    project = Stack(f"{run_folder.name}-app", run_folder / "app")
    try:
        project.compose("up", "--detach", "--wait", "--no-build", "postgres", timeout=180)
        project.job("roles")
        project.job("migrate")
        yield project
    finally:
        project.down()
