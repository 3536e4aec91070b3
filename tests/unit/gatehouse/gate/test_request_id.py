from __future__ import annotations

import pytest

from gatehouse.gate.request_id import application_name, current, remember

ID = "0123456789abcdef0123456789abcdef"


def scope(*values: str) -> dict[str, object]:
    return {"headers": [(b"x-request-id", value.encode()) for value in values]}


def test_what_nginx_gave_is_current_until_the_next_request() -> None:
    remember(scope(ID))
    assert current() == ID
    assert application_name("app") == f"app {ID}"
    remember(scope())
    assert (current(), application_name("app")) == ("", "app")


@pytest.mark.parametrize("values", [("'; DROP TABLE x",), (ID.upper(),), (f"{ID}\n",), ("",), (ID, ID)])
def test_anything_else_is_none(values: tuple[str, ...]) -> None:
    remember(scope(*values))
    assert current() == ""


def test_postgres_can_hold_it() -> None:
    remember(scope(ID))
    assert len(application_name("a" * 63)) == 63
    assert application_name("a" * 63).endswith(ID)
