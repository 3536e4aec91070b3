from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gatehouse import warming


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was imported."""
    names: list[str] = []
    monkeypatch.setattr(warming, "importlib", SimpleNamespace(import_module=names.append))
    return names


def test_packages_that_the_scripts_import_are_loaded(tmp_path: Path, imported: list[str]) -> None:
    (tmp_path / "main.py").write_text("import numpy.linalg\ndef later():\n    from psycopg import sql\n", "utf-8")
    warming.load(tmp_path)
    assert {"numpy.linalg", "psycopg", "pandas"} <= set(imported)


def test_the_authors_own_modules_and_what_is_not_there_are_not(tmp_path: Path, imported: list[str]) -> None:
    (tmp_path / "main.py").write_text("import beside, numpy, nowhere\nfrom . import near\n", "utf-8")
    for name in ("beside.py", "near.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit", "utf-8")
    warming.load(tmp_path)
    assert not {"beside", "numpy", "nowhere", "near"} & set(imported)


def test_a_package_that_fails_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "main.py").write_text("import broken", "utf-8")
    installed = tmp_path / "installed"
    (installed / "broken-1.dist-info").mkdir(parents=True)
    (installed / "broken-1.dist-info/METADATA").write_text("Name: broken\nVersion: 1\n", "utf-8")
    (installed / "broken-1.dist-info/top_level.txt").write_text("broken", "utf-8")
    (installed / "broken.py").write_text("raise RuntimeError('no licence')", "utf-8")
    monkeypatch.setattr(sys, "path", [str(installed), *sys.path])
    warming.load(tmp_path)
    assert "broken: no licence" in caplog.text
