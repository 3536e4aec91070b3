"""Wrong settings, secrets, certificates and volumes: the real service stops with one line that names the thing and the
remedy, and nothing is lost."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deploy.prepare import certificates
from support.command import run
from support.ports import free_port
from support.stack import Stack

NAMES = ("app.localhost", "id.localhost")


@pytest.fixture(scope="module")
def good(parts: Stack) -> Path:
    """A whole, valid tree of secrets. Tests work on copies."""
    parts.job("prepare")
    return parts.secrets


@pytest.fixture
def secrets(good: Path, parts: Stack) -> Iterator[Path]:
    """A tree of secrets to spoil."""
    copy = parts.directory / "spoilt"
    run(["cp", "--archive", good, copy])  # with the owners
    yield copy
    shutil.rmtree(copy)


def complaint(result: CompletedProcess[str], thing: str) -> str:
    """The one line about `thing` in what a service said before it stopped."""
    output = result.stdout + result.stderr
    assert result.returncode != 0, output
    assert "Traceback" not in output
    about = [line for line in output.splitlines() if thing in line]
    assert len(about) == 1, output
    return about[0]


def prepare(parts: Stack, secrets: Path) -> CompletedProcess[str]:
    return parts.job("prepare", check=False, settings={"SECRETS": str(secrets)})


def content(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.stat().st_uid, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def replace(file: Path, text: bytes, mode: int = 0o400) -> None:
    """Put other content into a file and keep its owner."""
    file.chmod(0o600)
    file.write_bytes(text)
    file.chmod(mode)


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "named", "remedy"),
    [
        ({"DOMAIN": "Example.com"}, "DOMAIN='Example.com'", "lower-case"),
        ({"DOMAIN": "https://example.com"}, "DOMAIN='https://example.com'", "without scheme"),
        ({"DOMAIN": "10.0.0.7"}, "DOMAIN='10.0.0.7'", "need a name"),
        ({"BIND": "0.0.0.0"}, "BIND='0.0.0.0'", "set DOMAIN to a real name"),
        ({"PORT": "8080", "HTTP_PORT": "8080"}, "HTTP_PORT='8080'", "another number"),
    ],
)
def test_wrong_setting_stops_prepare(
    parts: Stack, good: Path, settings: dict[str, str], named: str, remedy: str
) -> None:
    before = content(good)
    assert remedy in complaint(parts.job("prepare", check=False, settings=settings), named)
    assert content(good) == before


@pytest.mark.parametrize("port", ["eighty", "99999", "0"])
def test_wrong_port_stops_the_start(parts: Stack, port: str) -> None:
    """Compose reads ports itself and stops before any service could."""
    result = parts.compose("up", "--no-start", "--no-build", check=False, settings={"PORT": port})
    assert result.returncode != 0
    assert port in result.stderr


# --- secrets --------------------------------------------------------------------------------------------------------


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    replace(file, b"")


def half_written(file: Path) -> None:
    replace(file, file.read_bytes()[:20])


def too_open(file: Path) -> None:
    file.chmod(0o444)


SERVICES = {
    "postgres": "postgres/server.key",
    "roles": "roles/gate.verifier",
    "migrate": "migrate/gate_migrator_password",
    "keycloak": "keycloak/keycloak_password",
    "reconcile": "reconcile/operator_secret",
    "app": "app/client_secret",
    "nginx": "nginx/tls.key",
}


@pytest.mark.parametrize("spoil", [missing, empty, half_written, too_open])
@pytest.mark.parametrize("service", SERVICES)
def test_spoilt_secret_stops_its_service(
    parts: Stack, secrets: Path, service: str, spoil: Callable[[Path], None]
) -> None:
    file = secrets / SERVICES[service]
    value = file.read_text(encoding="utf-8")
    spoil(file)
    result = parts.job(service, check=False, settings={"SECRETS": str(secrets)})
    line = complaint(result, f"secrets/{SERVICES[service]}")
    assert ";" in line, "a remedy follows the fault"
    for part in value.splitlines():
        assert part not in result.stdout + result.stderr or part.startswith("-----")


@pytest.mark.parametrize("spoil", [empty, half_written, too_open])
@pytest.mark.parametrize(
    "name", ["app/cookie_secret", "ca/internal/ca.key", "nginx/tls.crt", "roles/keycloak.verifier"]
)
def test_spoilt_secret_stops_prepare_and_stays_as_it_is(
    parts: Stack, secrets: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    spoil(secrets / name)
    before = content(secrets)
    assert ";" in complaint(prepare(parts, secrets), f"secrets/{name}")
    assert content(secrets) == before


def test_two_copies_that_differ_stop_prepare(parts: Stack, secrets: Path) -> None:
    replace(secrets / "app" / "client_secret", b"x" * 43)
    before = content(secrets)
    line = complaint(prepare(parts, secrets), "secrets/app/client_secret")
    assert "secrets/reconcile/client_secret" in line
    assert content(secrets) == before


def test_missing_copy_is_made_of_the_other(parts: Stack, secrets: Path) -> None:
    copy = secrets / "reconcile" / "client_secret"
    copy.unlink()
    parts.job("prepare", settings={"SECRETS": str(secrets)})
    assert copy.read_bytes() == (secrets / "app" / "client_secret").read_bytes()
    assert (copy.stat().st_mode & 0o777, copy.stat().st_uid) == (0o400, 10002)


def test_missing_key_of_the_authority_is_not_replaced(parts: Stack, secrets: Path) -> None:
    """A new authority would have to be trusted anew by everyone: that is the operator's to decide."""
    (secrets / "ca" / "localhost" / "ca.key").unlink()
    before = content(secrets)
    assert ";" in complaint(
        parts.job("prepare", check=False, settings={"SECRETS": str(secrets)}), "secrets/ca/localhost/ca.key"
    )
    assert content(secrets) == before


