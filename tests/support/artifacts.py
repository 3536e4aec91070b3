"""What is kept of a failed run: screenshots, the page's console, every service's log."""

from __future__ import annotations

import re
from pathlib import Path

from support.stack import Stack


def folder_for(artifacts: Path, node: str) -> Path:
    """The folder of one test's artifacts, made if it is missing. `node` is pytest's id of the test."""
    folder = artifacts / re.sub(r"[^A-Za-z0-9_.-]+", "-", node).strip("-")[-150:]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_logs(stack: Stack, artifacts: Path) -> None:
    """Write the log of each service of `stack`, and the state of all, into a folder named after its project."""
    folder = folder_for(artifacts, stack.project)
    state = stack.compose("ps", "--all", "--no-trunc", check=False)
    (folder / "ps.txt").write_text(state.stdout + state.stderr, encoding="utf-8")
    for service in stack.services():
        text = stack.logs(service)
        if text:
            (folder / f"{service}.log").write_text(text, encoding="utf-8")
