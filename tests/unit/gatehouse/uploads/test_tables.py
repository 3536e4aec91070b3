from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from gatehouse import uploads
from unit.gatehouse.uploads.good_files import GOOD
from unit.gatehouse.uploads.making import SHEET, rezipped, sheet_xml, workbook


def csv(content: bytes, *, text: bool = False) -> pd.DataFrame:
    return uploads.check(content, uploads.Csv(text=text), name="a.csv").frame


def xlsx(content: bytes, sheet: str = "") -> pd.DataFrame:
    return uploads.check(content, uploads.Xlsx(sheet=sheet), name="a.xlsx").frame


@pytest.mark.parametrize("case", ["CSV of Excel", "CSV in UTF-16 with tabs"])
def test_what_excel_saves_is_read_as_it_was_meant(case: str) -> None:
    frame = csv(GOOD[case].make())
    assert frame.to_dict("records") == [{"item": "Stühle", "amount": 3}]


def test_quotes_and_line_breaks_belong_to_the_cell() -> None:
    frame = csv(GOOD["CSV with quotes and line breaks"].make())
    assert frame["note"][0] == 'said "yes",\nand paid'


def test_blank_rows_and_columns_are_left_out() -> None:
    frame = csv(GOOD["CSV with blank rows and columns"].make())
    assert frame.to_dict("records") == [{"item": "Chair", "amount": 3}]


def test_codes_stay_text_and_numbers_become_numbers() -> None:
    frame = csv(b"zip,big,price,note,mixed\n01234,99999999999999999999,1.5,NA,1\n04109,1,-2e3,None,x\n")
    assert frame["zip"].tolist() == ["01234", "04109"]
    assert frame["big"].tolist() == ["99999999999999999999", "1"]
    assert frame["price"].tolist() == [1.5, -2000]
    assert frame["note"].tolist() == ["NA", "None"]
    assert frame["mixed"].tolist() == ["1", "x"]


def test_all_stays_text_where_that_was_asked_for() -> None:
    assert csv(b"amount\n1.10\n2\n", text=True)["amount"].tolist() == ["1.10", "2"]


def test_empty_cells_are_missing() -> None:
    frame = csv(b"a,b\n,x\n1,  \n")
    assert frame.isna().to_numpy().tolist() == [[True, False], [False, True]]


def test_a_formula_in_a_csv_is_only_text() -> None:
    assert csv(b"a\n=1+1\n")["a"].tolist() == ["=1+1"]


def test_dates_and_numbers_of_a_workbook_stay_so() -> None:
    frame = xlsx(GOOD["workbook with dates"].make())
    assert frame["day"].tolist() == [pd.Timestamp(2026, 11, 25), pd.Timestamp(2026, 11, 26)]
    assert frame["amount"].tolist() == [12.5, 3]
    assert frame["note"].isna().tolist() == [False, True]


def test_a_formula_gives_its_stored_value_and_is_never_computed() -> None:
    heading = '<row r="1"><c r="A1" t="inlineStr"><is><t>sum</t></is></c></row>'
    cells = heading + '<row r="2"><c r="A2"><f>1+1</f><v>7</v></c></row>'
    assert xlsx(rezipped(workbook(), {SHEET: sheet_xml(cells)}))["sum"].tolist() == [7]


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    lying = rezipped(
        workbook(("a", "b"), (1, 2)), {SHEET: lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')}
    )
    assert xlsx(lying).to_dict("records") == [{"a": 1, "b": 2}]


def test_a_sheet_that_is_not_there_is_named() -> None:
    with pytest.raises(uploads.Refused, match="no sheet “Orders”"):
        xlsx(workbook(), sheet="Orders")


def test_bounds_are_the_authors() -> None:
    kind = uploads.Csv(max_rows=2)
    assert len(uploads.check(b"a\n1\n2\n", kind, name="a.csv").frame) == 2
    with pytest.raises(uploads.Refused, match="more than 2 rows"):
        uploads.check(b"a\n1\n2\n3\n", kind, name="a.csv")


def test_each_run_of_the_script_has_a_frame_of_its_own() -> None:
    table = uploads.check(b"a\n1\n", uploads.Csv(), name="a.csv")
    frame = table.again().frame
    frame.loc[0, "a"] = 9
    assert table.frame["a"].tolist() == [1]


def test_a_day_is_a_day() -> None:
    assert xlsx(workbook(("a",), (dt.datetime(2026, 1, 1, 9, 30),)))["a"][0] == pd.Timestamp("2026-01-01 09:30")  # noqa: DTZ001
