"""What someone without an account, or past the proxy, can't do or learn."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx
import pytest

from deploy.keycloak.errors import JobError
from integration.keycloak.identity import ID_URL, ISSUER, Identity
from integration.keycloak.person import Person

Someone = Callable[[], Person]


@pytest.mark.parametrize("action", ["registration", "reset-credentials"])
def test_nobody_makes_an_account_or_a_password_alone(identity: Identity, person: Someone, action: str) -> None:
    mallory = person()
    assert action not in mallory.ask().text
    # The form that is not offered, sent within a sign-in that goes on.
    mallory.page = mallory.page.replace("login-actions/authenticate", f"login-actions/{action}")
    password = {"password": "mallorys-passphrase", "password-confirm": "mallorys-passphrase"}
    names = {"username": "mallory", "email": "mallory@evil.example", "firstName": "M", "lastName": "M"}
    assert mallory.submit(**names, **password).status_code == 400
    with identity.admin() as admin:
        assert admin.get("/users", username="mallory") == []


def test_nobody_registers_a_client(person: Someone) -> None:
    wanted = {"redirect_uris": ["https://evil.example/"]}
    answer = person().http.post(f"{ISSUER}/clients-registrations/openid-connect", json=wanted)
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}])
def test_every_address_is_the_public_one(identity: Identity, person: Someone, headers: dict[str, str]) -> None:
    """Also over plain HTTP and under another name, past the proxy: no password or code is sent there."""
    inside = f"http://{identity.address}:8080"
    answer = httpx.get(f"{inside}/realms/apps/.well-known/openid-configuration", headers=headers)
    found = [value for key, value in answer.json().items() if key.endswith(("_endpoint", "_uri")) or key == "issuer"]
    assert len(found) > 5
    assert all(address.startswith(ISSUER) for address in found)
    asked = str(person().ask().request.url)
    form = httpx.get(asked.replace(ID_URL, inside), headers=headers)
    (action,) = re.findall(r'<form [^>]*action="([^"]+)"', form.text)
    assert action.startswith(f"{ISSUER}/")


def test_the_proxy_alone_decides_about_hsts(person: Someone) -> None:
    page = person().ask()
    assert page.status_code == 200
    assert "strict-transport-security" not in page.headers


def test_health_and_metrics_from_outside_the_container(identity: Identity) -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{identity.address}:9000/metrics")


def test_fifth_wrong_password_locks_until_the_operator_unlocks(identity: Identity, person: Someone) -> None:
    """Also for the right one, and the page tells neither that nor whether there is such a user."""
    refusal, right = "Invalid username or password.", "lous-passphrase-3"
    lou = {"username": "lou", "email": "lou@example.com", "firstName": "Lou", "lastName": "Reed", "enabled": True}
    with identity.admin() as admin:
        user = admin.post("/users", lou | {"credentials": [{"type": "password", "value": right}]})
        try:
            assert refusal in person().sign_in("nobody", right).text
            for count in range(1, 6):
                # Two within a second would lock by themselves, so that the fifth would prove nothing.
                time.sleep(1.1)
                assert refusal in person().sign_in("lou", "wrong").text
                status = admin.get(f"/attack-detection/brute-force/users/{user}")
                assert (status["numFailures"], status["disabled"]) == (count, count == 5)
            assert refusal in person().sign_in("lou", right).text
            identity.users("enable", "lou")
            assert person().gets_in("lou", right)
        finally:
            admin.delete(f"/users/{user}")


def test_temporary_admin_is_gone(identity: Identity) -> None:
    """Its secret, which was in Keycloak's configuration, opens nothing any more."""
    assert identity.bootstrap_answer() == httpx.codes.UNAUTHORIZED


def test_operator_client_manages_one_realm_alone(identity: Identity) -> None:
    with identity.admin() as admin:
        assert admin.allowed("/users")
        assert not admin.of("master").allowed("/users")
        for realm, path, row in (("", "", {"realm": "evil"}), ("master", "/clients", {"clientId": "evil"})):
            with pytest.raises(JobError, match="with 403"):
                admin.of(realm).post(path, row)
