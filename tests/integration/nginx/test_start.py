"""What stops the start: one line that names the thing and the remedy, and no secret in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.prepare import certificates
from integration.nginx.front import Secrets, nginx


def start(secrets: Secrets, project: str, **environment: str) -> tuple[int, str]:
    """Exit code and words of an nginx that should not start."""
    with nginx(secrets, project, **environment).with_command(["true"]) as container:
        code = container.get_wrapped_container().wait(timeout=20)["StatusCode"]
        out, error = container.get_logs()
    return code, (out + error).decode().strip()


def expired(secrets: Secrets) -> str:
    old = secrets.leaf(age=timedelta(days=100))
    secrets.write("tls.crt", certificates.certificate_pem(old.certificate))
    secrets.write("tls.key", certificates.key_pem(old.key))
    return "secrets/nginx/tls.crt: expired on 20"


def for_another_name(secrets: Secrets) -> str:
    other = secrets.leaf("app.localhost")
    secrets.write("tls.crt", certificates.certificate_pem(other.certificate))
    secrets.write("tls.key", certificates.key_pem(other.key))
    return "secrets/nginx/tls.crt: is not for id.localhost"


def key_of_another(secrets: Secrets) -> str:
    secrets.write("tls.key", certificates.key_pem(certificates.new_key()))
    return "secrets/nginx/tls.key: not the key of tls.crt"


def half_written(secrets: Secrets) -> str:
    secrets.write("tls.key", (secrets.mounted / "tls.key").read_bytes()[:60])
    return "secrets/nginx/tls.key: malformed"


def missing(secrets: Secrets) -> str:
    (secrets.mounted / "tls.crt").unlink()
    return "secrets/nginx/tls.crt: missing"


def empty(secrets: Secrets) -> str:
    secrets.write("tls.key", b"")
    return "secrets/nginx/tls.key: empty"


def too_open(secrets: Secrets) -> str:
    (secrets.mounted / "tls.key").chmod(0o440)
    return "secrets/nginx/tls.key: too open; chmod 0400"


@pytest.mark.parametrize("spoil", [expired, for_another_name, key_of_another, half_written, missing, empty, too_open])
def test_unusable_certificate_stops_the_start(tmp_path: Path, project: str, spoil: Callable[[Secrets], str]) -> None:
    secrets = Secrets(tmp_path / "nginx")
    fault = spoil(secrets)
    code, words = start(secrets, project)
    assert code == 1
    assert words.startswith(f"Error: {fault}")
    assert ";" in words
    assert len(words.splitlines()) == 1
    for line in (secrets.mounted / "tls.key").read_text().splitlines():
        assert line.startswith("-----") or line not in words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOMAIN", "Example.com"),
        ("DOMAIN", "x; } server { listen 1"),
        ("PORT", "99999"),
        ("HTTP_PORT", "eighty"),
        ("HTTP_PORT", "8443"),
        ("MAX_UPLOAD_MB", "200m"),
    ],
)
def test_wrong_setting_stops_the_start(tmp_path: Path, project: str, name: str, value: str) -> None:
    secrets = Secrets(tmp_path / "nginx")
    if name == "DOMAIN":
        secrets.domain = value
        code, words = start(secrets, project)
    else:
        code, words = start(secrets, project, **{name: value})
    assert code == 1
    assert words.startswith(f"Error: {name}={value}: ")
    assert len(words.splitlines()) == 1


@pytest.mark.parametrize("ports", [("443", "80"), ("8443", "8080")])
def test_configuration_is_valid(tmp_path: Path, project: str, ports: tuple[str, str]) -> None:
    assert start(Secrets(tmp_path / "nginx"), project, PORT=ports[0], HTTP_PORT=ports[1]) == (0, "")
