"""The examples in the docs, so that tests can run them."""

from __future__ import annotations

import re

from support.command import ROOT

_FENCE = re.compile(r"^```python\n# (GOOD|BAD): (.+)\n((?:.*\n)*?)```$", re.MULTILINE)


def snippets(page: str, verdict: str) -> dict[str, str]:
    """Return the code of each block of `docs/page` whose first line is `# GOOD: title` or `# BAD: title`, by title."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return {title: code for judged, title, code in _FENCE.findall(text) if judged == verdict}
