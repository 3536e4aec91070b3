"""What the benchmarks make of their measurements, and where they keep it."""

from __future__ import annotations

from pathlib import Path

import pytest

from performance.figures import Interval, alternate, interval, ratio
from performance.report import Section, write


def test_both_are_measured_in_turn_and_neither_is_always_first() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return float(len(order))

    assert alternate(lambda: measure("a"), lambda: measure("b"), pairs=3) == ([1, 4, 5], [2, 3, 6])
    assert order == list("abbaab")


def test_a_spoilt_pair_does_not_move_the_ratio() -> None:
    assert ratio([2, 2, 2, 2, 900], [1, 1, 1, 1, 1]) == pytest.approx(2)


def test_interval_of_rounds_is_students() -> None:
    # Student's t for 2 degrees of freedom is 4.30: exp(±4.30 · stdev / √3) about the geometric mean.
    found = interval([1 / 1.1, 1, 1.1])
    assert (found.mean, found.low, found.high) == pytest.approx((1, 0.789, 1.267), abs=1e-3)


def test_figures_as_people_read_them() -> None:
    assert Interval(1.012, 1.004, 1.02).as_percent_over() == "+1.2 % (+0.4 … +2.0)"
    assert interval([0.01]).as_one_in() == "1/100 (? … ?)"


def test_a_section_replaces_its_former_self_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    write([Section("One", "how", [["a"], ["1"]]), Section("Two", "how", [["b"], ["2"]])], page)
    write([Section("One", "how", [["a"], ["3"]])], page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Performance\n")
    assert [text.count(part) for part in ("## One", "## Two", "| 1 |", "| 2 |", "| 3 |")] == [1, 1, 0, 1, 1]
