"""XLSX: the values of one sheet; nothing in it that runs, or that reaches out of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import fromstring

import openpyxl
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from gatehouse.uploads.archive import opened
from gatehouse.uploads.kind import Kind, Refused, Table
from gatehouse.uploads.tables import frame_of
from gatehouse.uploads.xml_scan import check_xml

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACROS = re.compile(r"vbaproject|vbadata|macrosheets/|dialogsheets/|activex/", re.IGNORECASE)
_OUTSIDE = re.compile(
    r"externallinks/|embeddings/|oleobject|/connections\.xml|querytables/|webextensions/", re.IGNORECASE
)
# All but sheets and their text is read at once, into objects far larger than itself.
_SHEETS = re.compile(r"xl/(worksheets/[^/]+|sharedstrings)\.xml", re.IGNORECASE)
_LARGEST_PART = 2_000_000


@dataclass(frozen=True)
class Xlsx(Kind[Table]):
    """Excel workbooks without macros. Formulas give the value that was stored with them; dates and numbers stay so.

    `sheet` is the name of the sheet to read; without it, the one that was open when the workbook was saved.
    """

    label: ClassVar[str] = "an Excel workbook (.xlsx)"
    max_mb: float = 10
    max_rows: int = 50_000
    max_columns: int = 200
    max_cells: int = 500_000
    sheet: str = ""

    @property
    def extensions(self) -> tuple[str, ...]:
        """Endings."""
        return ("xlsx",)

    def parse(self, name: str, content: bytes) -> Table:
        """Return the table."""
        with opened(content, max_unpacked=100_000_000) as archive:
            _check_parts(archive)
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        frame, lines = frame_of(
            self._rows(workbook), max_rows=self.max_rows, max_columns=self.max_columns, max_cells=self.max_cells
        )
        return Table(name, frame, lines)

    def _rows(self, workbook: openpyxl.Workbook) -> Iterator[tuple[int, Sequence[object]]]:
        sheet = workbook.active
        if self.sheet:
            if self.sheet not in workbook.sheetnames:
                raise Refused(f"The workbook has no sheet “{self.sheet}”.")
            sheet = workbook[self.sheet]
        if not isinstance(sheet, ReadOnlyWorksheet):
            raise Refused("The workbook was saved with a chart open; open the sheet of rows, save it, and try again.")
        # What the sheet says of its own size may be wrong, and would be believed.
        sheet.reset_dimensions()
        return enumerate(sheet.values, start=1)


def _check_parts(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        part = entry.filename
        if _MACROS.search(part):
            raise Refused("The workbook contains macros; save it as .xlsx without them.")
        if _OUTSIDE.search(part):
            raise Refused("The workbook has links to other files, or objects in it; copy the values to a new one.")
        if check_xml(archive, entry) and entry.file_size > _LARGEST_PART and not _SHEETS.fullmatch(part):
            raise Refused("The workbook has unusually large parts; copy the values to a new one.")
    types = archive.read("[Content_Types].xml")
    if b"macroenabled" in types.lower():
        raise Refused("The workbook contains macros; save it as .xlsx without them.")
    if _WORKBOOK not in {element.get("ContentType") for element in fromstring(types)}:  # noqa: S314 -- see check_xml
        raise Refused("The file is no Excel workbook, but another Office file.")
    for part in archive.namelist():
        if part.lower().endswith(".rels"):
            _check_links(archive.read(part))


def _check_links(relations: bytes) -> None:
    for relation in fromstring(relations):  # noqa: S314 -- see check_xml
        outside = relation.get("TargetMode", "").lower() == "external"
        if outside and not relation.get("Type", "").endswith("/hyperlink"):
            raise Refused("The workbook takes content from elsewhere; copy the values to a new one.")
