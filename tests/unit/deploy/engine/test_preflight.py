from __future__ import annotations

import socket
from pathlib import Path

import pytest

from deploy.prepare.settings import InvalidSettingsError, load
from support.command import ROOT
from support.ports import free_port
from support.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def check(shell: Shell, what: str, **settings: str) -> list[str]:
    """What one check complains of."""
    result = shell(f"load_settings; {what}", **settings)
    assert result.returncode == 0, result.stderr
    return result.stderr.splitlines()


def test_a_wrong_setting_of_the_file_is_named_with_its_line(shell: Shell) -> None:
    (shell.directory / ".env").write_text("DOMAIN=localhost\n\nPORT=zero\nHTTP_PORT=one\n", encoding="utf-8")
    port, http_port = check(shell, "check_names", HTTP_PORT="two")
    assert port.startswith("Error: .env, line 3: PORT=zero is no port; ")
    assert http_port.startswith("Error: HTTP_PORT=two is no port; ")
    (problem,) = check(shell, "problem 'no network'")
    assert problem == "Error: no network"


@pytest.mark.parametrize(
    "settings",
    [
        {"DOMAIN": "example.com"},
        {"DOMAIN": "localhost"},
        {"DOMAIN": "intranet"},
        {"DOMAIN": "a-1.xn--bcher-kva.example"},
        {"DOMAIN": "internal"},
        {"DOMAIN": "Example.com"},
        {"DOMAIN": "https://example.com"},
        {"DOMAIN": "example.com:8443"},
        {"DOMAIN": "10.0.0.1"},
        {"DOMAIN": "example.0x1f"},
        {"DOMAIN": "-a.example"},
        {"DOMAIN": "a..example"},
        {"DOMAIN": "a.example."},
        {"DOMAIN": "a" * 64 + ".example"},
        {"DOMAIN": ".".join(["a" * 60] * 5)},
        {"PORT": "0"},
        {"PORT": "65536"},
        {"PORT": "08443"},
        {"PORT": "https"},
        {"PORT": "8080"},
        {"HTTP_PORT": "-1"},
        {"BIND": "127.0.0.2"},
        {"BIND": "0.0.0.0"},
        {"BIND": "0.0.0.0", "DOMAIN": "example.com"},
        {"BIND": "256.0.0.1"},
        {"BIND": "localhost"},
    ],
    ids=lambda settings: " ".join(f"{key}={value[:30]}" for key, value in settings.items()),
)
def test_names_are_judged_as_prepare_judges_them(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name in ("DOMAIN", "PORT", "HTTP_PORT", "BIND"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    try:
        load()
        expected = True
    except InvalidSettingsError:
        expected = False
    said = check(shell, "check_names", **settings)
    assert (said == []) == expected, said
    assert all(line.startswith("Error: ") and next(iter(settings)) in line for line in said)


def test_address_of_another_machine(shell: Shell) -> None:
    assert check(shell, "check_names", DOMAIN="a.example", BIND="203.0.113.1") == [
        "Error: BIND=203.0.113.1 is no address of this machine"
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"DOMAIN": "a.example", "ACME": "letsencrypt"},
        {"DOMAIN": "a.example", "ACME": "https://ca.corp:9000/acme/directory", "ACME_CHALLENGE": "dns-01"},
        {"ACME": "letsencrypt"},
        {"DOMAIN": "a.example", "ACME": "zerossl"},
        {"DOMAIN": "a.example", "ACME": "http://ca.corp/directory"},
        {"DOMAIN": "a.example", "ACME": "https://u:p@ca.corp/"},
        {"DOMAIN": "a.example", "ACME": "letsencrypt", "ACME_CHALLENGE": "tls-alpn-01"},
    ],
    ids=lambda settings: " ".join(settings.values()),
)
def test_acme_is_judged_as_prepare_judges_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name in ("DOMAIN", "ACME", "ACME_CHALLENGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    try:
        load()
        expected = True
    except InvalidSettingsError:
        expected = False
    said = check(shell, "check_acme", **settings)
    assert (said == []) == expected, said
    assert all(line.startswith("Error: ACME") for line in said)


def test_own_certificate_and_acme(shell: Shell) -> None:
    provided = shell.directory / "secrets" / "provided"
    provided.mkdir(parents=True)
    (provided / "tls.crt").touch()
    (line,) = check(shell, "check_acme", DOMAIN="a.example", ACME="letsencrypt")
    assert "provided/tls.crt is there while ACME is set; remove it" in line


@pytest.mark.parametrize("script", ["main.py", "streamlit_app.py", "app.py"])
def test_app_folder_with_a_script(shell: Shell, script: str) -> None:
    (shell.directory / "mine").mkdir()
    (shell.directory / "mine" / script).touch()
    assert check(shell, "check_app_folder", APP="mine") == []


def test_app_folder_that_is_missing_or_empty(shell: Shell) -> None:
    assert check(shell, "check_app_folder", APP="mine") == [
        "Error: APP=mine is not there; set it to the folder that holds your app, or to its script"
    ]
    (shell.directory / "mine").mkdir()
    assert check(shell, "check_app_folder", APP="mine") == [
        "Error: APP=mine holds no main.py, streamlit_app.py or app.py"
    ]


def test_app_that_is_one_file(shell: Shell) -> None:
    (shell.directory / "mine").mkdir()
    for name in ("budget.py", "notes.txt"):
        (shell.directory / "mine" / name).touch()
    result = shell('load_settings; echo "$APP $APP_SCRIPT"; check_app_folder', APP="mine/budget.py")
    assert (result.stdout, result.stderr) == ("mine budget.py\n", "")
    assert check(shell, "check_app_folder", APP="mine/notes.txt") == ["Error: APP=mine/notes.txt is no Python file"]


def test_app_folder_with_secrets(shell: Shell) -> None:
    folder = shell.directory / "app" / "desk" / ".streamlit"
    folder.mkdir()
    (folder / "secrets.toml").touch()
    (line,) = check(shell, "check_app_folder")
    assert line.endswith("would end up in an image; move it to ./secrets/provided/secrets.toml")


def test_build_file_that_is_missing(shell: Shell) -> None:
    assert check(shell, "check_build_files", BUILD_PIP_CONF="pip.conf") == [
        "Error: BUILD_PIP_CONF=pip.conf is not a file that can be read"
    ]


@pytest.mark.parametrize(
    ("listens", "bind", "taken"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.2", "127.0.0.1", False),
        ("::", "127.0.0.1", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_port_is_taken_only_where_it_would_collide(shell: Shell, listens: str, bind: str, taken: bool) -> None:  # noqa: FBT001
    family = socket.AF_INET6 if ":" in listens else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((listens, 0))
        other.listen()
        port = str(other.getsockname()[1])
        said = check(shell, "check_port PORT", PORT=port, BIND=bind)
    expected = [f"Error: PORT={port} is taken by pytest; stop it, or set PORT to a free port"]
    assert said == (expected if taken else [])


def test_all_problems_are_said_at_once(shell: Shell) -> None:
    # Name and port of its own: this machine may serve a stack with the defaults.
    own = {"COMPOSE_PROJECT_NAME": "gatehouse-test-nowhere", "HTTP_PORT": str(free_port())}
    result = shell("load_settings; preflight", DOMAIN="No", APP="/nowhere", PORT="x", **own)
    assert result.returncode == 1
    assert [line.split("=")[0] for line in result.stderr.splitlines()] == [
        "Error: DOMAIN",
        "Error: PORT",
        "Error: APP",
        "Nothing was changed. Mend the above, then run this again.",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_UPLOAD_MB", "lots"),
        ("REPLICAS", "0"),
        ("MAX_SESSIONS", "-1"),
        ("IDLE", "2"),
        ("ABSOLUTE", "12 h"),
        ("REAUTH", "soon"),
        ("RECHECK", "0s"),
        ("IDENTITY", "keycloak"),
        ("EGRESS", "opne"),
        ("HTTPS_PROXY", "proxy.example.com"),
    ],
)
def test_what_the_app_would_refuse_is_named_before_anything_is_built(shell: Shell, name: str, value: str) -> None:
    (said,) = check(shell, "check_limits", **{name: value})
    assert said.startswith(f"Error: {name}={value}")


def test_a_proxys_password_is_refused_and_not_repeated(shell: Shell) -> None:
    (said,) = check(shell, "check_limits", HTTPS_PROXY="http://me:hunter2@proxy.example.com:3128")
    assert said.startswith("Error: HTTPS_PROXY holds a user or password; move the whole line, quoted, to ")
    assert "hunter2" not in said


def test_good_limits_pass(shell: Shell) -> None:
    assert (
        check(shell, "check_limits", MAX_UPLOAD_MB="200", REPLICAS="2", IDLE="30m", IDENTITY="external", EGRESS="open")
        == []
    )
    assert check(shell, "check_limits") == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LIMIT_SIGN_IN", "lots", "LIMIT_SIGN_IN=lots: not a number a minute; use a whole number from 1 to 1000000"),
        ("LIMIT_ADDRESS", "0", "LIMIT_ADDRESS=0: not a number a minute"),
        ("MAX_SESSION_REQUESTS", "70000", "MAX_SESSION_REQUESTS=70000: not a number of requests"),
        ("MAX_HEADER_KB", "4", "MAX_HEADER_KB=4: not a number of kilobytes; use a whole number from 8 to 64"),
        ("MAX_FORM_KB", "1m", "MAX_FORM_KB=1m: not a number of kilobytes"),
        ("SLOW_BODY", "30", "SLOW_BODY=30: not a duration; use a whole number with s or m, such as 30s"),
        ("POSTGRES_MEMORY", "half", "POSTGRES_MEMORY=half is no size; write it like 768m or 2g"),
        ("KEYCLOAK_MEMORY", "-1g", "KEYCLOAK_MEMORY=-1g is no size"),
        ("RUN_LIMIT", "soon", "RUN_LIMIT=soon is no duration"),
        ("MAX_TABS", "0", "MAX_TABS=0 is no whole number above 0"),
        ("TRUSTED_PROXIES", "lb.example.com", "TRUSTED_PROXIES=lb.example.com: not an address or range"),
        ("TRUSTED_PROXIES", "10.0.0.5;return 200", "not an address or range"),
        ("TRUSTED_PROXIES", "10.0.0.256", "TRUSTED_PROXIES=10.0.0.256: not an address or range"),
        (
            "TRUSTED_PROXIES",
            "10.0.0.1,0.0.0.0/0",
            "TRUSTED_PROXIES=0.0.0.0/0: so wide a range",
        ),
        ("TRUSTED_PROXIES", "::/0", "TRUSTED_PROXIES=::/0: so wide a range"),
        ("PROXY_PROTOCOL", "on", "PROXY_PROTOCOL=on: nobody is trusted to speak it; set TRUSTED_PROXIES"),
        ("PROXY_PROTOCOL", "yes", "PROXY_PROTOCOL=yes: set it to on, or leave it out"),
    ],
)
def test_wrong_limit_is_named(shell: Shell, name: str, value: str, words: str) -> None:
    (line,) = check(shell, "check_limits", **{name: value})
    assert line.startswith("Error: ")
    assert words in line


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"TRUSTED_PROXIES": "10.0.0.5,10.1.0.0/24,2001:db8::/32,fd00::1", "PROXY_PROTOCOL": "on"},
        {"APP_MEMORY": "2G", "POSTGRES_MEMORY": "768m", "KEYCLOAK_MEMORY": "1gb", "RUN_LIMIT": "1h"},
        {"LIMIT_SIGN_IN": "1000000", "SLOW_HEADER": "2m", "MAX_HEADER_KB": "64"},
    ],
)
def test_good_limits_of_clients_pass(shell: Shell, settings: dict[str, str]) -> None:
    assert check(shell, "check_limits", **settings) == []


def test_defaults_of_nginx_are_those_of_compose_and_of_the_example(shell: Shell) -> None:
    names = shell('source nginx/limits.sh; echo "${limit_names[@]}"').stdout.split()
    assert len(names) > 10
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in names:
        result = shell(f'source nginx/limits.sh; unset {name}; default_limits; echo "${name} $(default_of {name})"')
        ours, compose = result.stdout.split()
        assert ours == compose
        assert f"\n#{name}={ours}\n" in example
