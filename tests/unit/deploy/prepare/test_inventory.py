"""What a first run leaves behind: every file of the inventory, its consumer's alone."""

from __future__ import annotations

import stat

import pytest

from deploy.prepare.inventory import LOGINS, folders, inventory, uid
from unit.deploy.prepare.trees import Secrets


@pytest.mark.parametrize("domain", ["localhost", "apps.example.org"])
def test_each_file_is_its_consumers_alone(empty: Secrets, domain: str) -> None:
    empty.prepare(domain)
    found = {path: (file.uid, file.mode) for path, file in empty.snapshot().items()}
    assert found == {secret.path: (secret.uid, 0o400) for secret in inventory(domain) if not secret.optional}


def test_each_folder_is_closed_and_its_consumers(tree: Secrets) -> None:
    for folder in folders("localhost"):
        status = (tree.root / folder).stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o700, uid(folder)), folder
    assert stat.S_IMODE(tree.root.stat().st_mode) == 0o700


def test_folders_that_the_engine_made_are_mended_silently(empty: Secrets) -> None:
    for folder in ("nginx", "app", "provided"):
        (empty.root / folder).mkdir(mode=0o755)
    assert empty.prepare().problems == []
    status = (empty.root / "nginx").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o700, uid("nginx"))


def test_files_of_one_value_are_equal_and_values_differ(tree: Secrets) -> None:
    values: dict[str, set[bytes]] = {}
    for secret in inventory("localhost"):
        if not secret.optional:
            values.setdefault(secret.value, set()).add(tree.read(secret.path))
    assert {name: len(contents) for name, contents in values.items()} == dict.fromkeys(values, 1)
    # The issuer's authority is the front CA, whose own file has the only other copy.
    contents = [held.pop() for name, held in values.items() if name != "issuer_ca.crt"]
    assert len(contents) == len(set(contents))


def test_a_password_lies_with_one_consumer_and_never_with_postgres() -> None:
    passwords = sorted(secret.path for secret in inventory("localhost") if secret.path.endswith("_password"))
    assert passwords == sorted(f"{folder}/{login}_password" for login, folder in LOGINS.items())
    assert not [path for path in passwords if path.startswith(("postgres/", "roles/"))]
