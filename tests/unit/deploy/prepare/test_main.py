"""The job as it is run: what it says, where, and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from unit.deploy.prepare.trees import Secrets


def run(root: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "SECRETS_DIR": str(root)}
    command = [sys.executable, "-m", "deploy.prepare"]
    return subprocess.run(command, env=environment | settings, capture_output=True, text=True, check=False)


def test_first_and_second_run(empty: Secrets) -> None:
    first = run(empty.root)
    assert (first.returncode, first.stderr) == (0, "")
    assert "generated 13 secrets\n" in first.stdout
    assert "front CA for localhost: created, valid to 20" in first.stdout
    second = run(empty.root)
    assert (second.returncode, second.stdout, second.stderr) == (0, "nothing to do\n", "")


def test_a_bad_setting_stops_it_before_anything_is_made(empty: Secrets) -> None:
    refused = run(empty.root, DOMAIN="Example.org", PORT="https")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert [line.partition(" ")[0] for line in refused.stderr.splitlines()] == ["DOMAIN='Example.org'", "PORT='https'"]
    assert list(empty.root.iterdir()) == []


def test_problems_are_lines_without_values_or_tracebacks(tree: Secrets) -> None:
    tree.put("app/cookie_secret", b"hunter2")
    tree.put("reconcile/operator_secret", b"")
    refused = run(tree.root)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert len(refused.stderr.splitlines()) == 2
    assert all(line.startswith("secrets/") for line in refused.stderr.splitlines())
    assert "hunter2" not in refused.stderr


def test_a_tree_that_cannot_be_worked_on_is_one_line(tmp_path: Path) -> None:
    refused = run(tmp_path / "nowhere")
    assert refused.returncode == 1
    assert refused.stderr == f"{tmp_path}/nowhere: is not a folder; mount the folder of secrets there\n"
