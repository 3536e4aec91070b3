from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatehouse.gate.policy import Policy, read_policy
from gatehouse.settings import StartError

Write = Callable[..., Path]


@pytest.fixture
def write(place: Path) -> Write:
    """An app that enforces whatever policy it has, unless given another script."""

    def written(policy: str | bytes, script: str = "import gatehouse\ngatehouse.navigation([])\n") -> Path:
        (place / "app/main.py").write_text(script, encoding="utf-8")
        (place / "app/policy.toml").write_bytes(policy if isinstance(policy, bytes) else policy.encode())
        return place / "app"

    return written


def faults(folder: Path, providers: set[str] | None = None) -> list[str]:
    with pytest.raises(StartError) as caught:
        read_policy(folder, providers)
    return list(caught.value.problems)


def entering(write: Write, rule: str) -> Callable[..., bool]:
    policy = read_policy(write(f"[enter]\n{rule}"), None, email_trusted={"corp"})

    def may(provider: str = "default", **claims: object) -> bool:
        return policy.may_enter(claims, provider)

    return may


# --- who is meant -----------------------------------------------------------------------------------------------------


def test_without_a_policy_whoever_signs_in_may(place: Path) -> None:
    policy = read_policy(place / "app", {"default"})
    assert policy.may_enter({}, "default")
    assert policy.may_see("anything", {}, "default")


def test_roles_any_of_them(write: Write) -> None:
    may = entering(write, 'roles = ["staff", "approver"]')
    assert may(roles=["approver", "other"])
    assert not may(roles=["Approver"])
    assert not may()


@pytest.mark.parametrize("given", ["staff", {"staff": True}, ["staffed"], [["staff"]], None, 7, True])
def test_roles_of_another_form_are_none(write: Write, given: object) -> None:
    assert not entering(write, 'roles = ["staff"]')(roles=given)


def test_a_hundred_roles(write: Write) -> None:
    assert entering(write, 'roles = ["r99"]')(roles=[f"r{number}" for number in range(100)])


def test_a_page_without_a_rule_is_for_all_and_one_with_it_is_not(write: Write) -> None:
    policy = read_policy(write('[pages.approvals]\nroles = ["approver"]'), None)
    assert policy.may_enter({}, "default")
    assert policy.may_see("home", {}, "default")
    assert not policy.may_see("approvals", {}, "default")
    assert policy.may_see("approvals", {"roles": ["approver"]}, "default")


def test_sessions_are_for_nobody_unless_a_rule_says_who(write: Write) -> None:
    admin = {"roles": ["admin"]}
    assert not read_policy(write('[enter]\nroles = ["admin"]'), None).may_administer(admin, "default")
    policy = read_policy(write('[sessions]\nroles = ["admin"]'), None)
    assert policy.may_administer(admin, "default")
    assert not policy.may_administer({"roles": ["staff"]}, "default")
    assert faults(write("[sessions]"))[0].startswith("app folder: policy.toml: line 1: sessions: says nothing")
    assert "is no provider" in faults(write('[sessions]\nproviders = ["x"]'), {"default"})[0]


def test_all_keys_of_a_rule_must_hold(write: Write) -> None:
    may = entering(write, 'roles = ["staff"]\nproviders = ["corp"]\nemail_domains = ["company.com"]')
    good: dict[str, Any] = {"roles": ["staff"], "email": "a@company.com"}
    assert may("corp", **good)
    assert not may("other", **good, email_verified=True)
    assert not may("corp", **good | {"roles": []})
    assert not may("corp", **good | {"email": "a@elsewhere.com"})


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": True},
        {"xms_edov": True},
        {"xms_edov": 1},
        {"xms_edov": "1"},
        {"xms_edov": 1, "email_verified": False},
    ],
)
def test_a_verified_address_counts(write: Write, claims: dict[str, object]) -> None:
    may = entering(write, 'email_domains = ["Company.com"]')
    assert may(email="Ann@COMPANY.com", **claims)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": [True]},
        {"xms_edov": False},
        {"xms_edov": 0},
        {"xms_edov": "true"},
        {"xms_edov": 1.0},
        {"xms_edov": 2},
    ],
)
def test_an_address_that_nobody_verified_does_not_count(write: Write, claims: dict[str, object]) -> None:
    assert not entering(write, 'email_domains = ["company.com"]')(email="ann@company.com", **claims)


def test_addresses_of_a_provider_that_is_trusted_count_and_of_no_other(write: Write) -> None:
    may = entering(write, 'email_domains = ["company.com"]')
    assert may("corp", email="ann@company.com")
    assert not may("other", email="ann@company.com")


@pytest.mark.parametrize(
    "email",
    [
        "ann@sub.company.com",
        "ann@notcompany.com",
        "ann@company.com.evil.example",
        "ann@company.com.",
        "ann@company.com ",
        "ann@evil.example@company.com",
        '"ann@company.com"@evil.example',
        "ann@company.com\n",
        "@company.com",
        "company.com",
        "",
        None,
        ["ann@company.com"],
    ],
)
def test_no_other_address_counts(write: Write, email: object) -> None:
    assert not entering(write, 'email_domains = ["company.com"]')(email=email, email_verified=True)


