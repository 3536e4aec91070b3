"""Find calls in an author's scripts that run code if what they read came from somebody else.

`python -m gatehouse.dangerous_calls FOLDER` prints one line for each, in the form FILE:LINE: CALL: what to do.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

from gatehouse.author_scripts import Script, scripts

# A line that ends so was looked at: what it reads is the app's own.
TRUSTED = "# trusted"

_DATA = "a pickle runs code when it is read; use JSON, CSV or Parquet"
_PICKLES = ("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal")
_UNPICKLING = {
    **{f"{name}.{call}": _DATA for name in _PICKLES for call in ("load", "loads", "Unpickler")},
    **dict.fromkeys(("jsonpickle.decode", "pandas.read_pickle", "shelve.open"), _DATA),
    "yaml.unsafe_load": "use yaml.safe_load",
    "yaml.unsafe_load_all": "use yaml.safe_load_all",
}
_SAFE_LOADERS = frozenset({"yaml.SafeLoader", "yaml.CSafeLoader", "yaml.BaseLoader"})
_BUILTINS = {"eval": "use ast.literal_eval or a parser", "exec": "never run text as code"}


@dataclass(frozen=True)
class DangerousCall:
    """One such call: where it stands, its full name, and what to do instead."""

    path: Path
    line: int
    call: str
    instead: str


def find(folder: Path) -> list[DangerousCall]:
    """Return the dangerous calls in all scripts below `folder`, by file and line."""
    return [call for script in scripts(folder) for call in _calls(script)]


def _calls(script: Script) -> list[DangerousCall]:
    names = _imported(script.tree)
    found = []
    for node in ast.walk(script.tree):
        if not isinstance(node, ast.Call):
            continue
        call = _full_name(node.func, names)
        instead = _instead(call, node, names)
        if instead and not script.lines[node.lineno - 1].rstrip().endswith(TRUSTED):
            found.append(DangerousCall(script.path, node.lineno, call, instead))
    return sorted(found, key=lambda call: call.line)


def _imported(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: {"pd": "pandas", "loads": "pickle.loads"}."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = _full_name(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _instead(call: str, node: ast.Call, names: dict[str, str]) -> str:
    call = call.removeprefix("builtins.")
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    if call in _BUILTINS:
        return "" if node.args and isinstance(node.args[0], ast.Constant) else _BUILTINS[call]
    if call == "torch.load":
        return "" if _is_true(options.get("weights_only")) else "say weights_only=True"
    if call == "numpy.load":
        allowed = options.get("allow_pickle", node.args[2] if len(node.args) > 2 else None)
        return "leave allow_pickle out" if allowed is not None and not _is_false(allowed) else ""
    if call in ("yaml.load", "yaml.load_all"):
        loader = options.get("Loader", node.args[1] if len(node.args) > 1 else None)
        safe = loader is not None and _full_name(loader, names) in _SAFE_LOADERS
        return "" if safe else "use yaml.safe_load"
    return _UNPICKLING.get(call, "")


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def main() -> None:
    """Print what was found; the exit code is 0 in any case, since it is for the author to judge."""
    for call in find(Path(sys.argv[1])):
        sys.stdout.write(f"{call.path}:{call.line}: {call.call}: {call.instead}\n")


if __name__ == "__main__":
    main()
