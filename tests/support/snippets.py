"""The examples in the docs, so that tests can run them."""

from __future__ import annotations

import re

from support.command import ROOT

_FENCE = re.compile(r"^```python\n# (GOOD|BAD): (.+)\n((?:.*\n)*?)```$", re.MULTILINE)


def for_authors() -> str:
    """The text of docs/author.md and of the pages below docs/author."""
    pages = [ROOT / "docs/author.md", *sorted((ROOT / "docs/author").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def snippets(verdict: str) -> dict[str, str]:
    """Return the code of each block for authors whose first line is `# GOOD: title` or `# BAD: title`, by title."""
    text = for_authors()
    return {title: code for judged, title, code in _FENCE.findall(text) if judged == verdict}
