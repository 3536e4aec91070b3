"""docs/performance.md: one section for each figure, replaced by the run that measures it anew."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import docker

from performance.plot import Plot
from support.command import ROOT

PAGE = ROOT / "docs" / "performance.md"
_PICTURES = "images/performance"

_PREAMBLE = """# Performance

Written by `make bench`, which measures the product and plain Streamlit from the same image, on the same machine, in
turns. Each section says when and where; a run replaces the sections that it measures. CPU time is the whole
container's, as the kernel counts it: it suffers less than a clock from what else the machine does, but not nothing.
Intervals are 95 %, over rounds with fresh processes.
"""


@dataclass(frozen=True)
class Section:
    """One figure. `how`: how it was measured, in a few sentences. `table`: its head first."""

    title: str
    how: str
    table: Sequence[Sequence[str]]
    plot: Plot | None = None

    def text(self) -> str:
        """The section in Markdown, with the day and the machine."""
        picture = f"![{self.plot.title}]({_PICTURES}/{self.plot.name}.svg)\n\n" if self.plot else ""
        return f"## {self.title}\n\n{picture}{_rows(self.table)}\n\n{self.how}\n\n*{_where()}*\n"


def write(sections: Sequence[Section], page: Path = PAGE) -> None:
    """Put sections into the page; those of other figures stay as they are."""
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    kept = {part.partition("\n")[0]: f"## {part}" for part in re.split(r"^## ", before, flags=re.MULTILINE)[1:]}
    kept |= {section.title: section.text() for section in sections}
    for plot in (section.plot for section in sections if section.plot):
        (page.parent / _PICTURES).mkdir(parents=True, exist_ok=True)
        (page.parent / _PICTURES / f"{plot.name}.svg").write_text(plot.svg(), encoding="utf-8")
    page.write_text("\n".join([_PREAMBLE, *(text.rstrip() + "\n" for text in kept.values())]), encoding="utf-8")


def _rows(table: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in table]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _where() -> str:
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    processor = model[1].strip() if model else os.uname().machine
    engine = docker.from_env().version()["Version"]
    load = os.getloadavg()[2]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores ({processor}), engine {engine}, app on one core; "
        f"load average of the last quarter of an hour {load:.1f}, this measurement included."
    )
