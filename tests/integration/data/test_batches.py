"""Large results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gatehouse
from support.viewing import seen_by

Postgres = gatehouse.PostgresConnection

MANY = "select n, md5(n::text) as text, now() as at, n * 0.01 as price from generate_series(1, :most) as n"


def resident(which: str) -> int:
    """VmRSS or VmHWM, the most since it was reset, of this process in bytes."""
    found = re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) * 1024


def test_a_million_rows_in_batches_need_little_memory(postgres: Postgres) -> None:
    rows = total = 0
    list(postgres.batches(MANY, {"most": 1}))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM starts anew, see proc(5)
    before = resident("VmRSS")
    for batch in postgres.batches(MANY, {"most": 1_000_000}, size=20_000):
        assert len(batch) <= 20_000
        rows += len(batch)
        total += int(batch["n"].sum())
    assert (rows, total) == (1_000_000, 500_000_500_000)
    assert resident("VmHWM") - before <= 200 * 1024**2


def test_a_batch_that_is_left_gives_the_connection_back(postgres: Postgres) -> None:
    for _ in range(25):  # more than the pool has
        for batch in postgres.batches(MANY, {"most": 100}, size=10):
            assert len(batch) == 10
            break


def test_batches_are_the_viewers(postgres: Postgres, notes: None) -> None:
    def bodies() -> list[str]:
        found = postgres.batches("select body from note order by id", size=1)
        return [body for batch in found for body in batch["body"]]

    with seen_by("mia"):
        assert bodies() == ["mia 1"]
    with seen_by("sam"):
        assert bodies() == ["sam 1", "sam 2"]
    assert bodies() == []


def test_batches_are_those_of_who_asked_for_them(postgres: Postgres, notes: None) -> None:
    with seen_by("sam"):
        asked = postgres.batches("select body from note")
    assert sum(len(batch) for batch in asked) == 2
    with pytest.raises(ValueError, match="size=0"):
        postgres.batches("select 1", size=0)
