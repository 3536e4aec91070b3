"""JSON of strangers: one meaning only, and nothing that cannot be stored."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_MAX_DEPTH = 16


class StrictDecoder(json.JSONDecoder):
    """Refuses what two readers may understand differently: a name given twice (RFC 8259 §4), NaN and Infinity (§6)."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- those of JSONDecoder
        super().__init__(**options | {"object_pairs_hook": _unique, "parse_constant": _refuse})


def loads(text: bytes | str) -> Any:  # noqa: ANN401 - JSON
    """Return the value of `text`.

    Raises:
        ValueError: if it is not strict JSON in UTF-8, or nested too deeply to be read.
    """
    try:
        return json.loads(text if isinstance(text, str) else text.decode(), cls=StrictDecoder)
    except RecursionError:
        raise ValueError("too deep") from None


def check_storable(value: object) -> None:
    """Check that Postgres can take `value` as jsonb: no NUL, half of a surrogate pair, infinite number or great depth.

    Raises:
        ValueError: if it cannot; the message holds nothing of the value.
    """
    _check_depth(value, _MAX_DEPTH)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError):
        raise ValueError("not storable") from None
    if "\\u0000" in text:
        raise ValueError("holds NUL")


def _check_depth(value: object, left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if not left:
        raise ValueError("too deep")
    for part in value.values() if isinstance(value, dict) else value:
        _check_depth(part, left - 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name twice")
    return read


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("no JSON number")
