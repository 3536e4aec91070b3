"""The bar chart of a section."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from performance.figures import Interval
from performance.plot import Bar, Plot
from performance.report import Section, write

PLOT = Plot("tries", "times <as> fast", [Bar("one & two", Interval(10, 8, 12)), Bar("three", Interval(0.5))])


def test_a_longer_bar_is_a_better_figure_and_the_words_are_text() -> None:
    picture = ET.fromstring(PLOT.svg())  # noqa: S314 -- our own
    bars = [float(bar.get("width", "")) for bar in picture.iter() if bar.get("class") == "bar"]
    assert bars[0] > bars[1] == 0
    words = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert {"times <as> fast", "one & two", "10"} <= set(words)


def test_a_section_shows_its_plot(tmp_path: Path) -> None:
    write([Section("One", "how", [["a"], ["1"]], PLOT)], tmp_path / "performance.md")
    assert "![times <as> fast](images/performance/tries.svg)" in (tmp_path / "performance.md").read_text()
    assert (tmp_path / "images/performance/tries.svg").read_text() == PLOT.svg()
