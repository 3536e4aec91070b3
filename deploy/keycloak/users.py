"""The users of the app: `python -m deploy.keycloak.users list|add|disable|enable|reset|grant|revoke|demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.keycloak import access, demo, roles, settings
from deploy.keycloak.admin import connect
from deploy.keycloak.directory import Directory, new_password
from deploy.keycloak.errors import JobError
from deploy.keycloak.settings import Settings

Word = Callable[[Directory, argparse.Namespace], None]

NEW = "make a role or group although its name is much like another's"
HEADINGS = ("USER", "E-MAIL", "NAME", "ENABLED", "ROLES", "GROUPS")


def show(directory: Directory, _options: argparse.Namespace) -> None:
    """Print every user in a table."""
    holders, members = directory.role_holders(), directory.group_members()
    rows = [
        (
            user["username"],
            user.get("email", "-"),
            " ".join(filter(None, (user.get("firstName"), user.get("lastName")))) or "-",
            "yes" if user["enabled"] else "no",
            ", ".join(holders.get(user["id"], ())) or "-",
            ", ".join(members.get(user["id"], ())) or "-",
        )
        for user in directory.admin.all("/users")
    ]
    if not rows:
        print("""no users yet; make users DO="add USER --email ADDRESS --name 'FIRST LAST'" adds one""")
        return
    table([HEADINGS, *rows])


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with their columns aligned."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


GIVEN = "one_time_password"
"""A file that brings the password to be given; on a cluster, where what a job prints is logged for a while."""


def password_for(options: argparse.Namespace) -> str:
    """The one-time password: the given one, or a new one."""
    file: Path = options.secrets_dir / GIVEN
    return file.read_text(encoding="ascii").strip() if file.is_file() else new_password()


def add(directory: Directory, options: argparse.Namespace) -> None:
    """Create a user with a one-time password; roles and groups too, where they are new."""
    check_names(directory, options)
    # The last word is the last name. Someone with one name only is asked by Keycloak at the first sign-in.
    *first, last = options.name.split() or [""]
    password = password_for(options)
    user = {
        "username": options.user,
        "email": options.email,
        "emailVerified": True,  # whoever adds the user vouches for the address
        "firstName": " ".join(first) or last,
        "lastName": last if first else "",
        "enabled": True,
        "credentials": [{"type": "password", "value": password, "temporary": True}],
    }
    try:
        directory.admin.post("/users", user)
    except JobError as error:
        raise JobError(
            f"user {options.user}: not added, {error.reason or error}; correct it, or see `make users`"
        ) from None
    print(f"user {options.user}: added")
    found = directory.user(options.user)
    give_roles(directory, found, options)
    for group in options.group:
        if directory.create_group(group):
            print(f"group {group}: created")
        directory.join(found, group)
        print(f"user {found['username']}: is in group {group}")
    one_time(password, options)


def check_names(directory: Directory, options: argparse.Namespace) -> None:
    """Refuse roles and groups that look mistyped, before anything is changed."""
    if options.new:
        return
    roles.refuse_mistyped("role", options.role, {*directory.roles(), *options.policy_roles})
    if options.group:
        roles.refuse_mistyped("group", options.group, [group["name"] for group in directory.admin.all("/groups")])


def give_roles(directory: Directory, user: dict[str, str], options: argparse.Namespace) -> None:
    """Grant roles, creating those that are new and saying so."""
    for role in options.role:
        if directory.create_role(role):
            unknown = options.policy_roles and role not in options.policy_roles
            print(f"role {role}: created" + ("; the app's policy.toml does not name it" if unknown else ""))
    if options.role:
        directory.grant(user, options.role)
        print(f"user {user['username']}: has role {', '.join(options.role)}")


def one_time(password: str, options: argparse.Namespace) -> None:
    """Show a password, unless whoever gave it does. It is kept nowhere else."""
    if (options.secrets_dir / GIVEN).is_file():
        return
    print(f"one-time password, shown only here, to be changed at the next sign-in: {password}")


def disable(directory: Directory, options: argparse.Namespace) -> None:
    """Shut a user out: no new sign-in, and the sessions end."""
    user = directory.user(options.user)
    directory.admin.put(f"/users/{user['id']}", user | {"enabled": False})
    directory.end_sessions(user)
    print(f"user {user['username']}: disabled, sessions ended")


def enable(directory: Directory, options: argparse.Namespace) -> None:
    """Let a user in again, also one who is locked out by failed sign-ins."""
    user = directory.user(options.user)
    directory.admin.put(f"/users/{user['id']}", user | {"enabled": True})
    directory.unlock(user)
    print(f"user {user['username']}: enabled")


def reset(directory: Directory, options: argparse.Namespace) -> None:
    """Give a user a new one-time password; sessions opened with the old one end."""
    user = directory.user(options.user)
    password = password_for(options)
    directory.set_password(user, password, once=True)
    directory.end_sessions(user)
    directory.unlock(user)
    print(f"user {user['username']}: sessions ended")
    one_time(password, options)


def grant(directory: Directory, options: argparse.Namespace) -> None:
    """Give a user roles."""
    user = directory.user(options.user)
    check_names(directory, options)
    give_roles(directory, user, options)


def revoke(directory: Directory, options: argparse.Namespace) -> None:
    """Take roles from a user."""
    user = directory.user(options.user)
    if missing := sorted(set(options.role) - set(directory.roles_of(user))):
        has = ", ".join(directory.roles_of(user)) or "none"
        raise JobError(f"user {user['username']}: does not have role {', '.join(missing)}; has: {has}")
    directory.revoke(user, options.role)
    print(f"user {user['username']}: no longer has role {', '.join(options.role)}")


def show_demo(options: Settings) -> None:
    """Print the demo users and their passwords."""
    rows = [
        (person.username, password, person.email, ", ".join(person.roles) or "-")
        for person in demo.people(options)
        if (password := demo.password_of(options, person))
    ]
    if not rows:
        raise JobError("no demo users; they exist only while DOMAIN=localhost, for an app with demo/users.toml")
    table([("USER", "PASSWORD", "E-MAIL", "ROLES"), *rows])


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="users", description="The users of the app.")
    words = top.add_subparsers(metavar="WORD", required=True)

    def word(name: str, run: Word | None, text: str) -> argparse.ArgumentParser:
        added = words.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        if name not in {"list", "demo"}:
            added.add_argument("user", metavar="USER", type=str.lower)
        return added

    word("list", show, "every user with e-mail, name, roles and groups")
    adding = word("add", add, "add a user; a one-time password is shown once")
    adding.add_argument("--email", required=True, metavar="ADDRESS")
    adding.add_argument("--name", required=True, metavar="NAME", help='first and last name, as in --name "Ann Lee"')
    adding.add_argument("--role", action="append", default=[], metavar="ROLE", help="may be given more than once")
    adding.add_argument("--group", action="append", default=[], metavar="GROUP", help="may be given more than once")
    adding.add_argument("--new", action="store_true", help=NEW)
    word("disable", disable, "shut a user out and end the sessions")
    word("enable", enable, "let a user in again, also after too many failed sign-ins")
    word("reset", reset, "a new one-time password; the sessions end")
    for name, run, text in (("grant", grant, "give a user roles"), ("revoke", revoke, "take roles from a user")):
        changing = word(name, run, text)
        changing.add_argument("role", nargs="+", metavar="ROLE")
        if run is grant:
            changing.set_defaults(group=[])
            changing.add_argument("--new", action="store_true", help=NEW)
    word("demo", None, "the demo users and their passwords")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one word; the exit code."""
    options = parser().parse_args(arguments)
    try:
        environment = settings.load()
        options.secrets_dir = environment.secrets_dir
        options.policy_roles = roles.named_by_policy(environment)
        if options.run is None:
            show_demo(environment)
            return 0
        with connect(environment.keycloak_url, environment.id_url, patience=10) as http:
            options.run(Directory(access.operator(http, environment), environment.app_name), options)
    except JobError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
