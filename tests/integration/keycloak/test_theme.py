"""No page of the sign-in has a script inside itself: every template as Keycloak finds it, ours or its own."""

from __future__ import annotations

import re
import zipfile

import pytest

from deploy.keycloak import realm
from integration.keycloak.identity import Identity
from support.command import ROOT, run

OURS = ROOT / "deploy/keycloak/theme/gatehouse/login"
ARCHIVES = "/opt/keycloak/lib/lib/main"
ATTRIBUTE = ' onsubmit="${button}.disabled = true; return true;"'
BUTTONS = ("login", "confirmLogout")
"""What template.ftl takes out of Keycloak's forms, word for word, and for which buttons."""

SCRIPTS_AND_STYLES = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"<script(?![^>]*\ssrc=)",
        r"\son[a-z]+\s*=\s*[\"']",
        r"javascript:",
        r"\sstyle\s*=\s*[\"']",
        r"<style",
    )
]


@pytest.fixture(scope="module")
def keycloaks(identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of each page of the two themes that ours is built on, by its name."""
    container = str(identity.keycloak.get_wrapped_container().id)
    listed = run(["docker", "exec", container, "ls", ARCHIVES]).stdout
    (name,) = re.findall(r"^org\.keycloak\.keycloak-themes-[\d.]+\.jar$", listed, re.MULTILINE)
    archive = tmp_path_factory.mktemp("themes") / name
    run(["docker", "cp", f"{container}:{ARCHIVES}/{name}", str(archive)])
    found: dict[str, str] = {}
    with zipfile.ZipFile(archive) as packed:
        for theme in ("base", "keycloak.v2"):
            folder = f"theme/{theme}/login/"
            for path in packed.namelist():
                if path.startswith(folder) and path.endswith(".ftl"):
                    found[path.removeprefix(folder)] = packed.read(path).decode()
    return found


@pytest.fixture(scope="module")
def ours() -> dict[str, str]:
    """The same of our theme."""
    return {path.name: path.read_text(encoding="utf-8") for path in OURS.glob("*.ftl")}


def faults(text: str) -> list[str]:
    for button in (*BUTTONS, "${button}"):
        text = text.replace(ATTRIBUTE.replace("${button}", button), "")
    # A comment of a template's is in no page.
    text = re.sub(r"<#--.*?-->", "", text, flags=re.DOTALL)
    return [match.group() for pattern in SCRIPTS_AND_STYLES for match in pattern.finditer(text)]


def test_no_page_has_a_script_inside_itself(keycloaks: dict[str, str], ours: dict[str, str]) -> None:
    assert len(keycloaks) > 40, "they are elsewhere"
    bad = {name: found for name, text in (keycloaks | ours).items() if (found := faults(text))}
    # Nobody registers by himself: the realm's policy says so, and reconcile holds it.
    assert not realm.POLICY["registrationAllowed"]
    assert bad.keys() == {"register.ftl"}, bad


def test_each_page_of_ours_is_in_place_of_one_of_keycloaks_or_used_by_one(
    keycloaks: dict[str, str], ours: dict[str, str]
) -> None:
    new = ours.keys() - keycloaks.keys()
    assert new == {name for name in new if f'"{name}"' in "".join(ours.values())}


def test_keycloak_finds_no_place_for_a_script_of_its_own(ours: dict[str, str]) -> None:
    text = re.sub(r"<#--.*?-->", "", ours["template.ftl"], flags=re.DOTALL)
    assert not re.search("</head>", text, re.IGNORECASE)


def test_what_keycloaks_forms_hold_is_taken_out_word_for_word(ours: dict[str, str]) -> None:
    assert f"form?replace('{ATTRIBUTE}', \"\")" in ours["template.ftl"]
    assert '<#list ["login", "confirmLogout"] as button>' in ours["template.ftl"]


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>",
        '<script type="module">\nimport x</script>',
        '<a onclick="go()">',
        '<form\n  onsubmit="login.disabled = true">',
        '<a href="javascript:go()">',
        '<p style="color: red">',
    ],
)
def test_what_this_test_would_find(bad: str) -> None:
    assert faults(bad)


def test_no_other_script_is_allowed_than_the_one_by_hash() -> None:
    policy = realm.POLICY["browserSecurityHeaders"]["contentSecurityPolicy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert policy.count("sha256-") == 1
