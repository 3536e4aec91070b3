"""What the product owns in Keycloak, as data. Reconcile brings these keys, and no others, to these values."""

from __future__ import annotations

from typing import Any

from deploy.keycloak.settings import Settings

Json = dict[str, Any]

POLICY: Json = {
    "sslRequired": "all",
    "registrationAllowed": False,
    # Guesses are slowed per user, not locked for ever: a permanent lock would let anyone shut a colleague out
    # (https://www.keycloak.org/docs/latest/server_admin/#password-guess-brute-force-attacks).
    "bruteForceProtected": True,
    "permanentLockout": False,
    "failureFactor": 5,
    "waitIncrementSeconds": 60,
    "maxFailureWaitSeconds": 900,
    "maxDeltaTimeSeconds": 43200,
    "quickLoginCheckMilliSeconds": 1000,
    "minimumQuickLoginWaitSeconds": 60,
    # Length counts, composition rules do not (ASVS 5.0 6.2.1, 6.2.5).
    "passwordPolicy": "length(12) and maxLength(128) and notUsername(undefined) and notEmail(undefined)"
    " and passwordHistory(5)",
    # A code is good for one minute (ASVS 5.0 10.4.3), a token for five, a working day's session for ten hours.
    "accessCodeLifespan": 60,
    "accessCodeLifespanUserAction": 300,
    "accessCodeLifespanLogin": 1800,
    "accessTokenLifespan": 300,
    "ssoSessionIdleTimeout": 1800,
    "ssoSessionMaxLifespan": 36000,
    # A confidential client's refresh tokens are bound to it and need no rotation (RFC 9700 section 2.2.2).
    "revokeRefreshToken": False,
    "eventsEnabled": True,
    "eventsExpiration": 90 * 24 * 3600,
    "adminEventsEnabled": True,
    # Representations of users would be kept with every change.
    "adminEventsDetailsEnabled": False,
    "browserSecurityHeaders": {
        # Nothing from elsewhere, and no script inside a page but `document.forms[0].submit()`, word for word, by which
        # Keycloak answers a client that wants form_post. Forms: an answer may lead on to the app, or to a provider that
        # is brokered. Keycloak adds the frame of a client that is signed out in one.
        "contentSecurityPolicy": "default-src 'none'; "
        "script-src 'self' 'unsafe-hashes' 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='; "
        "style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "frame-src 'self'; frame-ancestors 'self'; object-src 'none'; base-uri 'none'; form-action 'self' https:;",
        # The proxy decides about HSTS for both names, and there is none under localhost.
        "strictTransportSecurity": "",
    },
    "loginTheme": "gatehouse",  # deploy/keycloak/theme
}
"""Policy of a realm."""

LISTENERS = ["jboss-logging"]
"""Event listeners that have to be there; an operator may add more."""

_APP_ONLY = {"sslRequired", "registrationAllowed", "loginTheme", "browserSecurityHeaders"}
MASTER: Json = {key: POLICY[key] for key in POLICY if key not in _APP_ONLY}
"""Policy of the administrators' realm, set once. Requests from the container itself stay possible there; its pages are
Keycloak's own, with scripts inside, and nginx shows them to nobody."""


def realm(settings: Settings) -> Json:
    """The owned keys of the app's realm."""
    named = {"displayName": settings.app_title} if settings.app_title else {}
    return {"realm": settings.realm, "enabled": True, **named, **POLICY}


def first(settings: Settings) -> Json:
    """Keys that a new realm starts with; from then on they are the operator's."""
    return {
        "displayName": "Gatehouse",  # above the form and in the page's title, unless the app has a name
        "loginWithEmailAllowed": True,
        "duplicateEmailsAllowed": False,
        "resetPasswordAllowed": False,  # needs a mail server
        "rememberMe": False,
        "eventsListeners": LISTENERS,
        **realm(settings),
    }


def client(settings: Settings, secret: str) -> Json:
    """The owned keys of the app's client (RFC 9700: exact redirect URIs, code flow and PKCE alone)."""
    app = settings.app_url
    signed_out = [f"{app}/oauth2callback", f"{app}/", f"{app}/auth/signed-out"]
    return {
        "clientId": settings.app_name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "bearerOnly": False,
        "clientAuthenticatorType": "client-secret",
        "secret": secret,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "frontchannelLogout": False,
        "consentRequired": False,
        "rootUrl": app,
        "adminUrl": app,  # else Keycloak keeps the first rootUrl here, also after a move to another domain
        "baseUrl": f"{app}/",
        "redirectUris": [f"{app}/oauth2callback"],
        "webOrigins": [],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "##".join(signed_out),
            "backchannel.logout.url": f"{app}/auth/backchannel-logout",
            "backchannel.logout.session.required": "true",
            "backchannel.logout.revoke.offline.tokens": "true",
            "oauth2.device.authorization.grant.enabled": "false",
            "oidc.ciba.grant.enabled": "false",
            "standard.token.exchange.enabled": "false",
            "use.refresh.tokens": "true",
            "id.token.signed.response.alg": "RS256",
            # Names, roles and groups stand in the ID token; the access token needs none of them.
            "client.use.lightweight.access.token.enabled": "true",
        },
    }


SCOPES = {"basic", "email", "profile"}
"""Client scopes of the app, always given. None is optional, so no request can ask for `offline_access`."""

BUILT_IN: dict[str, Json] = {
    # Keycloak's own clients of an app's realm that would take a password directly, or open an admin console.
    "admin-cli": {"enabled": False, "directAccessGrantsEnabled": False},
    "security-admin-console": {"enabled": False},
}
"""Owned keys of clients that Keycloak brings along."""


def mappers(settings: Settings) -> list[Json]:
    """Claims beside the standard ones: the client's roles as `roles`, group names as `groups`."""
    places = {
        "id.token.claim": "true",
        "userinfo.token.claim": "true",
        "access.token.claim": "false",
        "introspection.token.claim": "false",
        "lightweight.claim": "false",
    }
    roles = {
        "claim.name": "roles",
        "jsonType.label": "String",
        "multivalued": "true",
        "usermodel.clientRoleMapping.clientId": settings.app_name,
    }
    return [
        _mapper("roles", "oidc-usermodel-client-role-mapper", roles | places),
        _mapper("groups", "oidc-group-membership-mapper", {"claim.name": "groups", "full.path": "false"} | places),
    ]


def _mapper(name: str, kind: str, config: dict[str, str]) -> Json:
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": config}
