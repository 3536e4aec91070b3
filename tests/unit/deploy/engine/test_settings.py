from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.command import ROOT, run
from support.shell import Shell

COMPOSE = """
services:
  probe: {image: probe, environment: {DOMAIN: "${DOMAIN:-localhost}", APP: "${APP:-./app/desk}"}}
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_defaults_are_those_of_compose(shell: Shell) -> None:
    result = shell('load_settings; echo "$DOMAIN $PORT $HTTP_PORT $BIND $APP $SECRETS $TAG $project"')
    assert result.stdout == "localhost 8443 8080 127.0.0.1 ./app/desk ./secrets local gatehouse\n"


def test_each_setting_has_one_default_in_compose() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    defaults: dict[str, set[str]] = {}
    for part in text.split("${")[1:]:
        if ":+" in part.split("}")[0]:
            continue  # whether it is set
        name, default = part.split("}")[0].split(":-")
        defaults.setdefault(name, set()).add(default)
    assert {name for name, values in defaults.items() if len(values) > 1} == set()


def test_environment_wins_over_file_and_file_over_default(shell: Shell) -> None:
    (shell.directory / ".env").write_text("DOMAIN=file.example\nPORT=1\n", encoding="utf-8")
    result = shell('load_settings; echo "$DOMAIN $PORT $HTTP_PORT"', DOMAIN="shell.example")
    assert result.stdout == "shell.example 1 8080\n"


@pytest.mark.parametrize(
    "lines",
    [
        "DOMAIN=a.example",
        'DOMAIN="a.example"',
        "DOMAIN='a.example'",
        "# DOMAIN=b.example\n\nDOMAIN=a.example",
        "DOMAIN=a.example\nDOMAIN=b.example",
        'APP="/srv/my apps/one"',
        "APP='/srv/my apps/one'",
        "APP=",
        'APP=""',
        "APP=/srv/a=b,c+d@e~f",
        "DOMAIN=no-newline-at-the-end.example",
    ],
)
def test_file_is_read_as_compose_reads_it(shell: Shell, lines: str) -> None:
    (shell.directory / ".env").write_text(lines, encoding="utf-8")
    (shell.directory / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    compose = run(["docker", "compose", "config", "--format=json"], cwd=shell.directory, env={"PATH": "/usr/bin:/bin"})
    expected = json.loads(compose.stdout)["services"]["probe"]["environment"]
    result = shell('load_settings; printf "%s\\n" "$DOMAIN" "$APP"')
    assert result.stdout.splitlines() == [expected["DOMAIN"], expected["APP"]]


@pytest.mark.parametrize(
    "line",
    [
        "DOMAIN=$HOME",
        "DOMAIN=a.example # mine",
        "DOMAIN = a.example",
        "APP=my folder",
        "DOMAIN",
        "APP='a'b'",
        "TAG=`id`",
        "TAG=1\r",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_by_its_line(shell: Shell, line: str) -> None:
    (shell.directory / ".env").write_text(f"# settings\n{line}\n", encoding="utf-8", newline="")
    result = shell("load_settings; echo read")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: .env, line 2: not KEY=value;")


def test_misspelt_key_is_named(shell: Shell) -> None:
    (shell.directory / ".env").write_text("COMPOSE_PROJECT_NAME=one\nDOMIAN=a.example\n", encoding="utf-8")
    result = shell("load_settings")
    assert result.stderr == "Error: .env, line 2: DOMIAN is no setting; .env.example lists them\n"


def test_every_key_that_is_explained_is_a_setting(shell: Shell) -> None:
    explained = re.findall(r"^#([A-Z_]+=.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    (shell.directory / ".env").write_text("\n".join(explained), encoding="utf-8")
    assert shell("load_settings; echo read").stdout == "read\n"


@pytest.mark.parametrize(("port", "url"), [("8443", "https://app.a.example:8443"), ("443", "https://app.a.example")])
def test_url_leaves_the_usual_port_out(shell: Shell, port: str, url: str) -> None:
    assert shell("load_settings; app_url", DOMAIN="a.example", PORT=port).stdout.strip() == url
