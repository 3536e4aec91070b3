"""Names that an operator types: what the app asks for is known, and what looks like it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.keycloak.errors import JobError
from deploy.keycloak.roles import named_by_policy, refuse_mistyped
from deploy.keycloak.settings import Settings
from support.command import ROOT

POLICY = """
[enter]
roles = ["staff", "guest"]
[pages.approvals]
roles = ["approver"]
providers = ["entra"]
[sessions]
roles = ["admin"]
"""


def test_roles_of_a_policy_are_found_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    assert named_by_policy(Settings(app_dir=tmp_path)) == {"staff", "guest", "approver", "admin"}
    assert named_by_policy(Settings(app_dir=tmp_path, app_script="main.py")) == set()
    assert named_by_policy(Settings(app_dir=ROOT / "app/desk")) >= {"staff", "approver", "finance", "auditor", "admin"}


@pytest.mark.parametrize("text", [None, "[pages", "roles = 7", 'roles = [7, {roles = "x"}]', "\udcff"])
def test_a_file_that_says_nothing_of_use_names_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "policy.toml").write_bytes(text.encode(errors="surrogateescape"))
    assert named_by_policy(Settings(app_dir=tmp_path)) == set()


@pytest.mark.parametrize(
    ("name", "meant"), [("aprover", "approver"), ("Staff", "staff"), ("STAFF", "staff"), ("audtior", "auditor")]
)
def test_a_slip_is_refused_and_what_was_meant_is_named(name: str, meant: str) -> None:
    with pytest.raises(JobError, match=f"role {name}: unknown; similar: {meant}; with --new it is made all the same"):
        refuse_mistyped("role", ["staff", name], {"staff", "approver", "auditor"})


@pytest.mark.parametrize("known", [set[str](), {"staff", "approver"}])
def test_what_is_known_or_like_nothing_is_no_slip(known: set[str]) -> None:
    refuse_mistyped("role", ["staff", "cook"] if known else ["staff"], known)
