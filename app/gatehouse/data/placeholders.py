"""`:name` placeholders, as Streamlit's and SQLAlchemy's users write them, turned into psycopg's `%(name)s`.

Only Postgres's own lexical rules tell a placeholder from `::text`, `'12:30'`, `$$ :x $$` or `tags[1:2]`
(https://www.postgresql.org/docs/17/sql-syntax-lexical.html). SQLAlchemy's `text()` finds placeholders inside strings
and comments, and sqlparse misreads nested comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# One alternative for each kind of token in which a colon means nothing; what matches none is taken by the character.
_TOKEN = re.compile(
    r"""
      (?P<string> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<dollar> \$(?P<tag>(?:[^\W\d]\w*)?)\$ .*? \$(?P=tag)\$ )
    | (?P<comment> --[^\r\n]* )
    | (?P<block> /\* )
    | (?P<word> [\w$]+ )
    | (?P<colons> ::|:= )
    | :(?P<name> [^\W\d]\w* )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


class PlaceholderError(ValueError):
    """The names in the SQL and those in the parameters are not the same."""


@lru_cache(maxsize=1024)
def convert(sql: str) -> tuple[str, frozenset[str]]:
    """Return the SQL with psycopg's placeholders, and their names.

    A colon that ends an operand (`tags[low:high]`) is a slice's and not a placeholder's.
    """
    parts: list[str] = []
    names: set[str] = set()
    at = 0
    while at < len(sql):
        token = _TOKEN.match(sql, at)
        end = token.end() if token else at + 1
        if token and token["block"]:
            end = _end_of_comment(sql, end)
        if token and token["name"] and not _ends_operand(sql, at):
            names.add(token["name"])
            parts.append(f"%({token['name']})s")
        else:
            # psycopg reads every percent sign, in strings and comments too.
            parts.append(sql[at:end].replace("%", "%%"))
        at = end
    return "".join(parts), frozenset(names)


def check(names: frozenset[str], given: Mapping[str, object]) -> None:
    """Refuse parameters that are not exactly those named.

    Raises:
        PlaceholderError: names what is missing or left over, never a value.
    """
    if missing := sorted(names - given.keys()):
        raise PlaceholderError(f"the SQL has :{missing[0]}, but params has no {missing[0]!r}; add it to params")
    if extra := sorted(given.keys() - names):
        raise PlaceholderError(
            f"params has {extra[0]!r}, but the SQL has no :{extra[0]}; remove it, or write :{extra[0]}"
        )


def _ends_operand(sql: str, at: int) -> bool:
    before = sql[at - 1 : at]
    return before.isalnum() or before in ("_", "$", "]", ")", '"', "'") if before else False


def _end_of_comment(sql: str, at: int) -> int:
    """Comments nest. One that has no end reaches to the end of the text."""
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(sql, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return len(sql) if depth else at
