"""CSV and XLSX for download, in which no text becomes a formula when a spreadsheet program opens it.

What people typed may begin with "=", and Excel would compute it: read other cells, and send them away by a link.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# https://owasp.org/www-community/attacks/CSV_Injection: at the start, also after quotes, blanks and characters without
# width, and as wide as Japanese ones. A semicolon, tab or line break inside a cell begins a new one where the list
# separator is another, as in most of Europe, and there quotes don't hold.
_SKIPPED = "\\s\"'`\u00ad\u200b-\u200f\u2060\ufeff"
_STARTS = "=+\\-@|%\uff1d\uff0b\uff0d\uff20\u2212"
_FORMULA = re.compile(f"(^|[;\t\r\n])(?=[{_SKIPPED}]*[{_STARTS}])")
_LEADING = re.compile("^(?=[\t\r\n])")

_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767


def to_csv(frame: pd.DataFrame) -> bytes:
    """Return `frame` as CSV in UTF-8, with a mark that Excel knows it by. The index is left out.

    Numbers stay numbers. Text that a spreadsheet program might compute gets an apostrophe in front; to get text back
    exactly as it was, use `to_xlsx`.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(_as_text(name) for name in frame.columns)
    writer.writerows([_as_text(value) for value in row] for row in frame.itertuples(index=False, name=None))
    return written.getvalue().encode("utf-8-sig", errors="replace")


def to_xlsx(frame: pd.DataFrame, sheet: str = "Data") -> bytes:
    """Return `frame` as an Excel workbook of one sheet. The index is left out.

    Text is stored as text, whatever it begins with; numbers, dates and truth values as such. Times with a zone are
    written as their clock shows them. Excel holds 32,767 characters in a cell: longer text ends in "…".

    Raises:
        ValueError: if there are more rows than a sheet holds.
    """
    if len(frame) >= _MOST_ROWS:
        raise ValueError(f"an Excel sheet holds {_MOST_ROWS - 1:,} rows; export fewer, or as CSV")
    workbook = openpyxl.Workbook(write_only=True)
    worksheet = workbook.create_sheet(sheet)
    worksheet.freeze_panes = "A2"
    worksheet.append([_cell(worksheet, str(name)) for name in frame.columns])
    for row in frame.itertuples(index=False, name=None):
        worksheet.append([_cell(worksheet, _plain(value)) for value in row])
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def _plain(value: Any) -> str | int | float | Decimal | dt.date | dt.time | dt.timedelta | None:  # noqa: ANN401 -- a cell
    """Return one of the types that both formats know; None for whatever stands for a missing value."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, dt.datetime | dt.time):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.date | dt.timedelta | int) or (isinstance(value, float | Decimal) and math.isfinite(value)):
        return value
    return str(value)


def _as_text(value: object) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    if not isinstance(plain, str):
        return str(plain)
    return _LEADING.sub("'", _FORMULA.sub(r"\1'", plain.replace("\0", "")))


def _cell(worksheet: Any, value: Any) -> Any:  # noqa: ANN401 -- openpyxl's
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value).encode(errors="replace").decode()
    if len(text) > _LONGEST_CELL:
        text = text[: _LONGEST_CELL - 1] + "…"
    cell = WriteOnlyCell(worksheet, text)
    # openpyxl takes text that begins with "=" for a formula; the mark keeps it text when somebody edits it.
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell
