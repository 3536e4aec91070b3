from __future__ import annotations

import ssl
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gatehouse.gate.providers import exposed_tokens, read_providers
from gatehouse.settings import StartError

SHARED = 'redirect_uri = "https://app.test/oauth2callback"\ncookie_secret = "xxx"\n'
KEYS = 'client_id = "id-9"\nclient_secret = "hush-hush"\nserver_metadata_url = "https://id.test/.well-known/openid-configuration"\n'


def read(toml: str) -> Any:  # noqa: ANN401
    return read_providers(tomllib.loads(toml)["auth"], "secrets.toml")


def faults(toml: str) -> tuple[str, ...]:
    with pytest.raises(StartError) as error:
        read(toml)
    assert "hush" not in str(error.value)
    assert "id-9" not in str(error.value)
    return error.value.problems


def test_streamlits_first_example() -> None:
    (it,) = read(f"[auth]\n{SHARED}{KEYS}").values()
    assert (it.name, it.client_id, it.client_secret) == ("default", "id-9", "hush-hush")
    assert (it.scope, it.prompt, it.email_trusted) == ("openid email profile", "select_account", False)
    assert "hush" not in repr(it)


def test_streamlits_example_of_several() -> None:
    both = read(f"[auth]\n{SHARED}[auth.microsoft]\n{KEYS}[auth.okta]\n{KEYS}")
    assert [(it.name, it.title) for it in both.values()] == [("microsoft", "Microsoft"), ("okta", "Okta")]


def test_streamlits_example_of_other_settings() -> None:
    it = read(f'[auth]\n{SHARED}[auth.auth0]\n{KEYS}client_kwargs = {{ "prompt" = "login" }}')["auth0"]
    assert (it.prompt, it.scope) == ("login", "openid email profile")


def test_a_default_table_wins_over_flat_keys() -> None:
    both = read(f"[auth]\n{SHARED}{KEYS}[auth.default]\n{KEYS.replace('id-9', 'other')}[auth.google]\n{KEYS}")
    assert list(both) == ["default", "google"]
    assert both["default"].client_id == "other"


def test_what_authlib_and_httpx_know_is_passed_on() -> None:
    it = read(
        f"""[auth]
{SHARED}
[auth.google]
{KEYS}
authorize_url = "https://id.test/a"
access_token_url = "https://id.test/t"
access_token_params = {{ audience = "x" }}
authorize_params = {{ kc_idp_hint = "google", max_age = 3600 }}
api_base_url = "https://id.test/"
[auth.google.client_kwargs]
scope = ["openid", "groups"]
prompt = ""
acr_values = "gold"
hd = "company.com"
include_granted_scopes = true
token_endpoint_auth_method = "client_secret_post"
code_challenge_method = "S256"
timeout = 3
proxy = "http://proxy.test:3128"
trust_env = false
headers = {{ X-Tenant = "t" }}
"""
    )["google"]
    assert it.authorize_params == {
        "acr_values": "gold",
        "hd": "company.com",
        "include_granted_scopes": "true",
        "kc_idp_hint": "google",
        "max_age": "3600",
    }
    assert (it.authorize_url, it.token_url, it.token_params) == (
        "https://id.test/a",
        "https://id.test/t",
        {"audience": "x"},
    )
    assert (it.scope, it.prompt, it.token_auth_method) == ("openid groups", "", "client_secret_post")
    assert it.http == {
        "timeout": 3,
        "proxy": "http://proxy.test:3128",
        "trust_env": False,
        "http1": True,
        "headers": {"X-Tenant": "t"},
    }


