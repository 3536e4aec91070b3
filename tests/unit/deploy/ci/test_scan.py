"""deploy/ci/scan.sh: what it makes of a scanner's verdicts. The real one needs the internet, so something stands in."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.command import ROOT, run

# Finds something in a list that says so, as grype does with --fail-on; it exits with 2 then.
SCANNER = """#!/usr/bin/env bash
echo "$*" >>"$SCANNED"
if [[ $(cat) == *CVE* ]]; then exit 2; fi
"""


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    (tmp_path / "docker").write_text(SCANNER, encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "sbom").mkdir()
    return tmp_path / "sbom"


def scan(lists: Path) -> CompletedProcess[str]:
    folder = lists.parent
    path = f"{folder}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "SCANNED": str(folder / "scanned")}
    return run([ROOT / "deploy/ci/scan.sh", lists], check=False, env=environment)


@pytest.mark.parametrize(("bad", "code"), [("", 0), ("app", 1), ("nginx", 1)])
def test_each_list_is_scanned_and_one_finding_fails_all(lists: Path, bad: str, code: int) -> None:
    for name in ("app", "nginx"):
        (lists / f"{name}.cdx.json").write_text("CVE-1" if name == bad else "{}", encoding="utf-8")
    assert scan(lists).returncode == code
    commands = (lists.parent / "scanned").read_text(encoding="utf-8").splitlines()
    assert len(commands) == 2
    assert all("@sha256:" in command and "--fail-on high" in command for command in commands)


def test_no_lists_are_no_clean_ones(lists: Path) -> None:
    done = scan(lists)
    assert done.returncode == 1
    assert "holds no lists; make sbom writes them" in done.stderr
