"""JSON: UTF-8, one meaning only, and no deeper or larger than asked for."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import ClassVar

from gatehouse.gate.strict_json import StrictDecoder
from gatehouse.uploads.kind import Data, Kind, Refused

# Possessive, and content with an open end: each character is looked at once.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_STRUCTURE = re.compile(r"[\[\]{},]")
_LONGEST_NUMBER = 40
_SURROGATES = frozenset(map(chr, range(0xD800, 0xE000)))


@dataclass(frozen=True)
class Json(Kind[Data]):
    """JSON files. `max_values` counts what arrays and objects hold, at all depths."""

    label: ClassVar[str] = "a JSON file"
    max_mb: float = 5
    max_depth: int = 32
    max_values: int = 500_000

    @property
    def extensions(self) -> tuple[str, ...]:
        """Endings."""
        return ("json",)

    def parse(self, name: str, content: bytes) -> Data:
        """Return the data."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused("The file's text is not UTF-8, as JSON has to be; save it as UTF-8.") from None
        self._check_structure(text)
        try:
            value = json.loads(text, cls=StrictDecoder, parse_int=_integer, parse_float=_float)
        except json.JSONDecodeError as error:
            raise Refused(f"The file is not JSON: line {error.lineno}, column {error.colno} is wrong.") from None
        except Refused:
            raise
        except ValueError as error:
            raise Refused(_WORDS.get(str(error), "The file is not JSON that all programs read alike.")) from None
        _check_text(value)
        return Data(name, value)

    def _check_structure(self, text: str) -> None:
        """Bound depth and number before anything is built: an empty list takes 20 times its two characters."""
        depth = values = 0
        for mark in _STRUCTURE.findall(_STRING.sub("", text)):
            depth += (mark in "[{") - (mark in "]}")
            values += mark in "[{,"
            if depth > self.max_depth:
                raise Refused(f"The data is nested more than {self.max_depth} levels deep.")
            if values > self.max_values:
                raise Refused(f"The file holds more than {self.max_values:,} values.")


_WORDS = {
    "a name twice": "The file gives a name twice within one object.",
    "no JSON number": "The file holds NaN or Infinity, which JSON does not have.",
}


def _integer(digits: str) -> int:
    _check_length(digits)
    return int(digits)


def _float(digits: str) -> float:
    _check_length(digits)
    if not math.isfinite(number := float(digits)):
        raise Refused("The file holds a number that is too large.")
    return number


def _check_length(digits: str) -> None:
    if len(digits) > _LONGEST_NUMBER:
        raise Refused(f"The file holds a number of more than {_LONGEST_NUMBER} digits.")


def _check_text(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text or not _SURROGATES.isdisjoint(text):
        raise Refused("The file holds characters that are no text.")
