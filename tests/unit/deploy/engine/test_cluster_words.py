"""What the words for a cluster refuse before they ask any engine but this machine's own."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.command import run
from support.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def say(shell: Shell, word: str, to: str) -> CompletedProcess[str]:
    script = shell.directory / "deploy/engine/cluster.sh"
    return run([script, word], check=False, env=os.environ | {"TO": to}, cwd=shell.directory)


@pytest.mark.parametrize("to", ["", "Staging", "../staging", "a b"])
def test_an_environment_must_be_named(shell: Shell, to: str) -> None:
    refused = say(shell, "deploy", to)
    assert refused.returncode != 0
    assert refused.stderr.startswith(
        "Error: say where: make deploy TO=staging (./deploy/cluster/environments has a file"
    )


def test_what_is_no_checkout_has_no_version(shell: Shell) -> None:
    refused = say(shell, "deploy", "staging")
    assert refused.returncode != 0
    assert "Error: this is no git checkout; a version needs a commit to be named by" in refused.stderr


def test_a_work_tree_with_changes_is_not_rolled_out(shell: Shell) -> None:
    run(["git", "init", "--quiet"], cwd=shell.directory)
    refused = say(shell, "deploy", "staging")
    assert refused.returncode != 0
    assert refused.stderr.startswith("Error: the work tree has changes, such as ")
    assert "commit or stash them" in refused.stderr
