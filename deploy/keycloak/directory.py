"""Users, the app's roles and groups, as the users' job and the demo users need them."""

from __future__ import annotations

import difflib
import secrets
from typing import Any
from urllib.parse import quote

from deploy.keycloak.admin import Admin
from deploy.keycloak.errors import MissingError

Row = dict[str, Any]

# Without letters and digits that look alike; 16 of 31 are 79 bits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """A password that can be read out and typed: four groups of four."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


class Directory:
    """Who may use the app. The app's roles are the roles of its client."""

    def __init__(self, admin: Admin, app: str) -> None:
        self.admin = admin
        client = admin.one("/clients", clientId=app)
        if not client:
            raise MissingError(f"client {app}: missing; run `docker compose up --detach`, which makes it")
        self._client = f"/clients/{client['id']}"
        self._mappings = f"role-mappings/clients/{client['id']}"

    def find(self, username: str) -> Row | None:
        """The user of exactly that name; Keycloak keeps names in lower case."""
        return self.admin.one("/users", username=username.lower(), exact="true")

    def user(self, username: str) -> Row:
        """The user of exactly that name. Raises MissingError, which tells similar names."""
        if found := self.find(username):
            return found
        names = [user["username"] for user in self.admin.all("/users", briefRepresentation="true")]
        similar = difflib.get_close_matches(username.lower(), names, n=3)
        there = f"similar: {', '.join(similar)}" if similar else "`make users` lists them"
        raise MissingError(f"user {username}: unknown; {there}")

    def roles(self) -> list[str]:
        """Names of the app's roles."""
        return sorted(role["name"] for role in self.admin.all(f"{self._client}/roles"))

    def role(self, name: str) -> Row:
        """One of the app's roles. Raises MissingError, which tells those that exist."""
        try:
            row: Row = self.admin.get(f"{self._client}/roles/{quote(name, safe='')}")
        except MissingError:
            raise MissingError(f"role {name}: unknown; there are: {', '.join(self.roles()) or 'none'}") from None
        return row

    def create_role(self, name: str) -> bool:
        """Create a role; whether it was missing."""
        if name in self.roles():
            return False
        self.admin.post(f"{self._client}/roles", {"name": name})
        return True

    def group(self, name: str) -> Row | None:
        """The top-level group of exactly that name."""
        rows = self.admin.all("/groups", search=name, exact="true")
        return next((row for row in rows if row["name"] == name), None)

    def create_group(self, name: str) -> bool:
        """Create a group; whether it was missing."""
        if self.group(name):
            return False
        self.admin.post("/groups", {"name": name})
        return True

    def roles_of(self, user: Row) -> list[str]:
        """Names of the app's roles that are the user's own."""
        return sorted(role["name"] for role in self.admin.get(f"/users/{user['id']}/{self._mappings}"))

    def groups_of(self, user: Row) -> list[str]:
        """Names of the user's groups."""
        return sorted(group["name"] for group in self.admin.all(f"/users/{user['id']}/groups"))

    def grant(self, user: Row, names: list[str]) -> None:
        """Give roles that exist."""
        self.admin.post(f"/users/{user['id']}/{self._mappings}", [self.role(name) for name in names])

    def revoke(self, user: Row, names: list[str]) -> None:
        """Take roles."""
        self.admin.delete(f"/users/{user['id']}/{self._mappings}", [self.role(name) for name in names])

    def join(self, user: Row, name: str) -> None:
        """Put the user into a group that exists."""
        group = self.group(name)
        if not group:
            raise MissingError(f"group {name}: unknown")
        self.admin.put(f"/users/{user['id']}/groups/{group['id']}")

    def role_holders(self) -> dict[str, list[str]]:
        """User ids, each with the names of its roles: one request for each role, not for each user."""
        return self._holders({name: f"{self._client}/roles/{quote(name, safe='')}/users" for name in self.roles()})

    def group_members(self) -> dict[str, list[str]]:
        """User ids, each with the names of its top-level groups."""
        return self._holders({group["name"]: f"/groups/{group['id']}/members" for group in self.admin.all("/groups")})

    def _holders(self, paths: dict[str, str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, path in sorted(paths.items()):
            for user in self.admin.all(path):
                found.setdefault(user["id"], []).append(name)
        return found

    def set_password(self, user: Row, password: str, *, once: bool) -> None:
        """Set a password; `once`: it must be changed at the next sign-in."""
        credential = {"type": "password", "value": password, "temporary": once}
        self.admin.put(f"/users/{user['id']}/reset-password", credential)

    def end_sessions(self, user: Row) -> None:
        """Sign the user out everywhere; Keycloak tells the app by its back channel."""
        self.admin.post(f"/users/{user['id']}/logout")

    def unlock(self, user: Row) -> None:
        """Forget failed sign-ins."""
        self.admin.delete(f"/attack-detection/brute-force/users/{user['id']}")