# --- what is written wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[enter]\nroles = }", r"not valid TOML: .*line 2"),
        ("# first\n\n[enter]\nrole = ['a']", r"line 4: enter\.role: is not known; use roles, email_domains"),
        ("[page.approvals]\nroles = ['a']", r"line 1: page: is not known; use \[enter\]"),
        ("[pages.a]\nroles = ['a']\n[pages.b]\nroles = 'b'", r"line 4: pages\.b\.roles: is not a list"),
        ("[pages.a]\nroles = [\n 'a',\n 7,\n]", r"line 2: pages\.a\.roles: must be text"),
        ("[enter]\nroles = [' a']", r"line 2: enter\.roles: must be text without space"),
        ("[enter]\n\nroles = []", r"line 3: enter\.roles: is empty"),
        ("[enter]", r"line 1: enter: says nothing"),
        ("\n[pages.a]", r"line 2: pages\.a: says nothing"),
        ("enter = 1", r"line 1: enter: is not a table"),
        ("pages = []", r"line 1: pages: is not a table"),
        ("[enter]\nemail_domains = ['@company.com']", r"line 2: enter\.email_domains: is no domain"),
        ("[enter]\nemail_domains = ['ann@company.com']", r"is no domain"),
        ("[enter]\nemail_domains = ['*']\nroles = 1", r"line 3: enter\.roles"),
        ("[enter]\nproviders = ['gogle']", r'line 2: enter\.providers: "gogle" is no provider in \[auth\]'),
        ('[pages.""]\nroles = ["a"]', r"is no page's url_path"),
        ('[pages."/a"]\nroles = ["a"]', r"line 1: pages\./a: is no page's url_path"),
        (b"[enter]\nroles = ['\xff']", r"cannot be read as UTF-8"),
        ("#" * 70_000, r"larger than 64 KiB"),
    ],
)
def test_a_fault_stops_the_start_and_is_named_by_line_and_key(write: Write, text: str, told: str) -> None:
    problems = faults(write(text), {"google"})
    assert all(problem.startswith("app folder: policy.toml: ") for problem in problems)
    with pytest.raises(StartError, match=told):
        read_policy(write(text), {"google"})


def test_all_faults_are_named_at_once(write: Write) -> None:
    assert len(faults(write("[enter]\nrole = 1\nroles = []\n[pages.a]\n"))) == 3


# --- what nothing enforces --------------------------------------------------------------------------------------------

RULE = '[enter]\nroles = ["a"]\n[pages.approvals]\nroles = ["approver"]\n'


@pytest.mark.parametrize(
    "script",
    [
        "import gatehouse\ngatehouse.navigation([])",
        "import gatehouse as g\npage = g.navigation([])",
        "from gatehouse import navigation as nav\nnav([])",
        "from gatehouse import require\nrequire('approvals')",
        "import gatehouse\n\ndef view():\n    gatehouse.require(page='approvals')",
        "import gatehouse.access\ngatehouse.access.require('approvals')",
    ],
)
def test_a_rule_that_a_script_enforces_is_fine(write: Write, script: str) -> None:
    assert isinstance(read_policy(write(RULE, script), None), Policy)


@pytest.mark.parametrize(
    "script",
    [
        "",
        "import streamlit as st\nst.navigation([])",
        "from gatehouse import navigation",
        "# gatehouse.navigation([])",
        "import gatehouse\ngatehouse.require(role='approver')",
        "import gatehouse\ngatehouse.require(name)",
        "def navigation(pages): ...\nnavigation([])",
        "from elsewhere import require\nrequire('approvals')",
        "import gatehouse\ngatehouse.navigation([]",
    ],
)
def test_a_rule_that_nothing_enforces_stops_the_start(write: Write, script: str) -> None:
    told = r"policy\.toml: line 3: pages\.approvals: no script enforces it; .* gatehouse\.require\(\"approvals\"\)"
    with pytest.raises(StartError, match=told):
        read_policy(write(RULE, script), None)


def test_any_script_of_the_folder_counts_but_no_package_in_it(write: Write) -> None:
    app = write(RULE, "")
    for folder in (".venv/lib", "node_modules/x"):
        (app / folder).mkdir(parents=True)
        (app / folder / "a.py").write_text("import gatehouse\ngatehouse.navigation([])")
    assert faults(app)
    (app / "views").mkdir()
    (app / "views/a.py").write_text("import gatehouse\ngatehouse.require('approvals')")
    assert read_policy(app, None).required == {"approvals"}


def test_a_misspelt_require_stops_the_start(write: Write) -> None:
    script = "import gatehouse\ngatehouse.navigation([])\ngatehouse.require('aprovals')"
    with pytest.raises(StartError, match=r'main\.py: line 3: gatehouse\.require\("aprovals"\): .* no such page'):
        read_policy(write(RULE, script), None)
