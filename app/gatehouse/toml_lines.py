"""Where in a TOML text a key stands: tomllib tells the line of a syntax error, but of nothing else."""

from __future__ import annotations

import tomllib


def line_of(text: str, keys: tuple[str, ...]) -> int:
    """Return the number of the line on which the key `keys` begins (the first line of all if it is nowhere).

    It lets tomllib read ever more lines: the key stands after the last beginning of the text that lacks it.
    """
    lines = text.splitlines()
    start = 1
    for end in range(len(lines) + 1):
        try:
            tables = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # it ends inside a value of several lines
        if _holds(tables, keys):
            return start
        start = end + 1
    return 1


def _holds(tables: object, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True
