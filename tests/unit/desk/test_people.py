from __future__ import annotations

import pytest

from people import from_claims


def test_claims_become_the_viewer(claims: dict[str, object]) -> None:
    viewer = from_claims(claims | {"groups": ["Engineering", "Cycling"], "roles": ["staff", "approver"]})
    assert (viewer.name, viewer.email, viewer.department) == ("Sam Okafor", "sam@example.com", "Engineering")
    assert viewer.roles == {"staff", "approver"}


@pytest.mark.parametrize("roles", [None, "approver", {"approver": True}, 7, [None, 7, ["approver"], ""]])
def test_roles_of_an_unknown_form_give_no_role(claims: dict[str, object], roles: object) -> None:
    assert from_claims(claims | {"roles": roles}).roles == frozenset()


def test_claims_may_be_few() -> None:
    viewer = from_claims({"iss": "https://id.example", "sub": "1"})
    assert (viewer.name, viewer.email, viewer.department, viewer.roles) == ("Unnamed", "", None, frozenset())


@pytest.mark.parametrize("missing", ["iss", "sub"])
def test_nobody_without_issuer_and_subject(claims: dict[str, object], missing: str) -> None:
    del claims[missing]
    with pytest.raises(KeyError):
        from_claims(claims)


def test_same_address_at_another_issuer_is_another_person(claims: dict[str, object]) -> None:
    assert from_claims(claims) != from_claims(claims | {"iss": "https://id.elsewhere.example"})


def test_require_names_the_role(claims: dict[str, object]) -> None:
    from_claims(claims).require("staff")
    with pytest.raises(PermissionError, match="finance"):
        from_claims(claims).require("finance")
