from __future__ import annotations

import ssl
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from gatehouse.author_files import is_authors
from gatehouse.settings import StartError, settings
from gatehouse.streamlit_files import platform_auth, platform_options, write_ca_bundle, write_config, write_secrets

GOOD = "a" * 43
WriteSecret = Callable[[str, str], Path]


def written(place: Path, name: str) -> dict[str, dict[str, object]]:
    path = place / "runtime/.streamlit" / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_every_option_exists_in_the_installed_streamlit() -> None:
    assert platform_options(settings()).keys() <= streamlit_config._config_options_template.keys()  # noqa: SLF001


def test_config_holds_the_public_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", "example.com")
    write_config(settings())
    config = written(place, "config.toml")
    assert config["server"]["allowedHosts"] == ["app.example.com"]
    assert config["browser"]["serverAddress"] == "app.example.com"
    assert config["client"]["showErrorDetails"] == "none"


def test_the_author_may_set_no_option_that_protects() -> None:
    protective = {name for name in platform_options(settings()) if not is_authors(name)}
    assert {"server.enableXsrfProtection", "server.enableCORS", "server.allowedHosts", "secrets.files"} <= protective


def test_the_platforms_sign_in_wins_over_the_authors_and_keeps_the_rest(place: Path, write_secret: WriteSecret) -> None:
    write_secret("client_secret", GOOD)
    write_secret("cookie_secret", "b" * 43)
    author: dict[str, object] = {
        "plain": 'quote " and \\ and é',
        "connections": {"warehouse": {"host": "db", "port": 5432}},
        "auth": {"cookie_secret": "weak", "client_kwargs": {"prompt": "login"}, "google": {"client_id": "g"}},
    }
    write_secrets(settings(), author, platform_auth(settings()))
    secrets = written(place, "secrets.toml")
    assert secrets["plain"] == author["plain"]
    assert secrets["connections"] == author["connections"]
    assert secrets["auth"] == {
        "cookie_secret": "b" * 43,
        "client_kwargs": {"prompt": "login"},
        "google": {"client_id": "g"},
        "client_id": "app",
        "client_secret": GOOD,
        "redirect_uri": "https://app.localhost:8443/oauth2callback",
        "server_metadata_url": "https://id.localhost:8443/realms/apps/.well-known/openid-configuration",
    }


def test_each_missing_secret_of_the_sign_in_is_named() -> None:
    with pytest.raises(StartError) as caught:
        platform_auth(settings())
    assert [line.partition(":")[0] for line in caught.value.problems] == [
        "secrets/app/client_secret",
        "secrets/app/cookie_secret",
    ]


def test_the_bundle_trusts_the_system_and_the_provider(write_secret: WriteSecret, certificate: str) -> None:
    write_secret("issuer_ca.crt", certificate)
    bundle = write_ca_bundle(settings())
    trusted = ssl.create_default_context(cafile=str(bundle)).get_ca_certs(binary_form=True)
    assert ssl.PEM_cert_to_DER_cert(certificate) in trusted
    assert len(trusted) > 50


def test_the_bundle_trusts_the_companys_ca_too(
    place: Path, write_secret: WriteSecret, certificate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_secret("issuer_ca.crt", certificate)
    own = place / "company.pem"
    monkeypatch.setenv("EGRESS_CA", str(own))
    own.write_text("", encoding="utf-8")  # what /dev/null reads as
    before = write_ca_bundle(settings()).read_text(encoding="utf-8")
    own.write_text(f"# ours\n{certificate}", encoding="utf-8")
    assert write_ca_bundle(settings()).read_text(encoding="utf-8").count(certificate) == before.count(certificate) + 1
    own.write_text("no certificate", encoding="utf-8")
    with pytest.raises(StartError, match="^EGRESS_CA: holds no valid certificate"):
        write_ca_bundle(settings())


def test_a_ca_file_without_a_certificate_is_refused(write_secret: WriteSecret) -> None:
    write_secret("issuer_ca.crt", "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n")
    with pytest.raises(StartError, match="^secrets/app/issuer_ca.crt: holds no valid certificate"):
        write_ca_bundle(settings())


def test_a_place_that_cannot_be_written_is_named(place: Path) -> None:
    (place / "runtime").rmdir()
    (place / "runtime").touch()
    with pytest.raises(StartError, match="config.toml: cannot be written .* mount a tmpfs"):
        write_config(settings())
