"""What people upload every day, and what must be accepted: by name, the file's name and its content."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Callable
from typing import NamedTuple

import PIL.Image

from unit.gatehouse.uploads.making import (
    SHEET,
    TYPES,
    dictionary,
    pdf,
    picture,
    rezipped,
    sheet_xml,
    with_action,
    with_annotation,
    workbook,
)


class Good(NamedTuple):
    """One such file; `make` returns its content."""

    name: str
    make: Callable[[], bytes]


def _photo() -> bytes:
    """As a phone writes it: turned, with a place, a comment, and a second picture of more colours."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Phone"
    exif.get_ifd(0x8825)[1] = "N"
    first, second = (PIL.Image.new("RGB", (400, 300), color) for color in ("red", "gray"))
    written = io.BytesIO()
    first.save(written, "mpo", save_all=True, append_images=[second], exif=exif)
    return written.getvalue()


def _dated() -> bytes:
    return workbook(("day", "amount", "note"), (dt.date(2026, 11, 25), 12.5, "x"), (dt.date(2026, 11, 26), 3, None))


def _linked() -> bytes:
    return with_annotation(Subtype="/Link", A=dictionary(S="/URI", URI="https://example.com"))


def _illustrated() -> bytes:
    return rezipped(workbook(), {"xl/media/image1.jpg": picture("jpeg") + os.urandom(3_000_000)})


def _texts() -> bytes:
    texts = "".join(f"<si><t>text {number}</t></si>" for number in range(100_000))
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{row}</v></c></row>' for row in range(1, 1001))
    start = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    kind = '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument'
    declared = f'{kind}.spreadsheetml.sharedStrings+xml"/></Types>'.encode()
    return rezipped(
        workbook(),
        {
            SHEET: sheet_xml(cells),
            "xl/sharedStrings.xml": f"{start}{texts}</sst>".encode(),
            TYPES: lambda before: before.replace(b"</Types>", declared),
        },
    )


GOOD = {
    "CSV": Good("orders.csv", lambda: b"item,amount\nChair,120.50\nDesk,80\n"),
    "CSV of Excel": Good("orders.csv", "\ufeffitem;amount\r\nStühle;3\r\n".encode),
    "CSV in UTF-16 with tabs": Good("orders.csv", lambda: "item\tamount\nStühle\t3\n".encode("utf-16")),
    "CSV with quotes and line breaks": Good("orders.csv", lambda: b'item,note\nChair,"said ""yes"",\nand paid"\n'),
    "CSV with blank rows and columns": Good("orders.csv", lambda: b"item,amount,,\n\nChair,3,,\n,,,\n"),
    "CSV of codes": Good("codes.csv", lambda: b"zip,big\n01234,99999999999999999999\n04109,1\n"),
    "CSV of one column": Good("mails.CSV", lambda: b"mail\nann@example.com\n"),
    "CSV of 100,000 rows": Good("long.csv", lambda: b"a,b\n" + b"1,2\n" * 100_000),
    "CSV with headings alone": Good("none.csv", lambda: b"item,amount\n"),
    "workbook": Good("orders.xlsx", workbook),
    "workbook with dates": Good("orders.xlsx", _dated),
    "workbook of 5,000 rows": Good("orders.xlsx", lambda: workbook(("a", "b"), *[(n, "x") for n in range(5000)])),
    "workbook with a photo of 3 MB": Good("a.xlsx", _illustrated),
    "workbook of 100,000 shared texts": Good("a.xlsx", _texts),
    "PNG": Good("logo.png", lambda: picture("png")),
    "PNG with transparency": Good("logo.png", lambda: picture("png", mode="RGBA")),
    "PNG of a palette": Good("logo.png", lambda: picture("png", mode="P")),
    "PNG in black and white": Good("scan.png", lambda: picture("png", mode="1")),
    "JPEG": Good("photo.JPG", lambda: picture("jpeg")),
    "JPEG in gray": Good("photo.jpeg", lambda: picture("jpeg", mode="L")),
    "JPEG for print": Good("photo.jpg", lambda: picture("jpeg", mode="CMYK")),
    "JPEG of a phone": Good("IMG_0001.jpg", _photo),
    "WebP": Good("photo.webp", lambda: picture("webp")),
    "PDF": Good("receipt.pdf", pdf),
    "PDF of 20 pages": Good("Rechnung Nr. 5 (März).pdf", lambda: pdf(pages=20)),
    "PDF with a link": Good("receipt.pdf", _linked),
    "PDF that opens at a page": Good("receipt.pdf", lambda: with_action(S="/GoTo", D="start")),
    "PDF with a line break at its end": Good("v1.2 final.pdf", lambda: pdf() + b"\r\n\r\n"),
    "JSON": Good("data.json", lambda: b'{"items": [1, 2.5, null, true, "\\ud83d\\ude00"]}'),
    "JSON with a mark": Good("data.json", '\ufeff["Größe", "a,b,[c]"]'.encode),
    "JSON 32 deep": Good("data.json", lambda: b"[" * 32 + b"]" * 32),
}
