"""EGRESS: closed is closed, for names and addresses, at once; open is through the proxy, with the company's CA."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import run
from support.company import SITE, Company, company
from support.served import refused, served
from support.shell import Shell
from support.stack import Stack

SCRIPT = f"""
import time
import httpx, requests, socket
import streamlit as st

def asks(name, call):
    started = time.monotonic()
    try:
        answer = call()
    except Exception as error:
        answer = type(error).__name__
    st.text(f"{{name}}: {{answer}} {{'at once' if time.monotonic() - started < 0.5 else 'late'}};")

asks("httpx", lambda: httpx.get("https://{SITE}/").text)
asks("requests", lambda: requests.get("https://{SITE}/").text)
asks("address", lambda: socket.create_connection(("1.1.1.1", 443), 5))
asks("issuer", lambda: httpx.get("https://id.localhost:8443/").text)
"""


@pytest.fixture(scope="module")
def folder(database: Stack) -> Path:
    """An app that calls a company's site by its name, an address of the internet, and the issuer."""
    folder = database.directory / "calls"
    folder.mkdir()
    (folder / "main.py").write_text(SCRIPT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def outside(database: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    folder.chmod(0o755)
    with company(folder) as made:
        yield made


def settings(database: Stack, outside: Company, egress: str) -> dict[str, str]:
    """As in .env, with the proxy at this machine's address on the network that is open."""
    wanted = {"EGRESS": egress}
    database.compose("run", "--rm", "--no-deps", "--no-TTY", "app", "true", settings={"EGRESS": "open"})
    gateway = gateways(database, "egress-open")[0]
    ca = database.directory / "company.pem"
    ca.write_bytes(outside.ca.read_bytes())
    return wanted | {"HTTPS_PROXY": f"http://{gateway}:{outside.port}", "EGRESS_CA": str(ca)}


def gateways(database: Stack, *networks: str) -> list[str]:
    names = [f"{database.project}_{name}" for name in networks]
    found = json.loads(run(["docker", "network", "inspect", *names]).stdout)
    return [network["IPAM"]["Config"][0]["Gateway"] for network in found]


def test_closed_fails_at_once_and_the_log_names_host_and_setting(
    database: Stack, folder: Path, outside: Company
) -> None:
    outside.asked.clear()
    with served(database, folder, settings=settings(database, outside, "closed")) as app:
        shown = app.session()
        app.session()
        told = [line for line in app.lines() if "EGRESS" in line["message"]]
    assert "httpx: ConnectError at once;" in shown
    assert "requests: ConnectionError at once;" in shown
    assert "address: OSError at once;" in shown
    assert {line["host"] for line in told} == {SITE, "1.1.1.1"}
    assert len(told) == 2, "once for each host, whoever asks"
    assert all("set EGRESS=open in .env" in line["message"] and line["level"] == "WARNING" for line in told)
    assert outside.asked == []


def test_closed_is_closed_to_services_of_this_machine_too(database: Stack, folder: Path, outside: Company) -> None:
    connect = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
    with served(database, folder) as app:
        for address in gateways(database, "apps", "app-data", "egress-closed"):
            assert app.exec("python", "-c", connect, address, str(outside.port)).returncode != 0, address


def test_open_goes_through_the_proxy_and_trusts_the_companys_ca(
    database: Stack, folder: Path, outside: Company
) -> None:
    outside.asked.clear()
    with served(database, folder, settings=settings(database, outside, "open")) as app:
        shown = app.session()
        logged = app.logs()
    assert "httpx: hello" in shown
    assert "requests: hello" in shown
    # The issuer is asked directly; it is not there in this test.
    assert "issuer: ConnectError" in shown
    assert outside.asked == [f"{SITE}:443", f"{SITE}:443"]
    assert "EGRESS" not in logged


LOGIN = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 8501)
connection.request("GET", "/auth/login", headers={"Host": sys.argv[1]})
answer = connection.getresponse()
print(answer.status, answer.headers.get("Location"))
"""


def test_an_identity_provider_outside_is_reached_only_when_open(
    database: Stack, folder: Path, outside: Company
) -> None:
    """By the gate's own client, with Keycloak left out."""
    table = f'[auth]\nclient_id = "a"\nclient_secret = "b"\nserver_metadata_url = "https://{SITE}/.well-known/openid-configuration"'
    secrets = database.secrets / "app/author.toml"
    secrets.write_text(table, encoding="utf-8")
    run(["chown", "10001:10001", secrets])
    secrets.chmod(0o400)
    external = ["--env", "IDENTITY=external"]
    try:
        for egress in ("closed", "open"):
            with served(database, folder, *external, settings=settings(database, outside, egress)) as app:
                told = app.exec("python", "-c", LOGIN, f"app.localhost:{database.settings['PORT']}").stdout
                warned = f"{SITE} is outside the stack, and EGRESS=closed lets nothing out" in app.logs()
            assert told.startswith(f"302 https://{SITE}/authorize?" if egress == "open" else "503 "), told
            assert warned == (egress == "closed")
    finally:
        secrets.unlink()


def test_a_company_ca_that_is_none_stops_the_start(database: Stack) -> None:
    wrong = database.directory / "wrong.pem"
    wrong.write_text("no certificate", encoding="utf-8")
    wrong.chmod(0o644)
    assert refused(database, settings={"EGRESS_CA": str(wrong)}).startswith("EGRESS_CA: holds no valid certificate")


def test_a_wrong_word_is_named_by_compose_too(database: Stack) -> None:
    result = database.compose("config", "--quiet", check=False, settings={"EGRESS": "opne"})
    assert result.returncode != 0
    assert "egress-opne" in result.stderr


def test_a_running_app_follows_the_setting_there_and_back(database: Stack, outside: Company, tmp_path: Path) -> None:
    def reaches() -> bool:
        where = [gateways(database, "egress-open")[0], str(outside.port)]
        script = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
        return database.exec("app", "python", "-c", script, *where, check=False).returncode == 0

    seen = []
    for egress in ("open", "closed", "open"):
        words = ["--progress", "quiet", "up", "--detach", "--wait", "--no-build", "--no-deps", "app"]
        database.compose(*words, settings={"EGRESS": egress})
        seen.append(reaches())
    assert seen == [True, False, True]
    Shell(tmp_path)("load_settings; remove_unused_networks", COMPOSE_PROJECT_NAME=database.project)
    label = f"label=com.docker.compose.project={database.project}"
    left = run(["docker", "network", "ls", "--format", "{{.Name}}", "--filter", label]).stdout
    assert re.findall("egress-.*", left) == ["egress-open"]
    database.compose("rm", "--force", "--stop", "app", settings={"EGRESS": "open"})
