"""A start with a wrong secret or volume: stops with one line that names it, and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.prepare.certificates import Pair, certificate_pem, key_pem, new_authority, new_key, new_leaf
from integration.postgres.server import DATA, Server, until


@pytest.fixture(scope="module")
def broken(make_server: Callable[[str], Server]) -> Server:
    """A server that is not started before its secrets or its volume are broken."""
    return make_server("broken")


@pytest.fixture
def secrets(broken: Server) -> Iterator[Path]:
    """Its folder of secrets, put back afterwards."""
    folder = broken.secrets / "postgres"
    before = {file: file.read_bytes() for file in folder.iterdir()}
    yield folder
    folder.chmod(0o700)
    for file, content in before.items():
        put(file, content)


def put(file: Path, content: bytes, mode: int = 0o400, uid: int = 999) -> None:
    """Write as prepare does: a new file, then its name."""
    new = file.with_name("new")
    new.write_bytes(content)
    new.chmod(mode)
    os.chown(new, uid, uid)
    new.replace(file)


def issue(issued: datetime) -> tuple[Pair, Pair]:
    """A CA and a certificate of its for postgres, issued at that time."""
    key = new_key()
    authority = Pair(key, new_authority(key, "postgres", issued))
    return authority, new_leaf(authority, ("postgres",), issued)


def refused_because(server: Server, cause: str) -> None:
    """It stops with one line that starts with `cause` and holds a remedy, and made nothing in the volume."""
    said = server.refused()
    assert said.startswith(f"Error: {cause}")
    assert said.count("\n") == 1
    assert ";" in said
    assert "PRIVATE" not in said
    assert server.volume("ls") == ""


@pytest.mark.parametrize("name", ["server.crt", "server.key"])
def test_a_missing_empty_or_foreign_file_is_named(broken: Server, secrets: Path, name: str) -> None:
    content = (secrets / name).read_bytes()
    (secrets / name).unlink()
    refused_because(broken, f"secrets/postgres/{name}: missing;")
    put(secrets / name, b"")
    refused_because(broken, f"secrets/postgres/{name}: empty;")
    put(secrets / name, content, uid=1000)
    refused_because(broken, f"secrets/postgres/{name}: belongs to uid 1000, not 999;")
    (secrets / name).unlink()
    (secrets / name).symlink_to("/etc/hostname")
    refused_because(broken, f"secrets/postgres/{name}: not a plain file;")


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o402])
def test_a_key_open_to_others_is_named(broken: Server, secrets: Path, mode: int) -> None:
    (secrets / "server.key").chmod(mode)
    refused_because(broken, f"secrets/postgres/server.key: mode {mode:o}, must be 400;")


@pytest.mark.parametrize(
    ("name", "kind"), [("server.crt", "not a certificate in PEM form"), ("server.key", "not a private key in PEM form")]
)
def test_a_malformed_or_half_written_file_is_named(broken: Server, secrets: Path, name: str, kind: str) -> None:
    content = (secrets / name).read_bytes()
    for wrong in (b"CANARY", content[: len(content) // 2]):
        put(secrets / name, wrong)
        refused_because(broken, f"secrets/postgres/{name}: {kind}")


def test_a_key_of_another_certificate_is_named(broken: Server, secrets: Path) -> None:
    put(secrets / "server.key", key_pem(new_key()))
    refused_because(broken, "secrets/postgres/server.key: not the key of server.crt;")


def test_an_expired_certificate_is_named(broken: Server, secrets: Path) -> None:
    _, leaf = issue(datetime.now(UTC) - timedelta(days=100))
    put(secrets / "server.crt", certificate_pem(leaf.certificate))
    put(secrets / "server.key", key_pem(leaf.key))
    refused_because(broken, "secrets/postgres/server.crt: has expired;")


def test_a_folder_of_another_user_is_named(broken: Server, secrets: Path) -> None:
    os.chown(secrets, 0, 0)
    refused_because(broken, "secrets/postgres: not a folder that uid 999 may enter;")
    os.chown(secrets, 999, 999)


@pytest.mark.parametrize(
    ("place", "version"), [("16/main", "16"), ("18/docker", "18"), ("data", "15"), (".", "17"), ("17/main", "16")]
)
def test_a_volume_of_another_version_is_refused(spare: Server, place: str, version: str) -> None:
    spare.volume(f"mkdir -p {place}/base; echo {version} > {place}/PG_VERSION; echo rows > {place}/base/1")
    before = spare.volume("find . -exec stat -c '%n %Y %s' {} +")
    said = spare.refused()
    directory = DATA if place == "." else f"{DATA}/{place}"
    assert said.startswith(f"Error: data volume: {directory} holds data of Postgres {version}, and this image ")
    assert "pg_upgrade" in said
    assert said.count("\n") == 1
    assert spare.volume("find . -exec stat -c '%n %Y %s' {} +") == before


def test_a_damaged_volume_is_not_initialised_over(spare: Server) -> None:
    spare.volume("mkdir -p 17/main/base; echo rows > 17/main/base/1")
    assert spare.refused().startswith(f"Error: data volume: {DATA}/17/main has no PG_VERSION")
    assert spare.volume("cat 17/main/base/1") == "rows\n"


def test_a_renewed_certificate_is_served_without_a_restart(spare: Server) -> None:
    spare.start()
    spare.roles()
    with closing(spare.connect("app_a")) as connection:
        authority, leaf = issue(datetime.now(UTC))
        put(spare.secrets / "postgres" / "server.crt", certificate_pem(leaf.certificate))
        put(spare.secrets / "postgres" / "server.key", key_pem(leaf.key))
        ca = spare.secrets / "renewed.crt"
        ca.write_bytes(certificate_pem(authority.certificate))
        until(lambda: spare.answers("app_a", sslrootcert=str(ca)), seconds=30)
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert "certificate renewed: server reloaded" in spare.logs()
