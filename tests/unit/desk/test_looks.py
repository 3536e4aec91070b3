from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from looks import day, money


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(Decimal("1240.00"), "€1,240"), (Decimal("38.5"), "€38.50"), (0, "€0"), (Decimal("999999.99"), "€999,999.99")],
)
def test_money(amount: Decimal | int, shown: str) -> None:
    assert money(amount) == shown


def test_day() -> None:
    assert day(datetime(2026, 3, 5, 23, 59, tzinfo=UTC)) == "5 March 2026"
