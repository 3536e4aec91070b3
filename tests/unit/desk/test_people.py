from __future__ import annotations

from dataclasses import replace

import pytest

from gatehouse import Viewer
from people import described

SAM = Viewer(
    issuer="https://id.example",
    subject="1",
    name="Sam Okafor",
    email="sam@example.com",
    roles=frozenset({"staff", "approver"}),
    groups=("Engineering", "Cycling"),
    provider="default",
    claims={},
)


def test_the_first_group_is_the_department() -> None:
    viewer = described(SAM)
    assert (viewer.name, viewer.email, viewer.department) == ("Sam Okafor", "sam@example.com", "Engineering")
    assert viewer.roles == {"staff", "approver"}
    assert described(replace(SAM, groups=())).department is None


def test_same_address_at_another_issuer_is_another_person() -> None:
    assert described(SAM) != described(replace(SAM, issuer="https://id.elsewhere.example"))


def test_require_names_the_roles_of_which_one_is_needed() -> None:
    described(SAM).require("finance", "staff")
    with pytest.raises(PermissionError, match="finance or auditor"):
        described(SAM).require("finance", "auditor")
