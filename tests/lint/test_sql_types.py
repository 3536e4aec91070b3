"""SQL that was built with a value does not pass the type checker: PostgresConnection takes LiteralString.

mypy takes every str for a LiteralString (https://github.com/python/mypy/issues/12554), so this is ty's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import ROOT, run

HEAD = """
from psycopg import sql
import gatehouse

def page(postgres: gatehouse.PostgresConnection, name: str, number: int, newest: bool) -> None:
    base = "select * from note"
    {line}
"""

GOOD = [
    'postgres.query("select * from note where name = :name", {"name": name}, ttl="10m")',
    'postgres.query(base + " where id = :id" + (" order by id" if newest else ""), {"id": number})',
    'postgres.query("\\n".join([base, "limit 1"]))',
    'postgres.query(sql.SQL("select * from {}").format(sql.Identifier(name)))',
    'postgres.execute("delete from note where id = :id", {"id": number}) + 1',
    'list(postgres.batches(f"{base} limit :most", {"most": number}, size=10))',
]
BAD = [
    "postgres.query(f\"select * from note where name = '{name}'\")",
    'postgres.query(base + " where id = " + str(number))',
    "postgres.query(\"select * from note where name = '%s'\" % name)",
    'postgres.query("select * from note where name = {}".format(name))',
    "postgres.query(name)",
    'postgres.execute(f"delete from {name}")',
    'postgres.batches(f"select * from {name}")',
    "[cursor.execute(name) for cursor in [postgres.transaction().__enter__()]]",
    'sql.SQL(f"select * from {name}")',
]


@pytest.mark.parametrize(("line", "passes"), [(line, True) for line in GOOD] + [(line, False) for line in BAD])
def test_only_sql_without_values_passes(line: str, passes: bool, tmp_path: Path) -> None:  # noqa: FBT001
    script = tmp_path / "page.py"
    script.write_text(HEAD.replace("{line}", line), encoding="utf-8")
    found = run(["ty", "check", "--extra-search-path", ROOT / "app", script], check=False, cwd=tmp_path)
    assert (found.returncode == 0) == passes, found.stdout
    assert passes or "LiteralString" in found.stdout, found.stdout
