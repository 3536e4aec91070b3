"""The CI examples, as their forges' schemas and the linters for them judge them. Nothing here asks a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from support.command import ROOT, run

GITHUB = ROOT / "deploy/ci/github.yml"
GITLAB = ROOT / "deploy/ci/gitlab-ci.yml"
LINTERS = {
    "schema of GitHub's": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
    "actionlint": ["actionlint"],
    "zizmor": ["zizmor", "--offline", "--no-progress", "--persona", "pedantic"],
    "schema of GitLab's": [
        *("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
    ],
}


def example(linter: str) -> Path:
    return GITLAB if linter == "schema of GitLab's" else GITHUB


@pytest.mark.parametrize("linter", LINTERS)
def test_the_examples_pass(linter: str) -> None:
    run([*LINTERS[linter], example(linter)])


@pytest.mark.parametrize(
    ("linter", "good", "bad"),
    [
        ("schema of GitHub's", "runs-on:", "runs-at:"),
        ("actionlint", "${{ vars.MANAGER }}", "${{ var.MANAGER }}"),
        ("actionlint", "make deploy\n", "echo $(ls $TO)\n"),  # shellcheck's
        ("zizmor", "08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "v5"),
        ("zizmor", "          persist-credentials: false\n", ""),
        ("zizmor", "permissions: {}", "permissions: write-all"),
        ("zizmor", 'connect.sh "$TO"', 'connect.sh "${{ github.head_ref }}"'),
        ("schema of GitLab's", "resource_group: staging", "resource_groups: staging"),
    ],
)
def test_each_linter_finds_a_fault(linter: str, good: str, bad: str, tmp_path: Path) -> None:
    text = example(linter).read_text(encoding="utf-8")
    assert good in text
    faulty = tmp_path / "faulty.yml"
    faulty.write_text(text.replace(good, bad), encoding="utf-8")
    assert run([*LINTERS[linter], faulty], check=False).returncode != 0


def scripts(tree: dict[str, Any]) -> list[str]:
    """Each job's script in a file of GitLab's, after what comes before all of them."""
    before = tree["default"]["before_script"]
    return ["\n".join([*before, *job["script"]]) for job in tree.values() if isinstance(job, dict) and "script" in job]


def test_shellcheck_of_gitlabs_scripts(tmp_path: Path) -> None:
    found = scripts(YAML(typ="safe").load(GITLAB))
    assert len(found) == 4
    for script in found:
        file = tmp_path / "script.sh"
        # The runner's own options: https://docs.gitlab.com/runner/shells/
        file.write_text(f"#!/usr/bin/env bash\nset -o errexit -o pipefail\n{script}\n", encoding="utf-8")
        run(["shellcheck", file])


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_the_words_and_scripts_that_they_call_are_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    words = set(re.findall(r"(?:run: |- )make ([a-z]+)", text))
    assert words == {"test", "sbom", "deploy"}
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert words <= set(known)
    called = set(re.findall(r"deploy/ci/[a-z]+\.sh", text))
    assert called == {str(path.relative_to(ROOT)) for path in (ROOT / "deploy/ci").glob("*.sh")}


def test_no_secret_is_given_to_a_pull_request() -> None:
    for job in YAML(typ="safe").load(GITHUB)["jobs"].values():
        guarded = job.get("environment") and job.get("if") == "github.event_name == 'push'"
        assert guarded or "secrets." not in str(job)
