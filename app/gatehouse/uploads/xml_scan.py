"""A look at the XML in an archive, before a library builds objects of it that take many times its size."""

from __future__ import annotations

import zipfile
from typing import NoReturn
from xml.parsers import expat

from gatehouse.uploads.kind import Refused

_CHUNK = 256 * 1024
# A row of a sheet has up to 16,384 cells of up to three elements.
_MOST_IN_A_ROW = 100_000
_MOST_TEXTS = 500_000


def check_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Tell whether a part of a workbook is XML; each is looked at, for which of them are sheets the workbook says.

    No document type means no entity. defusedxml would refuse entities while openpyxl reads, at half its speed, and
    would not count.

    Raises:
        Refused: if it declares a document type, or would take far more memory than its size.
    """
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = _Count().started
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            try:
                parser.Parse(chunk)
            except expat.ExpatError:
                return False
            # Not even a cell full of text is so long: it is one element with a million attributes.
            if len(chunk) == _CHUNK and b">" not in chunk:
                _refuse_excess()
    return True


class _Count:
    """Elements since the last row began, and texts that cells share."""

    def __init__(self) -> None:
        self._inside = self._texts = 0

    def started(self, name: str, _attributes: object) -> None:
        """Count one element."""
        local = name.rpartition(":")[2]
        if local in ("row", "si"):
            self._inside = 0
            self._texts += local == "si"
        self._inside += 1
        if self._inside > _MOST_IN_A_ROW or self._texts > _MOST_TEXTS:
            _refuse_excess()


def _refuse_document_type(*_declared: object) -> NoReturn:
    raise Refused("The workbook declares XML entities, which no spreadsheet program does.")


def _refuse_excess() -> NoReturn:
    raise Refused("The workbook has unusually large parts; copy the values to a new one.")
