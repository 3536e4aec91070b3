"""What an entry of the audit trail may say: checked before the database is asked, and named where it is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from uuid import UUID

from pydantic_core import PydanticSerializationError, to_jsonable_python

MAX_DETAIL_BYTES = 8192
"""Of `detail` as JSON in UTF-8. The table takes twice as much: Postgres writes some of it longer."""

_ACTION = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
# As JSON has it: a backslash before it would make it six plain characters.
_ZERO_CHARACTER = re.compile(r"(?<!\\)(\\\\)*\\u0000")

REST = "write down where the rest can be found"


class AuditError(ValueError):
    """What was to be written can't be; says what is wrong with it. Nothing was written."""


def action_of(action: object) -> str:
    """Return the name of a kind of deed. Raises AuditError if it is none."""
    if not isinstance(action, str) or not _ACTION.fullmatch(action):
        raise AuditError(
            f"action {_shown(action)}: is no name for a deed; use up to 64 lower-case letters, digits and _.- "
            'as in "request.approved"'
        )
    return action


def object_of(given: object) -> str:
    """Return what was acted on as a line of text. Raises AuditError if it is none."""
    if not isinstance(given, str | int | UUID) or isinstance(given, bool):
        raise AuditError(f"object: is a {type(given).__name__}; give text, a number or a UUID")
    text = str(given)
    if not 1 <= len(text) <= 200 or not text.isprintable():
        raise AuditError(f"object {_shown(text)}: must be one line of 1 to 200 visible characters")
    return text


def detail_of(detail: Mapping[str, object]) -> str:
    """Return `detail` as JSON. Raises AuditError if it can't be stored, or is too large."""
    parts = []
    for key, value in detail.items():
        try:
            part = json.dumps({key: to_jsonable_python(value)}, allow_nan=False, ensure_ascii=False)
            part.encode()
        except (PydanticSerializationError, ValueError, RecursionError):
            raise AuditError(
                f"detail {_shown(key)}: a {type(value).__name__} that is no JSON; "
                "give text, finite numbers, lists or dicts"
            ) from None
        if _ZERO_CHARACTER.search(part):
            raise AuditError(f"detail {_shown(key)}: holds a zero character; leave it out")
        parts.append(part[1:-1])
    text = "{" + ", ".join(parts) + "}"
    if (size := len(text.encode())) > MAX_DETAIL_BYTES:
        raise AuditError(f"detail: {size} bytes as JSON, at most {MAX_DETAIL_BYTES}; {REST}")
    return text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
