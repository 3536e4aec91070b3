"""Load before the first visitor comes what would make that one wait, and let the garbage collector forget it."""

from __future__ import annotations

import ast
import gc
import importlib
import logging
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from gatehouse.author_scripts import scripts

# What Streamlit 1.67 imports when a script first needs it (tests/integration/app/test_warm.py).
_STREAMLITS = (
    "altair",
    "pandas",
    "pyarrow",
    "streamlit.dataframe.lazy_df_adapters",
    "streamlit.elements.arrow",
    "streamlit.elements.lib.built_in_chart_utils",
    "streamlit.runtime.caching.storage.local_disk_cache_storage",
    "streamlit.web.skills",
)

_log = logging.getLogger(__name__)


def load(folder: Path) -> None:
    """Import what Streamlit imports late, and the packages that the scripts in `folder` import.

    The author's own modules are not imported: they may call Streamlit, which is for a script that somebody runs.
    """
    for name in (*_STREAMLITS, *sorted(set(_packages(folder)))):
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 -- the script that needs it says more
            _log.warning("could not be imported before it is needed: %s: %s", name, error)
    _show_table_and_chart()


def _show_table_and_chart() -> None:
    """Have the libraries import what they do only when they are first used."""
    import altair as alt  # noqa: PLC0415 -- late, so that `load` tells of one that fails
    import pandas as pd  # noqa: PLC0415
    from streamlit.dataframe_util import convert_pandas_df_to_arrow_bytes  # noqa: PLC0415

    frame = pd.DataFrame({"number": [1.5], "word": ["one"]})
    str(frame)
    convert_pandas_df_to_arrow_bytes(frame)
    alt.Chart(frame).mark_line().encode(x="number", y="number", color="word").to_dict()


def freeze() -> None:
    """Take all that is there now for permanent: it is not looked through each time garbage is collected."""
    gc.collect()
    gc.freeze()


def _packages(folder: Path) -> Iterator[str]:
    """The modules of installed packages that are imported anywhere in the scripts, at any depth of their names."""
    installed = packages_distributions()
    for script in scripts(folder):
        for name in _imports(ast.walk(script.tree)):
            top = name.partition(".")[0]
            if top in installed and not (folder / top).exists() and not (folder / f"{top}.py").exists():
                yield name


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
