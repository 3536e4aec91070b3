from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import gatehouse
from gatehouse.audit_values import MAX_DETAIL_BYTES

MADE_UP: Callable[[], object] = object


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gatehouse.gate.live", raising=False)


def line(caplog: pytest.LogCaptureFixture) -> str:
    (record,) = [record for record in caplog.records if record.name == "gatehouse.auditing"]
    assert record.levelno == logging.WARNING, "plain Streamlit shows nothing less"
    return record.getMessage()


def test_without_a_gate_it_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    gatehouse.audit("request.approved", 17, amount=Decimal("10.50"), on=date(2026, 1, 2), by=UUID(int=1), ok=None)
    told = '{"amount": "10.50", "on": "2026-01-02", "by": "00000000-0000-0000-0000-000000000001", "ok": null}'
    assert line(caplog) == f"audit (only a row behind the gate): developer@localhost: request.approved 17 {told}"
    assert gatehouse.audit_trail() == []


def test_it_can_be_called_again() -> None:
    """A module of the same name would stand in the function's place from its first use on."""
    for _ in range(2):
        gatehouse.audit("looked", "x")
        gatehouse.audit_trail()


def test_detail_may_have_any_name(caplog: pytest.LogCaptureFixture) -> None:
    gatehouse.audit("named", "x", action="a", object="b", subject="c")
    assert line(caplog).endswith('{"action": "a", "object": "b", "subject": "c"}')


@pytest.mark.parametrize("action", ["", "Approved", "a b", "1st", "a" * 65, "a\n", None, 7, "é"])
def test_what_is_no_action_is_refused(action: Any, caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401
    with pytest.raises(gatehouse.AuditError, match=r"^action .+: is no name for a deed; use "):
        gatehouse.audit(action, "x")
    assert not caplog.records


@pytest.mark.parametrize("target", ["", "a\nb", "x" * 201, "\0", "\ud800", None, True, 1.5, ["x"]])
def test_what_is_no_object_is_refused(target: Any) -> None:  # noqa: ANN401
    with pytest.raises(gatehouse.AuditError, match="^object"):
        gatehouse.audit("looked", target)


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        [1, {"deep": float("-inf")}],
        MADE_UP(),
        b"\xff",
        CIRCLE,
        "\ud800",
        "zero \0",
        {"\0": 1},
        pytest.param(10**5000, id="too many digits"),
    ],
)
def test_what_is_no_json_is_refused_by_name(value: object) -> None:
    with pytest.raises(gatehouse.AuditError, match=r"^detail 'wrong': .+; (give|leave) "):
        gatehouse.audit("looked", "x", right=1, wrong=value)


def test_a_backslash_is_no_zero_character(caplog: pytest.LogCaptureFixture) -> None:
    gatehouse.audit("looked", "x", path="C:\\u0000")
    assert '"C:\\\\u0000"' in line(caplog)


def test_too_large_a_detail_is_refused_with_its_size() -> None:
    room = MAX_DETAIL_BYTES - len('{"note": ""}')
    gatehouse.audit("looked", "x", note="é" * (room // 2))
    with pytest.raises(gatehouse.AuditError, match=f"^detail: {MAX_DETAIL_BYTES + 2} bytes as JSON, at most 8192; "):
        gatehouse.audit("looked", "x", note="é" * (room // 2 + 1))


def test_a_transaction_that_is_none_is_refused() -> None:
    with pytest.raises(gatehouse.AuditError, match="^transaction: is a PosixPath; give "):
        gatehouse.audit("looked", "x", transaction=Path())  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_is_bounded(limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit={limit}: must be from 1 to 1000"):
        gatehouse.audit_trail(limit=limit)
