from __future__ import annotations

import logging
import os
import socket
from pathlib import Path

import pytest

from gatehouse import egress
from gatehouse.egress import Watch, set_proxy
from gatehouse.settings import SettingsError, settings

PROXY = "http://proxy.example.com:3128"
ROUTES = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth1	00B0A8C0	00000000	0001	0	0	0	00F0FFFF	0	0	0
"""
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *(name.lower() for name in VARIABLES)):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    routes = tmp_path / "route"
    routes.write_text(ROUTES, encoding="ascii")
    monkeypatch.setattr(egress, "_ROUTES", routes)
    return Watch(settings())


def test_an_open_way_out_goes_through_the_proxy_and_the_issuer_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"EGRESS": "open", "HTTPS_PROXY": PROXY, "NO_PROXY": ".corp.example.com, 10.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    set_proxy(settings())
    assert (os.environ["HTTPS_PROXY"], os.environ["https_proxy"]) == (PROXY, PROXY)
    assert "HTTP_PROXY" not in os.environ
    direct = os.environ["no_proxy"].split(",")
    assert {".corp.example.com", "10.0.0.1", "id.localhost", "app.localhost", "postgres"} <= set(direct)


def test_a_shut_one_leaves_no_proxy_that_a_call_could_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, PROXY)
    set_proxy(settings())
    assert not {name for name in os.environ if name.lower() in {"https_proxy", "http_proxy", "all_proxy"}}


@pytest.mark.parametrize(
    ("value", "words"),
    [("proxy:3128", "is no proxy"), ("http://me:hunter2@proxy:3128", "holds a user or password")],
)
def test_a_wrong_proxy_is_named_without_its_password(value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(SettingsError, match=f"^HTTPS_PROXY=.*: {words}") as caught:
        settings()
    assert "hunter2" not in str(caught.value)


def test_each_host_outside_is_logged_once_with_the_setting(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for host in ("api.example.com", b"api.example.com", "8.8.8.8", "192.168.16.9", "2606:4700::1111"):
        watch.asked_for(host)
    assert [line.split(" ")[0] for line in caplog.messages] == [
        "api.example.com",
        "8.8.8.8",
        "192.168.16.9",
        "2606:4700::1111",
    ]
    assert all("EGRESS=open in .env" in line for line in caplog.messages)


@pytest.mark.parametrize(
    "host",
    [None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "postgres", "id.localhost", "192.168.176.7", 7],
)
def test_what_is_inside_is_not(watch: Watch, host: object, caplog: pytest.LogCaptureFixture) -> None:
    watch.asked_for(host)
    assert caplog.messages == []


def test_an_identity_provider_outside_is_named_at_start(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    own = "https://id.localhost:8443/realms/apps/.well-known/openid-configuration"
    google = {"server_metadata_url": "https://accounts.google.com/.well-known/openid-configuration"}
    watch.providers({"server_metadata_url": own, "cookie_secret": "x", "google": google})
    assert [line.split(" ")[0] for line in caplog.messages] == ["accounts.google.com"]


def test_every_client_of_pythons_sockets_is_seen(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    watch.install()  # for good: an audit hook cannot be taken out
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.connect(("198.51.100.1", 9))
    with pytest.raises(OSError, match=r".*"):
        socket.getaddrinfo("nowhere.invalid", 443)
    with socket.socket(socket.AF_UNIX) as unix, pytest.raises(OSError, match=r".*"):
        unix.connect("/nowhere/socket")
    assert [line.split(" ")[0] for line in caplog.messages] == ["198.51.100.1", "nowhere.invalid"]
