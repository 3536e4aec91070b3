"""Uploads, believed for what they hold and not for what they are called.

    receipt = uploads.uploader("Receipt", uploads.Pdf(), uploads.Image())

shows `st.file_uploader`, and returns the file once it is known to be one of these kinds and within bounds. What is
wrong with any other is said under the widget, in one sentence. `check` does the same for a file that is there already.
"""

from __future__ import annotations

from gatehouse.uploads.checking import check
from gatehouse.uploads.csv_file import Csv
from gatehouse.uploads.image_file import Image
from gatehouse.uploads.json_file import Json
from gatehouse.uploads.kind import Data, Document, File, Kind, Picture, Refused, Table, Upload
from gatehouse.uploads.names import safe_name
from gatehouse.uploads.pdf_file import Pdf
from gatehouse.uploads.widget import uploader
from gatehouse.uploads.xlsx_file import Xlsx

__all__ = [
    "Csv",
    "Data",
    "Document",
    "File",
    "Image",
    "Json",
    "Kind",
    "Pdf",
    "Picture",
    "Refused",
    "Table",
    "Upload",
    "Xlsx",
    "check",
    "safe_name",
    "uploader",
]
