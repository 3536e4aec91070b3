"""CSV: UTF-8 or UTF-16 text; commas, semicolons, tabs or bars between the cells; headings in the first row."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from gatehouse.uploads.contents import what_it_is
from gatehouse.uploads.kind import Kind, Refused, Table
from gatehouse.uploads.tables import frame_of

_SEPARATORS = ",;\t|"
# A number that pandas can hold as it is written: no leading zero, which codes have, and no more digits than fit.
_NUMBER = r"[+-]?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?"


@dataclass(frozen=True)
class Csv(Kind[Table]):
    """CSV files. A column of nothing but numbers becomes numbers, any other stays text; `text` leaves all as text."""

    label: ClassVar[str] = "a CSV file"
    max_mb: float = 10
    max_rows: int = 100_000
    max_columns: int = 200
    max_cells: int = 1_000_000
    text: bool = False

    @property
    def extensions(self) -> tuple[str, ...]:
        """Endings."""
        return ("csv",)

    def parse(self, name: str, content: bytes) -> Table:
        """Return the table."""
        if what_it_is(content):
            raise ValueError("not text")
        text = _decoded(content)
        read, lines = frame_of(
            _rows(text), max_rows=self.max_rows, max_columns=self.max_columns, max_cells=self.max_cells
        )
        frame = read.astype("str")
        return Table(name, frame if self.text else frame.apply(_typed), lines)


def _decoded(content: bytes) -> str:
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The file's text is not UTF-8; in Excel, save it as “CSV UTF-8” and choose it again.") from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    width = 0
    while True:
        begun = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Refused(
                f"Line {reader.line_num} is not CSV: a quote is open or in the wrong place, or it is too long."
            ) from None
        width = width or len(row)
        if row and len(row) < width:
            raise Refused(f"Line {reader.line_num} has {len(row)} cells, but there are {width} headings.")
        yield begun, row


def _separator(text: str) -> str:
    """The one that parts the first line into the most cells."""
    first = text.lstrip("\r\n")[:100_000].splitlines()[:1]
    return max(_SEPARATORS, key=lambda separator: len(next(csv.reader(first, delimiter=separator), [])))


def _typed(column: pd.Series[str]) -> pd.Series[str] | pd.Series[float]:
    written = column.dropna()
    if len(written) and written.str.fullmatch(_NUMBER).all():
        return pd.to_numeric(column)
    return column
