"""A town for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.acme.town import Town
from support.artifacts import save_logs
from support.stack import Stack


@pytest.fixture(scope="module")
def town(parts: Stack, run_folder: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """nginx with the local CA's certificate, Pebble, and acme that has not started."""
    made = Town(parts)
    try:
        made.start()
        yield made
    finally:
        if request.session.testsfailed:
            save_logs(parts, run_folder / "artifacts")
            (run_folder / "artifacts" / "pebble.log").write_text(made.world_log(), encoding="utf-8")
        made.remove()
