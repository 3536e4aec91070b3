"""The process that reads one PDF from standard input and says what is in it. Run by pdf_file.py, never imported."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import sys
from collections.abc import Iterator

import pypdf
from pypdf.generic import DictionaryObject, IndirectObject

_MEGABYTE = 1_000_000
# Address space: 60 MB of it are Python and pypdf.
_MEMORY = 350 * _MEGABYTE
_MOST_OBJECTS = 200_000

# Keys and kinds of action, by what they mean for whoever opens the file (ISO 32000-2, 12.6.4 and 7.11.4).
_KEYS = {
    "/JS": "script",
    "/JavaScript": "script",
    "/EmbeddedFile": "attachment",
    "/EmbeddedFiles": "attachment",
    "/EF": "attachment",
    "/RichMedia": "attachment",
    "/RichMediaContent": "attachment",
    "/XFA": "form",
}
_ACTIONS = {
    "/JavaScript": "script",
    "/Rendition": "script",
    "/RichMediaExecute": "script",
    "/Launch": "action",
    "/GoToR": "action",
    "/GoToE": "action",
    "/SubmitForm": "action",
    "/ImportData": "action",
    "/Movie": "action",
    "/Sound": "action",
}
_SUBTYPES = dict.fromkeys(("/FileAttachment", "/RichMedia", "/Movie", "/Screen"), "attachment")
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_WORDS = {rb"/JavaScript\b": "script", rb"/Launch\b": "action", rb"/EmbeddedFiles?\b": "attachment", rb"/XFA\b": "form"}


def _bound() -> None:
    """Take as little of the machine as a PDF needs. Windows, where only laptops are, has the caller's time limit."""
    try:
        import resource  # noqa: PLC0415 -- not everywhere
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _fault_of(dictionary: DictionaryObject) -> str | None:
    for key, reason in _KEYS.items():
        if key in dictionary:
            return reason
    for key, reasons in (("/S", _ACTIONS), ("/Subtype", _SUBTYPES), ("/Type", _KEYS)):
        value = dictionary.get(key)
        if isinstance(value, str) and value in reasons:
            return reasons[value]
    return None


def _objects(reader: pypdf.PdfReader) -> Iterator[object]:
    """All that the trailer leads to, then what the file lists besides; no viewer need agree on what is in use."""
    listed = {(number, generation) for generation, numbers in reader.xref.items() for number in numbers}
    listed |= {(number, 0) for number in reader.xref_objStm}
    seen: set[tuple[int, int]] = set()
    yield from _reached([reader.trailer], seen)
    for number, generation in listed - seen:
        # An entry that nothing leads to may be broken in a PDF that is well.
        with contextlib.suppress(pypdf.errors.PyPdfError, ValueError, KeyError, AssertionError):
            yield from _reached([IndirectObject(number, generation, reader)], seen)


def _reached(waiting: list[object], seen: set[tuple[int, int]]) -> Iterator[object]:
    while waiting:
        value = waiting.pop()
        if isinstance(value, IndirectObject):
            if (value.idnum, value.generation) in seen:
                continue
            seen.add((value.idnum, value.generation))
            value = value.get_object()
        yield value
        if isinstance(value, DictionaryObject):
            waiting.extend(value.raw_get(key) for key in value)
        elif isinstance(value, list):
            waiting.extend(value)


def judge(content: bytes) -> dict[str, object]:
    """Return {"pages": number} for a PDF that only shows something, or {"refused": reason}.

    Raises:
        Exception: of any kind, if it is no PDF that can be read.
    """
    reader = pypdf.PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        return {"refused": "encrypted"}
    for count, value in enumerate(_objects(reader)):
        if count > _MOST_OBJECTS:
            return {"refused": "many"}
        if isinstance(value, DictionaryObject) and (reason := _fault_of(value)):
            return {"refused": reason}
    # What an older revision or a damaged list hides from this reader may be found by another one.
    bare = _ESCAPED.sub(lambda escape: bytes([int(escape[1], 16)]), _STREAM.sub(b"", content))
    for word, reason in _WORDS.items():
        if re.search(word, bare):
            return {"refused": reason}
    return {"pages": len(reader.pages)}


def main() -> None:
    """Read, judge, answer; whatever goes wrong is said by the exit code alone."""
    _bound()
    logging.disable()
    sys.stderr = io.StringIO()
    try:
        answer = judge(sys.stdin.buffer.read())
    except (MemoryError, RecursionError, pypdf.errors.LimitReachedError):
        answer = {"refused": "many"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
