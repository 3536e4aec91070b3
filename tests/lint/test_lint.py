"""Linters, types and the syntax of all that is not Python: what can be judged without running the product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.command import ROOT, run
from support.stack import Stack


def files() -> list[Path]:
    """The files that are in git or would be by `git add -A`."""
    # The checkout may belong to another user than the one that runs the tests.
    git = ["git", "-c", f"safe.directory={ROOT}"]
    listed = run([*git, "ls-files", "--cached", "--others", "--exclude-standard"]).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def texts() -> dict[Path, str]:
    found = {}
    for path in files():
        try:
            found[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
    return found


@pytest.mark.parametrize("command", ["ruff check --quiet", "ruff format --check --quiet"])
def test_ruff(command: str) -> None:
    run([*command.split(), "--no-cache", "."])


@pytest.mark.parametrize("folder", ["app/gatehouse", "deploy", "tests"])
def test_mypy(folder: str, run_folder: Path) -> None:
    run(["mypy", "--cache-dir", run_folder / "mypy", folder], timeout=300)


def test_shellcheck() -> None:
    shell = [path for path, text in texts().items() if path.suffix == ".sh" or re.match(r"#!.*\b(ba|da)?sh\b", text)]
    assert shell
    run(["shellcheck", "--external-sources", *shell])


def test_shell_scripts_stop_at_errors() -> None:
    for path, text in texts().items():
        if re.match(r"#!.*\b(ba|da)?sh\b", text):
            assert text.startswith("#!/usr/bin/env bash\n"), path
            alone = text.splitlines()[1].startswith("exec ")
            assert alone or "\nset -o errexit -o nounset -o pipefail\n" in text, path
            assert path.stat().st_mode & 0o111, f"{path} is not executable"


def test_hadolint() -> None:
    run(["hadolint", ROOT / "Dockerfile"])


def test_compose_configuration() -> None:
    run(["docker", "compose", "config", "--quiet"])


def test_nginx_configuration(parts: Stack) -> None:
    parts.job("prepare")
    parts.job("nginx", "nginx", "-t")


def test_requirements_are_pinned_by_hash_and_name_no_index() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        for requirement in re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, re.DOTALL | re.MULTILINE):
            name = requirement.split()[0]
            assert re.search(r"==\S+", name), f"{path}: {name}"
            assert "--hash=sha256:" in requirement, f"{path}: {name}"


def test_nothing_ties_the_checkout_to_a_registry_or_a_machine() -> None:
    ties = {
        "a package index": r"\b((extra-)?index-url|find-links)[ =]+\w+://",
        "an image registry": r"(?im)^\s*(FROM|image:)\s+(--\S+\s+)*[\w-]+(\.[\w-]+)+(:\d+)?/",
        "a home folder": r"(?<![\w.$}])/(home|Users)/[a-z]\w*/|/root[/](?!\.cache|\.m2|\.pki)",
    }
    for path, text in texts().items():
        for tie, pattern in ties.items():
            found = re.search(pattern, text)
            assert not found, f"{path} names {tie}: {found[0]}"


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from shelve import open as opened",
        "import joblib",
        "import pandas as pd\n\npd.read_pickle(__file__)",
        "import numpy as np\n\nprint(eval(input()))",
        "import yaml\n\nyaml.load(input(), yaml.Loader)",
    ],
)
def test_nothing_unpickles(code: str) -> None:
    command = [
        "ruff",
        "check",
        "--no-cache",
        "--quiet",
        "--select=S,TID",
        "--stdin-filename",
        "app/gatehouse/new.py",
        "-",
    ]
    assert run(command, check=False, stdin=f"{code}\n").returncode == 1
