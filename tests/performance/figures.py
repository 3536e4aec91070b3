"""From measurements to figures: paired ratios with their intervals, on a machine that others use too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TypeVar

Found = TypeVar("Found")

# Student's t, 97.5 %, for 1, 2, … degrees of freedom.
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09)


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % confidence interval; of a single measurement the interval is not known."""

    mean: float
    low: float = math.nan
    high: float = math.nan

    def as_percent_over(self) -> str:
        """A ratio as what it is over one: "+1.2 % (+0.4 … +2.0)"."""
        mean, low, high = (_known(f"{100 * (value - 1):+.1f}", value) for value in (self.mean, self.low, self.high))
        return f"{mean} % ({low} … {high})"

    def as_times(self) -> str:
        """How many times as much: "9.6 times (9.1 … 10.2)"."""
        mean, low, high = (_known(f"{value:.3g}", value) for value in (self.mean, self.low, self.high))
        return f"{mean} times ({low} … {high})"

    def as_milliseconds(self) -> str:
        """A time in milliseconds: "0.41 ms (0.39 … 0.43)"."""
        mean, low, high = (_known(f"{value:.2f}", value) for value in (self.mean, self.low, self.high))
        return f"{mean} ms ({low} … {high})"

    def as_one_in(self) -> str:
        """A small ratio: "1/120 (1/140 … 1/110)"."""
        mean, low, high = (_known(f"1/{1 / value:.3g}", value) for value in (self.mean, self.low, self.high))
        return f"{mean} ({low} … {high})"


def _known(text: str, value: float) -> str:
    return "?" if math.isnan(value) else text


def alternate(*measures: Callable[[], Found], pairs: int) -> tuple[list[Found], ...]:
    """Measure all in turn, A B B A: what speeds the machine up or slows it down meets all alike."""
    found: tuple[list[Found], ...] = tuple([] for _ in measures)
    for number in range(pairs):
        order = list(zip(measures, found, strict=True))
        for measure, values in order if number % 2 == 0 else reversed(order):
            values.append(measure())
    return found


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The geometric mean of the pairs' ratios; the outer fifths, which others' work has spoilt, are left out."""
    logs = sorted(math.log(a / b) for a, b in zip(over, under, strict=True))
    cut = len(logs) // 5
    return math.exp(fmean(logs[cut : len(logs) - cut]))


def interval(rounds: Sequence[float]) -> Interval:
    """The mean of positive figures, one from each round, and Student's interval of their logarithms.

    Rounds start fresh processes: two processes of one program differ by up to some percent for as long as they live
    (memory layout, hash seed), which no number of pairs within them would show.
    """
    logs = [math.log(value) for value in rounds]
    mean = fmean(logs)
    if len(logs) < 2:
        return Interval(math.exp(mean))
    half = _T[min(len(logs) - 1, len(_T)) - 1] * stdev(logs) / math.sqrt(len(logs))
    return Interval(math.exp(mean), math.exp(mean - half), math.exp(mean + half))
