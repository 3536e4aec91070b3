"""A bar chart as a small SVG: rectangles and words, the same file for the same figures.

Drawn here in a few lines, because a plotting library would bring ten packages for one kind of picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from performance.figures import Interval

_LEFT, _WIDTH, _ROW, _TOP = 210, 760, 22, 34
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}.bar{fill:#0b7285}.grid{stroke:#d0d7de}"
    ".spread{stroke:#24292f}.paper{fill:#fff}"
)


@dataclass(frozen=True)
class Bar:
    """One figure: so many times as good."""

    name: str
    times: Interval


@dataclass(frozen=True)
class Plot:
    """`name`: of its file. `title`: what the bars are. `bars`: from top to bottom."""

    name: str
    title: str
    bars: Sequence[Bar]

    def svg(self) -> str:
        """The picture: bars on a logarithmic scale from 1, with the interval as a line."""
        most = max(_top(bar.times) for bar in self.bars)
        decades = max(1.0, math.log10(most) * 1.12)
        height = _TOP + _ROW * len(self.bars) + 24

        def x(value: float) -> float:
            return round(_LEFT + (_WIDTH - _LEFT - 60) * max(0.0, math.log10(value)) / decades, 1)

        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style>",
            f'<rect class="paper" width="{_WIDTH}" height="{height}"/>',
            f'<text x="{_LEFT}" y="20">{escape(self.title)}</text>',
        ]
        for mark in (step * 10**power for power in range(5) for step in (1, 2, 5)):
            if math.log10(mark) <= decades:
                parts.append(f'<path class="grid" d="M{x(mark)} {_TOP - 4}V{height - 20}"/>')
                parts.append(f'<text x="{x(mark)}" y="{height - 6}" text-anchor="middle">{mark}</text>')
        for number, bar in enumerate(self.bars):
            y = _TOP + _ROW * number
            times = bar.times
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(bar.name)}</text>')
            parts.append(f'<rect class="bar" x="{_LEFT}" y="{y + 2}" width="{x(times.mean) - _LEFT:.1f}" height="14"/>')
            if not math.isnan(times.low):
                parts.append(f'<path class="spread" d="M{x(times.low)} {y + 9}H{x(times.high)}"/>')
            parts.append(f'<text x="{x(_top(times)) + 6}" y="{y + 13}">{times.mean:.3g}</text>')
        return "\n".join([*parts, "</svg>"]) + "\n"


def _top(times: Interval) -> float:
    return times.mean if math.isnan(times.high) else times.high
