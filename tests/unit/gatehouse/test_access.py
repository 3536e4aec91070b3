from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from gatehouse.gate import policy as policies
from gatehouse.gate.policy_rules import Rule

MAIN = """
import streamlit as st
import gatehouse

def home(): st.title("Home")
def approvals(): st.title("Approvals")
def spending(): st.title("Spending")

page = gatehouse.navigation({pages})
st.sidebar.text("frame")
page.run()
"""
PAGES = "[home, approvals, st.Page(spending, url_path='money')]"
POLICY = """
[pages.home]
roles = ["staff"]
[pages.approvals]
roles = ["approver"]
[pages.money]
roles = ["finance"]
"""

Open = Callable[..., AppTest]


@pytest.fixture
def opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Run an app of this script and policy as somebody with these roles."""
    monkeypatch.delitem(sys.modules, "gatehouse.gate.live", raising=False)

    def run(*roles: str, pages: str = PAGES, policy: str = POLICY, main: str = MAIN) -> AppTest:
        (place / "app/main.py").write_text(main.replace("{pages}", pages))
        (place / "app/policy.toml").write_text(policy)
        app = AppTest.from_file(place / "app/main.py")
        app.user = {"is_logged_in": True, "iss": "https://id.example", "sub": "1", "roles": list(roles)}
        return app.run()

    return run


def shown(app: AppTest) -> list[str]:
    assert not app.exception, app.exception[0].message
    return [title.value for title in app.title]


def urls(app: AppTest) -> set[str]:
    return {str(info.get("url_pathname")) for info in app._registered_pages.values()}  # noqa: SLF001


@pytest.mark.parametrize(
    ("roles", "title", "reachable"),
    [
        (["staff"], "Home", {""}),
        (["staff", "approver"], "Home", {"", "approvals"}),
        (["approver"], "Approvals", {"", "approvals"}),
        (["approver", "finance"], "Approvals", {"", "approvals", "money"}),
        (["finance"], "Spending", {"", "money"}),
    ],
)
def test_only_the_viewers_pages_exist_each_at_its_own_address(
    opened: Open, roles: list[str], title: str, reachable: set[str]
) -> None:
    app = opened(*roles)
    assert shown(app) == [title]
    assert urls(app) == reachable


def test_nobody_switches_to_a_page_that_is_not_theirs(opened: Open) -> None:
    main = MAIN.replace(
        'def home(): st.title("Home")',
        "def home():\n    st.title('Home')\n    if st.button('Go'): st.switch_page(st.Page(approvals))",
    )
    assert shown(opened("staff", main=main).button[0].click().run()) == ["Home"]
    assert shown(opened("staff", "approver", main=main).button[0].click().run()) == ["Approvals"]


def test_whoever_may_see_none_is_told_so(opened: Open) -> None:
    app = opened("baker")
    assert shown(app) == ["Nothing here for you yet"]
    assert urls(app) == {""}


def test_sections_keep_their_order_and_lose_what_is_empty(opened: Open) -> None:
    app = opened("finance", pages="{'Work': [home, approvals], 'Money': [st.Page(spending, url_path='money')]}")
    assert shown(app) == ["Spending"]


def test_the_default_page_has_its_rule_too(opened: Open) -> None:
    pages = "[home, approvals, st.Page(spending, url_path='money', default=True)]"
    assert shown(opened("finance", "staff", pages=pages)) == ["Spending"]
    assert shown(opened("staff", pages=pages)) == ["Home"]


def test_without_a_policy_all_pages_are_everyones(opened: Open) -> None:
    assert urls(opened(policy="")) == {"", "approvals", "money"}


def test_pages_from_files_are_named_as_streamlit_does(opened: Open, place: Path) -> None:
    (place / "app/1_home.py").write_text("import streamlit as st\nst.title('File')")
    pages = "['1_home.py', approvals, st.Page(spending, url_path='money')]"
    assert shown(opened("staff", pages=pages)) == ["File"]
    assert shown(opened("approver", pages=pages)) == ["Approvals"]


def test_a_rule_for_a_page_that_is_not_listed_is_refused_at_once(opened: Open) -> None:
    app = opened("staff", "approver", pages="[home, approvals]")
    assert [fault.message for fault in app.exception] == [
        'policy.toml: [pages."money"]: gatehouse.navigation was given no page of that name'
    ]
    assert not app.title


def test_a_rule_that_only_a_require_asks_for_needs_no_page(opened: Open) -> None:
    main = MAIN.replace('st.title("Home")', 'st.title("Home"); gatehouse.require("export"); st.title("Export")')
    policy = POLICY + '[pages.export]\nroles = ["boss"]'
    app = opened("staff", main=main, policy=policy)
    assert shown(app) == ["Home"]
    assert "This is not open to you" in app.info[0].value
    assert shown(opened("staff", "boss", main=main, policy=policy)) == ["Home", "Export"]


@pytest.mark.parametrize(("roles", "titles"), [(["staff"], []), (["staff", "boss"], ["Boss"])])
def test_require_by_role(opened: Open, roles: list[str], titles: list[str]) -> None:
    main = "import gatehouse, streamlit as st\nperson = gatehouse.require(role='boss')\nst.title('Boss')"
    app = opened(*roles, main=main, policy="")
    assert shown(app) == titles
    assert len(app.info) == 1 - len(titles)


@pytest.mark.parametrize(
    ("call", "told"),
    [("name = 'aprovals'; gatehouse.require(name)", "no [pages."), ("gatehouse.require()", "needs a page")],
)
def test_a_require_that_asks_for_nothing_lets_nobody_pass(opened: Open, call: str, told: str) -> None:
    main = f"import gatehouse, streamlit as st\n{call}\nst.title('Open')"
    app = opened("staff", main=main, policy="")
    assert told in app.exception[0].message
    assert not app.title


def test_a_policy_that_is_written_wrong_opens_no_page(opened: Open) -> None:
    app = opened("staff", policy="[pages.home]\nrole = ['staff']")
    assert "line 2: pages.home.role" in app.exception[0].message
    assert not app.title


def test_behind_the_gate_the_policy_is_the_one_it_read_at_start(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    session = SimpleNamespace(
        issuer="https://id.example", subject="1", claims={"roles": ["approver"]}, provider="corp", ended_at=None
    )
    monkeypatch.setattr(policies, "_in_use", None)

    def behind(app: AppTest) -> AppTest:
        live = SimpleNamespace(active=True, claims_of=lambda _id: session)
        monkeypatch.setitem(sys.modules, "gatehouse.gate.live", live)
        return app.run()

    app = opened(policy="")
    assert behind(app).exception[0].message == "no policy is in use"
    rule = Rule(roles=["finance"])
    policies.use(policies.Policy(pages={"home": rule, "money": rule}))
    app = behind(app)
    assert shown(app) == ["Approvals"]
