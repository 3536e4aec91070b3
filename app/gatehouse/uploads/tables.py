"""Rows of cells become a DataFrame, counted while they are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from gatehouse.uploads.kind import Refused

# What a cell of a spreadsheet can hold.
_LONGEST_CELL = 32_767
# What pandas and Postgres hold exactly, in 64 bits.
_LARGEST_NUMBER = 2**63 - 1
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def frame_of(
    rows: Iterable[tuple[int, Sequence[object]]], *, max_rows: int, max_columns: int, max_cells: int
) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """Return the rows as a DataFrame, and their numbers in the file.

    The first that is not blank holds the headings, blank ones are skipped.

    Args:
        rows: each with its number in the file; they are not read beyond the bounds.
        max_rows: at most so many, without the headings.
        max_columns: at most so many cells in a row.
        max_cells: at most so many in all, blank ones included.

    Raises:
        Refused: naming the row that is beyond a bound or not like the others.
    """
    names: list[str] = []
    columns: list[list[object]] = []
    lines: list[int] = []
    cells = 0
    for number, row in rows:
        cells += max(len(row), 1)
        if cells > max_cells:
            raise Refused(f"The table has more than {max_cells:,} cells; split it into smaller ones.")
        values = _without_blank_end([_cell(value, number) for value in row])
        if len(values) > max_columns:
            raise Refused(f"Row {number} has more than {max_columns:,} columns.")
        if not values:
            continue
        if not names:
            names = _headings(values, number)
            columns = [[] for _ in names]
            continue
        lines.append(number)
        if len(lines) > max_rows:
            raise Refused(f"The table has more than {max_rows:,} rows; split it into smaller ones.")
        if len(values) > len(names):
            raise Refused(f"Row {number} has {len(values)} cells, but there are only {len(names)} headings.")
        for index, column in enumerate(columns):
            column.append(values[index] if index < len(values) else None)
    if not names:
        raise Refused("The table is empty: it has no headings.")
    return pd.DataFrame(dict(zip(names, columns, strict=True)), columns=names), tuple(lines)


def _cell(value: object, number: int) -> object:
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        raise Refused(f"Row {number} has a number that is too large; write it as text.")
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_CELL:
        raise Refused(f"Row {number} has a cell of more than {_LONGEST_CELL:,} characters.")
    if _CONTROL.search(value):
        raise Refused(f"Row {number} contains control characters; it is no plain text.")
    return value if value.strip() else None


def _without_blank_end(values: list[object]) -> list[object]:
    while values and values[-1] is None:
        values.pop()
    return values


def _headings(values: list[object], number: int) -> list[str]:
    names = ["" if value is None else str(value).strip() for value in values]
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            raise Refused(f"Column {position} has no heading in row {number}.")
        if len(name) > 200:
            raise Refused(f"The heading of column {position} has more than 200 characters.")
        if name in seen:
            raise Refused(f"Columns {seen[name]} and {position} have the same heading.")
        seen[name] = position
    return names
