"""The generated secrets as needles: each is random, so that finding one anywhere means that this one leaked."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

_PUBLIC = {".crt"}
# Base64 of a part of a longer text depends on where the part begins, modulo 3; the characters at its ends also on its
# neighbours, and are left out.
_SHIFTS = ((0, 0), (1, 2), (2, 3))


def needles(folder: Path) -> dict[str, str]:
    """Map each spelling of each secret below `folder` to the file that it is from (the first, if it has copies)."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _PUBLIC:
            for value in _values(path):
                for spelling in spellings(value):
                    found.setdefault(spelling, str(path.relative_to(folder)))
    return found


def spellings(value: str) -> Iterator[str]:
    """A value as it stands, percent-encoded, and inside base64 (of HTTP Basic, say), for each way it may be aligned."""
    yield value
    yield quote(value, safe="")
    for shift, skip in _SHIFTS:
        encoded = base64.b64encode(b"\0" * shift + value.encode()).decode()
        yield encoded[skip:].rstrip("=")[:-1]


def _values(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8").strip()
    if path.suffix == ".key":
        # Any line of the body; the first holds the algorithm too, and the last may be short.
        body = [line for line in text.splitlines() if not line.startswith("-----")]
        yield max(body[1:], key=len)
    elif path.suffix == ".toml":
        for value in _leaves(tomllib.loads(text)):
            if len(value) >= 16:
                yield value
    elif text:
        yield text


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
