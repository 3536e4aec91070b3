"""The stack as Compose starts it: once more changes nothing, and a recreated service is found again."""

from __future__ import annotations

import time

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from support.person import Person
from support.stack import Stack

LONG_RUNNING = ["app", "keycloak", "nginx", "postgres", "renew"]


def test_up_again_recreates_nothing(stack: Stack) -> None:
    before = {service: stack.container(service)["Id"] for service in LONG_RUNNING}
    secrets = {path: path.read_bytes() for path in stack.secrets.rglob("*") if path.is_file()}
    stack.up()
    assert {service: stack.container(service)["Id"] for service in LONG_RUNNING} == before
    assert {path: path.read_bytes() for path in stack.secrets.rglob("*") if path.is_file()} == secrets


def test_issuer_is_one_url_inside_and_out(stack: Stack) -> None:
    discovery = f"{stack.issuer}/.well-known/openid-configuration"
    with stack.http() as client:
        outside = client.get(discovery).json()
    inside = stack.exec(
        "app",
        "python",
        "-c",
        "import httpx, ssl, sys; context = ssl.create_default_context(cafile='/run/secrets/issuer_ca.crt');"
        "print(httpx.get(sys.argv[1], verify=context).json()['issuer'])",
        discovery,
    )
    assert inside.stdout.strip() == outside["issuer"] == stack.issuer
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        assert outside[endpoint].startswith(f"{stack.issuer}/")


def test_certificate_is_for_the_two_names_and_short_lived(stack: Stack) -> None:
    certificate = x509.load_pem_x509_certificate((stack.secrets / "nginx" / "tls.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(names.get_values_for_type(x509.DNSName)) == ["app.localhost", "id.localhost"]
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days <= 90
    authority = x509.load_pem_x509_certificate(stack.ca.read_bytes())
    constraints = authority.extensions.get_extension_for_oid(ExtensionOID.NAME_CONSTRAINTS)
    assert constraints.critical


def test_recreated_app_is_found_at_its_new_address(stack: Stack) -> None:
    before = stack.container("app")["Id"]
    # Another container takes the address that the old one had, so that the new one gets another.
    stack.compose("up", "--detach", "--wait", "--no-build", "--no-deps", "--force-recreate", "app")
    assert stack.container("app")["Id"] != before
    deadline = time.monotonic() + 5
    person = Person(stack)
    while not (page := person.open()).is_success:
        assert time.monotonic() < deadline, f"{page.url}: {page.status_code}"
    person.close()


def test_assets_of_streamlit_come_from_disk(stack: Stack) -> None:
    """They are served while the app is away, and a page names none that is not there."""
    with stack.http() as client:
        person = Person(stack)
        index = person.sign_in("sam").text
        script = index.split('src="./static/js/', 1)[1].split('"', 1)[0]
        stack.compose("pause", "app")
        try:
            asset = client.get(f"{stack.app_url}/static/js/{script}")
        finally:
            stack.compose("unpause", "app")
    assert asset.status_code == 200
    assert "javascript" in asset.headers["content-type"]


def test_page_names_what_its_tab_asks_first(stack: Stack) -> None:
    """A signed-in person's page: both are there, and a stranger is told of neither."""
    person = Person(stack)
    link = person.sign_in("sam").headers["link"]
    paths = [one.partition(">")[0].strip(" <") for one in link.split(",")]
    assert paths == ["/_stcore/health", "/_stcore/host-config"]
    assert all(person.asks(path).is_success for path in paths)
    with stack.http() as stranger:
        assert "link" not in stranger.get(stack.app_url).headers
    person.close()


def test_no_hsts_under_localhost(stack: Stack) -> None:
    """It would be kept for every *.localhost of the developer's browser."""
    with stack.http() as client:
        for url in (stack.app_url, stack.issuer):
            assert "strict-transport-security" not in client.get(url).headers