# --- the operator's own certificate ---------------------------------------------------------------------------------


def provide(secrets: Path, *, age: timedelta = timedelta(0), names: tuple[str, ...] = NAMES) -> Path:
    """Put a certificate for `names`, issued `age` ago by an authority of the operator's, where it is looked for."""
    issued = datetime.now(UTC) - age
    key = certificates.new_key()
    authority = certificates.Pair(key, certificates.new_authority(key, "localhost", issued))
    leaf = certificates.new_leaf(authority, names, issued)
    folder = secrets / "provided"
    for name, text in {
        "tls.crt": certificates.certificate_pem(leaf.certificate),
        "tls.key": certificates.key_pem(leaf.key),
        "ca.crt": certificates.certificate_pem(authority.certificate),
    }.items():
        (folder / name).touch(mode=0o600)
        replace(folder / name, text)
    return folder


def test_provided_certificate_is_taken(parts: Stack, secrets: Path) -> None:
    """The control: the refusals below are not of a certificate that is never taken."""
    folder = provide(secrets)
    parts.job("prepare", settings={"SECRETS": str(secrets)})
    assert (secrets / "nginx" / "tls.crt").read_bytes() == (folder / "tls.crt").read_bytes()
    assert (secrets / "app" / "issuer_ca.crt").read_bytes() == (folder / "ca.crt").read_bytes()
    parts.job("nginx", "true", settings={"SECRETS": str(secrets)})


def expired(secrets: Path) -> str:
    provide(secrets, age=timedelta(days=100))
    return "expired on"


def key_of_another(secrets: Path) -> str:
    key = certificates.key_pem(certificates.new_key())
    replace(provide(secrets) / "tls.key", key)
    return "does not belong to tls.key"


def for_another_name(secrets: Path) -> str:
    provide(secrets, names=("app.localhost",))
    return "does not cover id.localhost"


def readable_by_the_world(secrets: Path) -> str:
    (provide(secrets) / "tls.key").chmod(0o644)
    return "too open"


def without_its_authority(secrets: Path) -> str:
    (provide(secrets) / "ca.crt").unlink()
    return "is not signed by"


@pytest.mark.parametrize(
    "spoil", [expired, key_of_another, for_another_name, readable_by_the_world, without_its_authority]
)
def test_unusable_provided_certificate_stops_prepare(parts: Stack, secrets: Path, spoil: Callable[[Path], str]) -> None:
    fault = spoil(secrets)
    before = content(secrets)
    line = complaint(prepare(parts, secrets), "secrets/provided/tls.")
    assert fault in line
    assert ";" in line
    assert content(secrets) == before


# --- volumes, peers and ports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("directory", ["16/main", "17/main", "18/docker"])
def test_volume_of_another_major_version_stops_postgres_untouched(parts: Stack, good: Path, directory: str) -> None:
    major = "16" if directory == "17/main" else directory.partition("/")[0]
    volume = ["--entrypoint", "bash", "postgres", "-c"]
    run_in_volume = ["--progress", "quiet", "run", "--rm", "--no-deps", "--no-TTY", *volume]
    place = f"/var/lib/postgresql/{directory}"
    parts.compose(*run_in_volume, f"mkdir -p {place} && echo {major} > {place}/PG_VERSION")
    try:
        line = complaint(parts.job("postgres", check=False), "data volume")
        assert f"Postgres {major}" in line
        assert "pg_upgrade" in line
        left = parts.compose(*run_in_volume, "cd /var/lib/postgresql && find . -type f").stdout.split()
        assert left == [f"./{directory}/PG_VERSION"]
    finally:
        parts.compose(*run_in_volume, "rm -rf /var/lib/postgresql/*")


# Their patience is shortened, as nobody will come: what is tested is the line at its end.
@pytest.mark.parametrize(
    ("service", "patience", "peer"),
    [
        ("roles", "PATIENCE", "postgres"),
        ("keycloak", "DATABASE_PATIENCE", "Postgres at postgres:5432 does not answer"),
        ("reconcile", "KEYCLOAK_PATIENCE", "eycloak"),
    ],
)
def test_unreachable_peer_at_start_is_named(parts: Stack, good: Path, service: str, patience: str, peer: str) -> None:
    result = parts.job(service, check=False, environment={patience: "1"})
    assert ";" in complaint(result, peer)


def test_taken_port_is_named(parts: Stack, good: Path) -> None:
    with socket.socket() as other:
        port = free_port()
        other.bind(("127.0.0.1", port))
        other.listen()
        result = parts.compose(
            "up", "--detach", "--no-deps", "--no-build", "nginx", check=False, settings={"PORT": str(port)}
        )
        parts.compose("rm", "--force", "--stop", "nginx")
    assert result.returncode != 0
    assert str(port) in result.stderr
