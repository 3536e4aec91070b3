"""Whether everybody can use a page: axe-core's rules for WCAG 2.2 AA."""

from __future__ import annotations

import json
from importlib.resources import files

from playwright.sync_api import Page

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def judge(page: Page) -> None:
    """No rule is broken, and nothing is cut off."""
    page.evaluate(_AXE)
    found = page.evaluate("rules => axe.run(document, rules)", _RULES)["violations"]
    assert found == [], json.dumps(found, indent=1)[:4000]
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
