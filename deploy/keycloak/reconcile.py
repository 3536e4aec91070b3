"""Bring what the product owns in Keycloak to its wanted state; safe to run again, and after a kill at any moment.

Run as `python -m deploy.keycloak.reconcile`, at every start. An operator's own users, federation, mail settings and
clients are left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from deploy.keycloak import access, demo, realm, settings
from deploy.keycloak.admin import Admin, connect
from deploy.keycloak.directory import Directory
from deploy.keycloak.drift import drift, merged
from deploy.keycloak.errors import JobError
from deploy.keycloak.settings import Settings

Say = Callable[[str], None]


def reconcile(options: Settings, say: Say) -> None:
    """Do all of it; `say` gets one line for each change. Raises JobError."""
    secret = options.secret("client_secret")
    options.secret("operator_secret")
    demo.people(options)  # a wrong file stops the job before anything is changed
    with connect(options.keycloak_url, options.id_url, options.keycloak_patience) as http:
        admin = access.establish(http, options, say)
        keep_realm(admin, options, say)
        keep_client(admin, options, secret, say)
        keep_scopes(admin, options, say)
        keep_mappers(admin, options, say)
        for name, wanted in realm.BUILT_IN.items():
            change(admin, f"client {name}", f"/clients/{client_id(admin, name)}", wanted, say)
        demo.keep(Directory(admin, options.app_name), options, say)


def keep_realm(admin: Admin, options: Settings, say: Say) -> None:
    """The realm's policy."""
    wanted = realm.realm(options)
    listeners = set(admin.get("")["eventsListeners"]) | set(realm.LISTENERS)
    change(admin, f"realm {options.realm}", "", wanted | {"eventsListeners": sorted(listeners)}, say)


def keep_client(admin: Admin, options: Settings, secret: str, say: Say) -> None:
    """The app's client."""
    wanted = realm.client(options, secret)
    if admin.one("/clients", clientId=options.app_name):
        change(admin, f"client {options.app_name}", f"/clients/{client_id(admin, options.app_name)}", wanted, say)
    else:
        scopes = {"defaultClientScopes": sorted(realm.SCOPES), "optionalClientScopes": []}
        admin.post("/clients", wanted | scopes | {"name": options.app_name})
        say(f"client {options.app_name}: created")


def keep_scopes(admin: Admin, options: Settings, say: Say) -> None:
    """The client scopes of the app's client: the owned ones by default, no others, and none on request."""
    client = f"/clients/{client_id(admin, options.app_name)}"
    known = {scope["name"]: scope["id"] for scope in admin.get("/client-scopes")}
    for kind, wanted in (("default", realm.SCOPES), ("optional", set[str]())):
        there = {scope["name"] for scope in admin.get(f"{client}/{kind}-client-scopes")}
        for name in sorted(there - wanted):
            admin.delete(f"{client}/{kind}-client-scopes/{known[name]}")
        for name in sorted(wanted - there):
            if name not in known:
                raise JobError(f"client scope {name}: missing in realm {options.realm}; restore a backup")
            admin.put(f"{client}/{kind}-client-scopes/{known[name]}")
        if there != wanted:
            say(f"client {options.app_name}: {kind} scopes changed")


def keep_mappers(admin: Admin, options: Settings, say: Say) -> None:
    """The owned protocol mappers of the app's client; an operator may have more."""
    path = f"/clients/{client_id(admin, options.app_name)}/protocol-mappers/models"
    there = {mapper["name"]: mapper for mapper in admin.get(path)}
    for wanted in realm.mappers(options):
        name = wanted["name"]
        mapper = there.get(name)
        if mapper and mapper["protocolMapper"] != wanted["protocolMapper"]:
            admin.delete(f"{path}/{mapper['id']}")
            mapper = None
        if mapper is None:
            admin.post(path, wanted)
            say(f"mapper {name}: created")
        elif names := drift(wanted, mapper):
            admin.put(f"{path}/{mapper['id']}", merged(wanted, mapper))
            say(f"mapper {name}: {', '.join(names)} changed")


def change(admin: Admin, label: str, path: str, wanted: dict[str, Any], say: Say) -> None:
    """Bring the owned keys at `path` to their values, and leave every other as it is."""
    there = admin.get(path)
    if names := drift(wanted, there):
        admin.put(path, merged(wanted, there))
        say(f"{label}: {', '.join(names)} changed")


def client_id(admin: Admin, name: str) -> str:
    """Keycloak's own id of a client. Raises JobError when it is missing."""
    client = admin.one("/clients", clientId=name)
    if not client:
        raise JobError(f"client {name}: missing in realm {admin.realm}; restore a backup")
    return str(client["id"])


def main() -> int:
    """Run the job; its exit code."""
    changes = 0

    def say(line: str) -> None:
        nonlocal changes
        changes += 1
        print(line, flush=True)

    try:
        reconcile(settings.load(), say)
    except JobError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if not changes:
        print("nothing to change")
    return 0


if __name__ == "__main__":
    sys.exit(main())
