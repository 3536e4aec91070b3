"""What a file is by its first bytes, whatever it is called."""

from __future__ import annotations

_BEGINNINGS = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"PK\x03\x04", "a ZIP archive or an Office file"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or password-protected Office file"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"PAR1", "a Parquet file"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"#!", "a script"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<?php", b"<%")


_OWN = {"a PDF": ("pdf",), "a PNG image": ("png",), "a JPEG image": ("jpg", "jpeg"), "a WebP image": ("webp",)}
_OWN["a ZIP archive or an Office file"] = ("xlsx",)


def what_else_it_is(content: bytes, extension: str) -> str:
    """Return what `content` looks like, with its article, or "" if that is what `extension` says, or unknown."""
    what = what_it_is(content)
    return "" if extension in _OWN.get(what, ()) else what


def what_it_is(content: bytes) -> str:
    """Return what `content` looks like, with its article, or "" if nothing is known of it, as of plain text."""
    for beginning, what in _BEGINNINGS:
        if content.startswith(beginning):
            return what
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "a WebP image"
    text = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "a web page or XML" if text.startswith(_MARKUP) else ""
