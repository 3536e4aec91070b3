"""A wrong setting gets one clear line with its name, its value and the remedy."""

from __future__ import annotations

import pytest

from deploy.prepare.settings import InvalidSettingsError, load

KEYS = ("DOMAIN", "PORT", "HTTP_PORT", "BIND", "ACME", "ACME_EMAIL", "ACME_CHALLENGE", "SECRETS_DIR")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own environment gets in."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


def test_defaults_need_no_setting() -> None:
    settings = load()
    assert (settings.DOMAIN, settings.PORT, settings.HTTP_PORT, settings.BIND) == ("localhost", 8443, 8080, "127.0.0.1")
    assert settings.names == ("app.localhost", "id.localhost")


@pytest.mark.parametrize(
    "values",
    [
        {"DOMAIN": "apps.example.org", "BIND": "0.0.0.0", "PORT": "443", "HTTP_PORT": "80"},
        {"DOMAIN": "xn--bcher-kva.example"},
        {"DOMAIN": "apps.internal", "BIND": "::"},
        {"BIND": "::1"},
        {"BIND": "127.0.0.53"},
        {"PORT": "65535"},
        {"ACME": "", "ACME_EMAIL": "", "ACME_CHALLENGE": ""},
        {"DOMAIN": "a.example", "ACME": "letsencrypt-staging", "ACME_EMAIL": "ops@a.example"},
        {"DOMAIN": "a.example", "ACME": "https://ca.corp:9000/acme/acme/directory", "ACME_CHALLENGE": "dns-01"},
    ],
)
def test_good_settings_pass(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    load()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"DOMAIN": ""}, "DOMAIN='' is not a DNS name"),
        ({"DOMAIN": "Example.org"}, "DOMAIN='Example.org' must be lower-case"),
        ({"DOMAIN": "https://example.org"}, "is not a DNS name; write localhost, or one such as apps.example.org"),
        ({"DOMAIN": "example.org:8443"}, "is not a DNS name"),
        ({"DOMAIN": "example.org."}, "is not a DNS name"),
        ({"DOMAIN": "-a.example.org"}, "is not a DNS name"),
        ({"DOMAIN": "a_b.example.org"}, "is not a DNS name"),
        ({"DOMAIN": "bücher.example"}, "DOMAIN='bücher.example' is not a DNS name"),
        ({"DOMAIN": "../ca"}, "is not a DNS name"),
        ({"DOMAIN": "example.org\nx=1"}, r"DOMAIN='example.org\nx=1' is not a DNS name"),
        ({"DOMAIN": "a" * 64 + ".org"}, "is not a DNS name"),
        ({"DOMAIN": ".".join(["a" * 60] * 5)}, "is not a DNS name"),
        ({"DOMAIN": "10.0.0.5"}, "is not a DNS name but an address"),
        ({"DOMAIN": "internal"}, "is reserved; use a name below it"),
        ({"PORT": "https"}, "PORT='https' is not a port; use a whole number from 1 to 65535"),
        ({"PORT": "0"}, "is not a port"),
        ({"PORT": "65536"}, "is not a port"),
        ({"PORT": "8443.0"}, "is not a port"),
        ({"PORT": "08443"}, "is not a port"),
        ({"PORT": " 8443"}, "is not a port"),
        ({"HTTP_PORT": "-1"}, "HTTP_PORT='-1' is not a port"),
        ({"PORT": "8080"}, "HTTP_PORT=8080 is PORT too; give HTTP_PORT another number"),
        ({"BIND": "localhost"}, "BIND='localhost' is not an IP address; use 127.0.0.1"),
        ({"BIND": "0.0.0.0"}, "must stay 127.0.0.1 while DOMAIN=localhost"),
        ({"BIND": "10.0.0.5"}, "set DOMAIN to a real name to serve a network"),
        ({"ACME": "letsencrypt"}, "has no certificate for localhost; set DOMAIN to a name of your own"),
        ({"DOMAIN": "a.example", "ACME": "yes"}, "ACME='yes' is no ACME authority; use letsencrypt or"),
        ({"DOMAIN": "a.example", "ACME": "http://ca.example/dir"}, "or the https:// URL of another's directory"),
        ({"DOMAIN": "a.example", "ACME": "https://u:p@ca.example/"}, "is no ACME authority"),
        ({"DOMAIN": "a.example", "ACME": "https://"}, "is no ACME authority"),
        ({"DOMAIN": "a.example", "ACME": "https://ca.example:x/"}, "is no ACME authority"),
        ({"ACME_EMAIL": "ops"}, "ACME_EMAIL='ops' is not one e-mail address; write it like ops@example.org"),
        ({"ACME_EMAIL": "a@b.example,c@d.example"}, "is not one e-mail address"),
        ({"ACME_CHALLENGE": "tls-alpn-01"}, "is no challenge; use http-01 or dns-01"),
        ({"BIND": "::"}, "must stay 127.0.0.1 while DOMAIN=localhost"),
    ],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], words: str) -> None:
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(InvalidSettingsError) as refused:
        load()
    (line,) = refused.value.lines
    assert words in line
    assert "\n" not in line


def test_all_bad_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("DOMAIN", "PORT", "BIND"):
        monkeypatch.setenv(key, "?")
    with pytest.raises(InvalidSettingsError) as refused:
        load()
    assert [line.partition("=")[0] for line in refused.value.lines] == ["DOMAIN", "PORT", "BIND"]
