"""What the MDN HTTP Observatory would say of a page: its own grader, run on a stack that no scanner can reach."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from support.command import run
from support.stack import Stack


@dataclass(frozen=True)
class Grade:
    """What it says of a page.

    `score`: as on its site. `results`: of each of its tests, by name; `faults`: those that cost points. `url`: of the
    page, after all redirects.
    """

    score: int
    status: int
    url: str
    results: dict[str, str]
    faults: set[str]


def grade(stack: Stack, url: str, *, cookie: str = "") -> Grade:
    """Grade a page. `cookie`: of whoever opens it."""
    parts = urlsplit(url)
    asked = {
        "host": parts.hostname,
        "httpPort": int(stack.settings["HTTP_PORT"]),
        "httpsPort": parts.port,
        "path": parts.path + (f"?{parts.query}" if parts.query else ""),
        "headers": [f"Cookie: {cookie}"] if cookie else [],
    }
    script = Path(__file__).parent / "grade.mjs"
    # Certificates are checked: the grader would go on without, and deduct for it.
    told = json.loads(run(["env", f"NODE_EXTRA_CA_CERTS={stack.ca}", "node", script, json.dumps(asked)]).stdout)
    assert told["verified"], "the grader did not trust the certificate"
    results = {one["name"]: one["result"] for one in told["results"]}
    faults = {one["result"] for one in told["results"] if one["modifier"] < 0}
    return Grade(told["score"], told["status"], told["url"], results, faults)
