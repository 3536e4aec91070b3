from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from looks import ago, day, money


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(Decimal("1240.00"), "€1,240"), (Decimal("38.5"), "€38.50"), (0, "€0"), (Decimal("999999.99"), "€999,999.99")],
)
def test_money(amount: Decimal | int, shown: str) -> None:
    assert money(amount) == shown


def test_day() -> None:
    assert day(datetime(2026, 3, 5, 23, 59, tzinfo=UTC)) == "5 March 2026"


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (-5, "just now"),
        (59, "59 min ago"),
        (60, "1 h ago"),
        (47 * 60, "47 h ago"),
        (3000, "2 days ago"),
    ],
)
def test_ago(minutes: int, shown: str) -> None:
    assert ago(datetime.now(UTC) - timedelta(minutes=minutes)) == shown