def test_a_ca_of_the_authors_is_trusted(certificate: str, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(certificate, encoding="utf-8")
    it = read(f'[auth]\n{KEYS}client_kwargs = {{ verify = "{path}" }}')["default"]
    assert isinstance(it.http["verify"], ssl.SSLContext)
    assert it.http["verify"].verify_mode == ssl.CERT_REQUIRED
    assert it.http["verify"].check_hostname
    assert len(it.http["verify"].get_ca_certs()) == 1


def test_our_own_keys() -> None:
    own = 'title = "Work account"\nlogo = "app/static/work.svg"\ncolour = "#1F6FEB"\nemail_trusted = true\nissuer = "https://sts.test/"\n'
    it = read(f"[auth]\n{KEYS}{own}")["default"]
    assert (it.title, it.logo, it.colour) == ("Work account", "app/static/work.svg", "#1F6FEB")
    assert (it.email_trusted, it.issuer) == (True, "https://sts.test/")


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        (SHARED, "[auth]: no identity provider"),
        ('client_id = "id-9"', "[auth] client_secret: is missing"),
        ('client_id = "id-9"', "[auth] server_metadata_url: is missing"),
        ('[auth.google]\nclient_id = ""', "[auth.google] client_id: is empty"),
        ('[auth.google]\nclient_id = "ü"', "[auth.google] client_id: may hold only visible ASCII"),
        ("[auth.google]\nclient_id = 5", "[auth.google] client_id: must be text"),
        (KEYS.replace("hush-hush", ""), "client_secret: is empty"),
        (f"[auth.my_idp]\n{KEYS}", "[auth.my_idp]: a provider's name has 1 to 64 letters and no underscore"),
        (f"{KEYS}server_metadata = 1", "[auth] server_metadata: is no key known here"),
        (f'[auth.google]\n{KEYS}redirect_uri = "x"', "[auth.google] redirect_uri: is no key known here"),
        (f'[auth.google]\n{KEYS}request_token_url = "x"', "[auth.google] request_token_url: is no key known here"),
        (f'{KEYS}expose_tokens = "refresh"', "[auth] expose_tokens: must be"),
        (f"{KEYS}expose_tokens = 5", "[auth] expose_tokens: must be"),
        (KEYS.replace("https:", "http:"), "server_metadata_url: must be an absolute https:// URL"),
        (KEYS.replace("https://id.test", "/x"), "server_metadata_url: must be an absolute https:// URL"),
        (KEYS.replace("https://id.test", "https://hush@id.test"), "server_metadata_url: must be an absolute"),
        (KEYS.replace("https://id.test", "https://[id"), "server_metadata_url: must be an absolute"),
        (f"{KEYS}client_kwargs = 5", "[auth] client_kwargs: must be a table"),
        (f'{KEYS}client_kwargs = {{ scope = "email" }}', '[auth] client_kwargs.scope: must contain "openid"'),
        (f'{KEYS}client_kwargs = {{ state = "hush" }}', "state is set by the platform"),
        (f'{KEYS}client_kwargs = {{ nonce = "hush" }}', "nonce is set by the platform"),
        (f'{KEYS}client_kwargs = {{ response_mode = "form_post" }}', "[auth] client_kwargs.response_mode"),
        (f'{KEYS}client_kwargs = {{ code_challenge_method = "plain" }}', "[auth] client_kwargs.code_challenge_method"),
        (f'{KEYS}authorize_params = {{ redirect_uri = "hush" }}', "redirect_uri is set by the platform"),
        (f"{KEYS}client_kwargs = {{ verify = false }}", "client_kwargs.verify"),
        (f'{KEYS}client_kwargs = {{ verify = "/nowhere/hush.pem" }}', "verify or cert: no readable PEM file"),
        (f"{KEYS}client_kwargs = {{ follow_redirects = true }}", "no redirect of a provider is followed"),
        (f'{KEYS}client_kwargs = {{ token_endpoint_auth_method = "private_key_jwt" }}', "token_endpoint_auth_method"),
        (f"{KEYS}client_kwargs = {{ timeout = 0 }}", "[auth] client_kwargs.timeout"),
        (f'{KEYS}logo = "https://cdn.test/x.png"', "logo: must be the path of an image"),
        (f'{KEYS}logo = "../../hush"', "logo: must be the path of an image"),
        (f'{KEYS}colour = "red; hush"', "colour: must be written like #1f6feb"),
        (f'{KEYS}email_trusted = "yes"', "email_trusted: must be true or false"),
    ],
)
def test_each_fault_names_table_and_key(toml: str, expected: str) -> None:
    problems = faults(f"[auth]\n{toml}")
    assert any(problem.startswith("secrets.toml: ") and expected in problem for problem in problems), problems
    assert all(";" in problem for problem in problems), problems


def test_all_faults_are_named_at_once() -> None:
    assert len(faults('[auth]\nexpose_tokens = "x"\n[auth.a]\nclient_id = "id-9"\n[auth.b_c]\n')) == 4


def test_a_client_without_a_secret_says_so() -> None:
    it = read(f'[auth]\n{KEYS.replace("hush-hush", "")}token_endpoint_auth_method = "none"')["default"]
    assert it.token_auth_method == "none"


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, ()), ({"expose_tokens": "id"}, ("id",)), ({"expose_tokens": ["access", "id"]}, ("id", "access"))],
)
def test_which_tokens_the_script_sees(given: dict[str, object], expected: tuple[str, ...]) -> None:
    assert exposed_tokens(given) == expected
