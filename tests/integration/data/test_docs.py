"""What the docs for authors say about data, run: each block of code, without what it calls BAD."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

import gatehouse
from gatehouse.data.asker import CachedForAll
from integration.postgres.server import Server
from support.command import ROOT
from support.viewing import seen_by

Postgres = gatehouse.PostgresConnection

TEXT = (ROOT / "docs/author/data.md").read_text(encoding="utf-8")
FRONT = (ROOT / "docs/author.md").read_text(encoding="utf-8")
SECTIONS = [FRONT.partition(f"## {name}\n")[2].partition("\n## ")[0] for name in ("SQL", "Caches")]
BLOCKS = re.findall(r"```(python|sql)\n(.*?)```", "\n".join([TEXT, *SECTIONS]), re.DOTALL)
TABLES = """
    create table orders (id bigint, city text, filed_at timestamptz, seen boolean);
    create table city (name text);
    insert into orders values (1, 'Bern', now(), false), (2, 'Basel', now(), false);
"""
GIVEN = {"city": "x' or 'a'='a", "number": 1, "part": "er", "choice": "City"}


@pytest.fixture(autouse=True)
def tables_of_the_docs(server: Server) -> Iterator[None]:
    server.superuser("ALTER TABLE app.note RENAME TO note_of_tests")
    with closing(server.connect("migrator")) as connection:
        connection.execute("SET ROLE owner")
        connection.execute(TABLES)
        for language, code in BLOCKS:
            if language == "sql":
                connection.execute(code.encode())
    yield
    server.superuser("DROP TABLE app.orders, app.city, app.note; ALTER TABLE app.note_of_tests RENAME TO note")


def parts(kind: str) -> list[str]:
    """The pieces of the Python blocks under a comment that begins with `kind`; a block without such is GOOD."""
    found = []
    for language, code in BLOCKS:
        pieces = re.split(r"^(?=# (?:BAD|GOOD)\b)", code, flags=re.MULTILINE)
        mine = [piece for piece in pieces if piece.startswith(f"# {kind}")]
        found += mine if len(pieces) > 1 else [code] * (language == "python" and kind == "GOOD")
    return [piece for piece in found if "creator=" not in piece]  # needs the stack: test_away.py


def test_the_good_ones_work(postgres: Postgres) -> None:
    names: dict[str, object] = {**GIVEN, "postgres": postgres}
    with seen_by("sam"):
        for piece in parts("GOOD"):
            exec(piece, names)  # noqa: S102 -- our own docs
    assert len(parts("GOOD")) == 4
    assert names["orders"].empty  # type: ignore[attr-defined]
    assert names["changed"] == 1


def test_the_bad_ones_are_bad_or_refused(postgres: Postgres) -> None:
    injected, cached = parts("BAD")
    with seen_by("sam"):
        assert len(eval(injected.split("\n", 1)[1].strip(), {**GIVEN, "postgres": postgres})) == 2  # noqa: S307
        names: dict[str, object] = {"postgres": postgres}
        exec("import streamlit as st\n" + cached, names)  # noqa: S102
        with pytest.raises(CachedForAll):
            names["mine"]()  # type: ignore[operator]


def test_a_note_of_the_docs_is_its_writers(postgres: Postgres) -> None:
    with seen_by("sam"):
        postgres.execute("insert into note values ('https://id.example', :subject, 'mine')", {"subject": "sam"})
        assert len(postgres.query("select * from note")) == 1
    with seen_by("mia"):
        assert postgres.query("select * from note").empty
