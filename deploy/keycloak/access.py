"""The client that the jobs act as, from the temporary one of the first start to one that may manage a single realm."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from deploy.keycloak import realm
from deploy.keycloak.admin import Admin, ServiceAccount
from deploy.keycloak.errors import JobError, RefusedError
from deploy.keycloak.settings import Settings

BOOTSTRAP = "gatehouse-bootstrap"
"""Made by Keycloak itself at its first start, or by the entrypoint's word `recover`; may do everything."""

OPERATOR = "gatehouse-operator"
"""May manage the app's realm and nothing else."""

RECOVERY = (
    "`docker compose stop keycloak`, then `docker compose run --rm keycloak recover`, then `docker compose up --detach`"
)


def operator(http: httpx.Client, settings: Settings) -> Admin:
    """The operator client, signed in. Raises JobError when it can't manage the realm."""
    admin = Admin(http, settings.realm, ServiceAccount(OPERATOR, settings.secret("operator_secret")))
    if not _ready(admin):
        raise JobError(
            f"{OPERATOR} with secrets/{settings.secrets_folder}/operator_secret cannot manage realm {settings.realm};"
            " run `docker compose up --detach`, which makes it so or says what else to do"
        )
    return admin


def establish(http: httpx.Client, settings: Settings, say: Callable[[str], None]) -> Admin:
    """The operator client, made first if it isn't there.

    The temporary client turns into the operator: renaming it is one request, so a kill leaves one or the other. What
    it may do beyond its realm it gives up last, by itself, and a later run sees that it has not.
    """
    admin = Admin(http, settings.realm, ServiceAccount(OPERATOR, settings.secret("operator_secret")))
    if not _ready(admin):
        bootstrap = Admin(http, "master", ServiceAccount(BOOTSTRAP, settings.secret("bootstrap_secret")))
        try:
            bootstrap.sign_in()
        except RefusedError:
            raise JobError(
                f"Keycloak accepts neither secrets/{settings.secrets_folder}/operator_secret nor bootstrap_secret for"
                f" realm {settings.realm}; put the right ones back, or make the temporary client again: {RECOVERY}"
            ) from None
        _create_realm(bootstrap, settings, say)
        _become_operator(bootstrap, settings)
        admin.sign_in()
        say(f"client {OPERATOR}: created, {BOOTSTRAP} is gone")
    master = admin.of("master")
    if master.allowed("/clients"):
        _give_up_admin(master)
        admin.sign_in()
        say(f"client {OPERATOR}: may manage realm {settings.realm} alone")
    return admin


def _ready(admin: Admin) -> bool:
    try:
        return admin.sign_in()
    except RefusedError:
        return False


def _create_realm(bootstrap: Admin, settings: Settings, say: Callable[[str], None]) -> None:
    if not bootstrap.of(settings.realm).allowed(""):
        bootstrap.of("").post("", realm.first(settings))
        bootstrap.sign_in()
        say(f"realm {settings.realm}: created")
    bootstrap.put("", realm.MASTER)


def _become_operator(bootstrap: Admin, settings: Settings) -> None:
    former = bootstrap.one("/clients", clientId=OPERATOR)
    if former:
        bootstrap.delete(f"/clients/{former['id']}")
    own = bootstrap.one("/clients", clientId=BOOTSTRAP)
    rights = bootstrap.one("/clients", clientId=f"{settings.realm}-realm")
    if not own or not rights:
        raise JobError(f"Keycloak's realm master lacks its client {settings.realm}-realm; restore a backup")
    user = bootstrap.get(f"/clients/{own['id']}/service-account-user")["id"]
    roles = bootstrap.get(f"/clients/{rights['id']}/roles")
    bootstrap.post(
        f"/users/{user}/role-mappings/clients/{rights['id']}",
        [role for role in roles if role["name"] != "impersonation"],
    )
    # An empty attribute is removed; Keycloak warns of temporary administrators as long as it is there.
    attributes = own["attributes"] | {"is_temporary_admin": ""}
    secret = settings.secret("operator_secret")
    bootstrap.put(f"/clients/{own['id']}", own | {"clientId": OPERATOR, "secret": secret, "attributes": attributes})


def _give_up_admin(master: Admin) -> None:
    own = master.one("/clients", clientId=OPERATOR)
    if not own:
        raise JobError(f"Keycloak does not show the client {OPERATOR}; see `docker compose logs keycloak`")
    user = master.get(f"/clients/{own['id']}/service-account-user")["id"]
    roles = f"/users/{user}/role-mappings/realm"
    # That one alone: Keycloak asks for the right again before each role of a list, and by then it is gone.
    master.delete(roles, [role for role in master.get(roles) if role["name"] == "admin"])
