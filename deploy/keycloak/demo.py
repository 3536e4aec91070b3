"""Demo users: people to try the app with, there only while DOMAIN=localhost."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from deploy.keycloak.directory import Directory, Row, new_password
from deploy.keycloak.errors import ConflictError, JobError
from deploy.keycloak.settings import Settings

MARK = "gatehouse-demo"
"""Realm role of every demo user. It is in no token, because the app's client has no scope on realm roles."""

_PASSWORD = re.compile(r"[!-~]{12,128}")


class Person(BaseModel):
    """One `[[user]]` of the app's demo/users.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID  # fixed, so that seeded rows can be theirs
    username: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$")  # a file is named for it too
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    first_name: str = Field(min_length=1)
    last_name: str = Field(min_length=1)
    groups: list[str] = []
    roles: list[str] = []

    def details(self) -> Row:
        """What Keycloak keeps of the person."""
        return {
            "email": self.email,
            "emailVerified": True,
            "firstName": self.first_name,
            "lastName": self.last_name,
        }


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user: list[Person] = []

    @field_validator("user")
    @classmethod
    def _differ(cls, user: list[Person]) -> list[Person]:
        for key in ("id", "username", "email"):
            (value, count), *_ = Counter(str(getattr(person, key)) for person in user).most_common(1) or [("", 0)]
            if count > 1:
                raise PydanticCustomError("twice", "{key} {value} is used twice", {"key": key, "value": value})
        return user


def people(settings: Settings) -> list[Person]:
    """The demo users that should exist. Raises JobError when the app's file is wrong."""
    path = settings.app_dir / "demo" / "users.toml"
    # What lies beside a single file is not that app's.
    if settings.domain != "localhost" or settings.app_script or not path.exists():
        return []
    try:
        return _File.model_validate(tomllib.loads(path.read_text())).user
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise JobError(f"demo/users.toml of the app cannot be read: {error}; correct it, then start again") from None
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise JobError(f"demo/users.toml of the app: {where}: {fault['msg']}; correct it, then start again") from None


def keep(directory: Directory, settings: Settings, say: Callable[[str], None]) -> None:
    """Bring the demo users to what the app's file says: all of them there, and none that is not in it."""
    wanted = people(settings)
    names = {person.username for person in wanted}
    admin = directory.admin
    role = f"/roles/{MARK}"
    known = admin.allowed(role)
    marked = {user["username"]: user for user in admin.all(f"{role}/users")} if known else {}
    for name in sorted(marked.keys() - names):
        admin.delete(f"/users/{marked[name]['id']}")
        say(f"demo user {name}: deleted")
    for leftover in settings.demo_dir.glob("*"):
        if leftover.name not in names:
            leftover.unlink()
    if wanted and not known:
        admin.post("/roles", {"name": MARK, "description": "Demo user; deleted when DOMAIN is not localhost"})
    if known and not wanted:
        admin.delete(role)
    for person in wanted:
        _keep_one(directory, settings, person, marked.get(person.username), say)


def password_of(settings: Settings, person: Person) -> str | None:
    """The password of a demo user, once reconcile has made it."""
    return _read(settings.demo_dir / person.username)


def _keep_one(
    directory: Directory, settings: Settings, person: Person, there: Row | None, say: Callable[[str], None]
) -> None:
    for role in person.roles:
        if directory.create_role(role):
            say(f"role {role}: created")
    for group in person.groups:
        if directory.create_group(group):
            say(f"group {group}: created")
    place = settings.demo_dir / person.username
    password = password_of(settings, person)
    if there is None:
        if directory.find(person.username):
            say(f"demo user {person.username}: left out, a user of that name exists")
            return
        there = _create(directory, person, password or _write(place, new_password()))
        if there is None:
            say(f"demo user {person.username}: left out, {person.email} or the id belongs to another user")
            return
        say(f"demo user {person.username}: created")
        say = _silent  # roles and groups are part of it
    elif password is None:
        directory.set_password(there, _write(place, new_password()), once=False)
        say(f"demo user {person.username}: new password, the file was gone")
    _update(directory, person, there, say)


def _create(directory: Directory, person: Person, password: str) -> Row | None:
    # Only an import takes the id along.
    user = person.details() | {
        "id": str(person.id),
        "username": person.username,
        "enabled": True,
        "realmRoles": [MARK, f"default-roles-{directory.admin.realm}"],
        "credentials": [{"type": "password", "value": password}],
    }
    try:
        directory.admin.post("/partialImport", {"ifResourceExists": "FAIL", "users": [user]})
    except ConflictError:
        return None
    return directory.find(person.username)


def _update(directory: Directory, person: Person, there: Row, say: Callable[[str], None]) -> None:
    """Details, roles and groups of the file; roles and groups given beside it stay."""
    if any(there.get(key) != value for key, value in person.details().items()):
        directory.admin.put(f"/users/{there['id']}", there | person.details())
        say(f"demo user {person.username}: details changed")
    if missing := sorted(set(person.roles) - set(directory.roles_of(there))):
        directory.grant(there, missing)
        say(f"demo user {person.username}: has roles {', '.join(missing)}")
    if missing := sorted(set(person.groups) - set(directory.groups_of(there))):
        for group in missing:
            directory.join(there, group)
        say(f"demo user {person.username}: is in groups {', '.join(missing)}")


def _silent(_line: str) -> None:
    pass


def _read(place: Path) -> str | None:
    try:
        text = place.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return text if _PASSWORD.fullmatch(text) else None


def _write(place: Path, password: str) -> str:
    """Keep a password for people to read; complete or not at all."""
    temporary = place.with_name(f".{place.name}")
    try:
        temporary.unlink(missing_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(f"{password}\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(place)
    except OSError as error:
        raise JobError(
            f"secrets/demo/{place.name}: cannot be written, {error.strerror}; run `docker compose up --detach`, which"
            " gives the folder its owner"
        ) from None
    return password
