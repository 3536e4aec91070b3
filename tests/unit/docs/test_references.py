"""What the docs for authors refer to is there: the tests of the table, and the places of links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.command import ROOT

FRONT = ROOT / "docs/author.md"
PAGES = [FRONT, *sorted((ROOT / "docs/author").glob("*.md"))]


def rows() -> list[list[str]]:
    """The cells of the table that says where each thing is done."""
    table = FRONT.read_text(encoding="utf-8").partition("| you know | here | test |\n|---|---|---|\n")[2]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


def test_each_row_names_tests_that_are_there() -> None:
    assert len(rows()) > 15
    for known, _, tests in rows():
        file = ""
        for path, name in re.findall(r"`([^`:]*)::(\w+)`", tests):
            file = path or file
            assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), f"{known}: {file}::{name}"
        assert file, known


def anchors(page: Path) -> set[str]:
    """What a link may name in `page`, as GitHub makes it of a heading."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target
