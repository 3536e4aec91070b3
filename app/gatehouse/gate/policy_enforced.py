"""A look at the author's scripts, without running them: do they enforce the page rules of policy.toml?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MODULES = ("gatehouse", "gatehouse.access")
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True)
class Require:
    """A call of gatehouse.require with a page's name. `where`: file and line."""

    page: str
    where: str


@dataclass(frozen=True)
class Enforced:
    """What enforces page rules. `navigation`: gatehouse.navigation is called somewhere."""

    navigation: bool
    required: tuple[Require, ...]


def enforced(app_dir: Path) -> Enforced:
    """Find the calls of gatehouse.navigation and gatehouse.require in the .py files of the author's folder."""
    navigation = False
    required = []
    for path in sorted(_scripts(app_dir)):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue  # what Python cannot read enforces nothing
        names = _names(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            function = names.get(ast.unparse(call.func)) if isinstance(call.func, ast.Name | ast.Attribute) else None
            navigation |= function == "navigation"
            page = _page(call) if function == "require" else None
            if page is not None:
                required.append(Require(page, f"{path.relative_to(app_dir)}: line {call.lineno}"))
    return Enforced(navigation, tuple(required))


def _scripts(folder: Path) -> Iterator[Path]:
    try:
        paths = list(folder.iterdir())
    except OSError:
        return  # nor does Streamlit see what is in there
    for path in paths:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path.name not in _SKIPPED:
            yield from _scripts(path)
        elif path.suffix == ".py" and path.is_file():
            yield path


def _names(tree: ast.Module) -> dict[str, str]:
    """Return under which names the file calls our functions, such as `gatehouse.require` or an alias."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in _MODULES:
                    prefix = alias.asname or alias.name
                    names |= {f"{prefix}.{name}": name for name in ("navigation", "require")}
                if alias.name.startswith("gatehouse.") and not alias.asname:
                    names |= {f"gatehouse.{name}": name for name in ("navigation", "require")}
        elif isinstance(node, ast.ImportFrom) and node.module in _MODULES and not node.level:
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
    return names


def _page(call: ast.Call) -> str | None:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "page")]
    return next(
        (value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)), None
    )
