"""Versions of a clone's code, and what a cluster has of them."""

from __future__ import annotations

import re
from pathlib import Path

from support.cluster import STACK, Cluster
from support.command import run


def change(checkout: Path, words: str) -> None:
    """Commit another version of the app's code."""
    page = checkout / "app/desk/main.py"
    page.write_text(page.read_text(encoding="utf-8") + f"\n# {words}\n", encoding="utf-8")
    commit(checkout, words)


def commit(checkout: Path, words: str) -> None:
    """Commit what was changed."""
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@gate.test"]
    run(["git", "add", "--all"], cwd=checkout)
    run(["git", *who, "commit", "--quiet", "--message", words], cwd=checkout)


def undo(checkout: Path) -> None:
    """Take the last commit back."""
    run(["git", "reset", "--quiet", "--hard", "HEAD~1"], cwd=checkout)


def versions(cluster: Cluster) -> list[str]:
    """Versions of the app that have a service."""
    names = cluster.nodes[0].docker("service", "ls", "--format", "{{.Name}}").split()
    return [name for name in names if name.startswith(f"{STACK}_app-v")]


def history(cluster: Cluster, checkout: Path) -> list[str]:
    """Lines of attempts, newest first."""
    said = cluster.make(checkout, "history").stdout
    return [re.sub(r" +", " ", line) for line in said.splitlines() if re.match(r"v\d+ ", line)]
