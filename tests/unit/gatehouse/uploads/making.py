"""Small files, made as their programs make them, and bent as an attacker bends them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import openpyxl
import PIL.Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

TYPES = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows: tuple[Any, ...]) -> bytes:
    """An Excel workbook of these rows."""
    book = openpyxl.Workbook()
    for row in rows or (("item", "amount"), ("Chair", 120.5)):
        book.active.append(row)  # type: ignore[union-attr]
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook."""
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def rezipped(content: bytes, changes: Mapping[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """The archive with these parts changed or added."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after:
        parts = {name: before.read(name) for name in before.namelist()}
        for name, change in changes.items():
            parts[name] = change(parts[name]) if callable(change) else change
        for name, data in parts.items():
            after.writestr(name, data)
    return written.getvalue()


def sheet_xml(inner: str, before: str = "") -> bytes:
    """A worksheet of this XML."""
    opening = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return f'<?xml version="1.0"?>{before}{opening}{inner}</sheetData></worksheet>'.encode()


def picture(form: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:  # noqa: ANN401
    """An image with a gradient, so that something is in it."""
    image = PIL.Image.linear_gradient("L").resize(size).convert(mode)
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that announces a size, and whose few bytes unpack to black rows."""
    rows = zlib.compress(b"\0" * min((width + 7) // 8 * height + height, 20_000_000), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def webp_of_size(width: int, height: int) -> bytes:
    """A small WebP whose header announces another size."""
    small = picture("webp", (40, 30), lossless=True)
    bits = int.from_bytes(small[21:25], "little") >> 28 << 28
    return small[:21] + (bits | (height - 1) << 14 | (width - 1)).to_bytes(4, "little") + small[25:]


def pdf(change: Callable[[PdfWriter], object] = lambda _writer: None, pages: int = 1) -> bytes:
    """A PDF of blank pages, changed."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    change(writer)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def with_action(**entries: str) -> bytes:
    """A PDF that starts this action when it is opened."""
    return pdf(lambda writer: writer.root_object.update({NameObject("/OpenAction"): dictionary(**entries)}))


def with_annotation(**entries: Any) -> bytes:  # noqa: ANN401
    """A PDF with this annotation on its page."""

    def annotate(writer: PdfWriter) -> None:
        annotation = dictionary(Type="/Annot", **entries)
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(annotation)])  # noqa: SLF001

    return pdf(annotate)


def dictionary(**entries: Any) -> DictionaryObject:  # noqa: ANN401
    """A dictionary of names and texts."""
    return DictionaryObject(
        {
            NameObject(f"/{key}"): value
            if not isinstance(value, str)
            else NameObject(value)
            if value.startswith("/")
            else TextStringObject(value)
            for key, value in entries.items()
        }
    )


def raw_pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF written by hand: its objects, numbered from 1."""
    written = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return written + b"trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)


PAGE = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R>>")
