"""The scripts in an author's folder, parsed and not run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SKIPPED_FOLDERS = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages"})
_LARGEST = 1_000_000  # bytes


@dataclass(frozen=True)
class Script:
    """One script: its path inside the folder, its lines, and its syntax tree."""

    path: Path
    lines: list[str]
    tree: ast.Module


def scripts(folder: Path) -> Iterator[Script]:
    """Return the scripts below `folder`, in order; not what is no Python, of which Streamlit tells whoever opens it."""
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        wanted = _SKIPPED_FOLDERS.isdisjoint(inside.parts) and path.is_file() and path.stat().st_size <= _LARGEST
        if wanted and (script := _parsed(path, inside)):
            yield script


def _parsed(path: Path, inside: Path) -> Script | None:
    try:
        source = path.read_bytes()
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return Script(inside, source.decode(errors="replace").splitlines(), tree)
