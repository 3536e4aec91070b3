"""The demo users: there as the app's file says, with passwords made once, and never mistaken for anyone else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integration.keycloak.identity import NOTHING, Identity
from integration.keycloak.person import Person

Someone = Callable[[], Person]
NAMES = ["audra", "finn", "ivan", "mia", "noor", "priya", "sam"]
APP = "/tmp/app"  # noqa: S108 -- the container's


def demo_app(identity: Identity, username: str, email: str) -> str:
    """An app's folder where the jobs run, with one demo user."""
    text = (
        f'[[user]]\nid = "5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1aff"\nusername = "{username}"\nemail = "{email}"\n'
        'first_name = "A"\nlast_name = "Demo"\n'
    )
    identity.shell(f"mkdir -p {APP}/demo && cat > {APP}/demo/users.toml", stdin=text)
    return APP


def test_passwords_are_made_once_and_never_told(identity: Identity, person: Someone) -> None:
    files = sorted((identity.secrets / "demo").iterdir())
    assert [file.name for file in files] == NAMES
    assert {(file.stat().st_mode & 0o777, file.stat().st_uid) for file in files} == {(0o400, 10002)}
    before = [identity.demo_password(name) for name in NAMES]
    assert len(set(before)) == len(NAMES)
    (identity.secrets / "demo" / "sam").unlink()
    assert identity.reconcile() == "demo user sam: new password, the file was gone\n"
    after = [identity.demo_password(name) for name in NAMES]
    assert after[:-1] == before[:-1]
    assert not person().gets_in("sam", before[-1])
    assert person().gets_in("sam", after[-1])


def test_person_comes_back_as_the_file_says(identity: Identity) -> None:
    with identity.admin() as admin:
        (sam,) = admin.get("/users", username="sam", exact="true")
        admin.put(f"/users/{sam['id']}", sam | {"email": "other@example.com"})
        identity.users("revoke", "sam", "staff")
        assert identity.reconcile() == "demo user sam: details changed\ndemo user sam: has roles staff\n"
        admin.delete(f"/users/{sam['id']}")
        assert identity.reconcile() == "demo user sam: created\n"
        assert admin.get(f"/users/{sam['id']}")["username"] == "sam"


@pytest.mark.parametrize(
    ("username", "email", "line"),
    [
        ("olga", "demo@example.com", "demo user olga: left out, a user of that name exists"),
        ("olaf", "olga@corp.example", "demo user olaf: left out, olga@corp.example or the id belongs to another user"),
    ],
)
def test_own_user_is_never_taken_for_a_demo_user(identity: Identity, username: str, email: str, line: str) -> None:
    identity.users("add", "olga", "--email", "olga@corp.example", "--name", "Olga Own")
    with identity.admin() as admin:
        (olga,) = admin.get("/users", username="olga", exact="true")
        try:
            assert line in identity.reconcile(APP_DIR=demo_app(identity, username, email))
            identity.reconcile(DOMAIN="gate.test")
            assert admin.get("/users", username="olga", exact="true") == [olga]
        finally:
            admin.delete(f"/users/{olga['id']}")
            identity.reconcile()


def test_wrong_file_is_named_before_anything_changes(identity: Identity) -> None:
    line = identity.refused("reconcile", APP_DIR=demo_app(identity, "../sam", "x@example.com"))
    assert line.startswith("demo/users.toml of the app: user.0.username: ")
    assert identity.reconcile() == NOTHING
