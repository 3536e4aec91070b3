from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

DESK = Path(__file__).parents[3] / "app" / "desk"
# Streamlit puts the folder of the script there.
sys.path.insert(0, str(DESK))

if TYPE_CHECKING:
    from people import Viewer


@pytest.fixture
def desk() -> Path:
    """The folder of the example app."""
    return DESK


@pytest.fixture
def claims() -> dict[str, object]:
    """What the platform's provider says of a signed-in person."""
    return {
        "is_logged_in": True,
        "iss": "https://id.localhost:8443/realms/apps",
        "sub": "5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01",
        "name": "Sam Okafor",
        "email": "sam@example.com",
        "groups": ["Engineering"],
        "roles": ["staff"],
    }


@pytest.fixture
def nobody() -> Viewer:
    """A viewer without any role."""
    from people import Viewer  # noqa: PLC0415 -- found only since the path was set above

    return Viewer("https://id.localhost:8443/realms/apps", "1", "Sam", "sam@example.com", "Engineering", frozenset())


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer."""
    from psycopg import OperationalError  # noqa: PLC0415

    def down(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("streamlit.connection", down)
