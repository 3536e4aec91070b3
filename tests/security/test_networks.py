"""Who can reach whom: each path that the design leaves out is tried from where an attacker would stand."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from subprocess import CompletedProcess

import httpx
import pytest

from support.command import run
from support.http import tls_context
from support.stack import Stack

# The wait is bounded: a packet that is dropped must not hang the test.
_CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
_RESOLVE = "import socket, sys; socket.getaddrinfo(sys.argv[1], 443)"

# From a container on Keycloak's data network, with Keycloak's secrets: what a captured Keycloak could do.
_QUERY = """
import pathlib, psycopg, sys
database, user, password_file, query = sys.argv[1:]
password = pathlib.Path("/run/secrets", password_file).read_text().strip()
with psycopg.connect(host="postgres", dbname=database, user=user, password=password, connect_timeout=5,
                     sslmode="verify-full", sslrootcert="/run/secrets/database_ca.crt") as connection:
    print(connection.execute(query).fetchone()[0])
"""


def addresses(stack: Stack, service: str) -> list[str]:
    networks = stack.container(service)["NetworkSettings"]["Networks"]
    return [network["IPAddress"] for network in networks.values() if network["IPAddress"]]


def from_app(stack: Stack, script: str, *arguments: str) -> tuple[int, str]:
    result = stack.exec("app", "python", "-c", script, *arguments, check=False, timeout=30)
    return result.returncode, result.stderr


def query_as_keycloak(stack: Stack, database: str, query: str) -> CompletedProcess[str]:
    uid_and_secrets = ["--user", "1000:1000", "--volume", f"{stack.secrets}/keycloak:/run/secrets:ro"]
    network = ["--network", f"{stack.project}_identity-data"]
    image = stack.container("reconcile")["Config"]["Image"]
    arguments = [database, "keycloak", "keycloak_password", query]
    return run(
        ["docker", "run", "--rm", *network, *uid_and_secrets, image, "python", "-c", _QUERY, *arguments], check=False
    )


def test_only_nginx_publishes_ports_and_only_on_loopback(stack: Stack) -> None:
    published = {
        container["Config"]["Labels"]["com.docker.compose.service"]: sorted(
            (binding["HostIp"], binding["HostPort"])
            for bindings in container["HostConfig"]["PortBindings"].values()
            for binding in bindings
        )
        for container in stack.containers()
        if container["HostConfig"]["PortBindings"]
    }
    ports = sorted([stack.settings["PORT"], stack.settings["HTTP_PORT"]])
    assert published == {"nginx": [("127.0.0.1", port) for port in ports]}


def test_no_container_shares_a_namespace_with_the_host_or_the_default_bridge(stack: Stack) -> None:
    for container in stack.containers():
        host = container["HostConfig"]
        shared = {kind: host[kind] for kind in ("PidMode", "IpcMode", "UTSMode", "UsernsMode") if host[kind] == "host"}
        assert not shared, container["Name"]
        assert host["NetworkMode"] not in {"host", "bridge", "default"}, container["Name"]


def test_networks_are_internal_but_nginx_own_edge(stack: Stack) -> None:
    label = f"label=com.docker.compose.project={stack.project}"
    names = run(["docker", "network", "ls", "--quiet", "--filter", label]).stdout.split()
    networks = json.loads(run(["docker", "network", "inspect", *names]).stdout)
    outward = [network for network in networks if not network["Internal"]]
    assert [network["Name"] for network in outward] == [f"{stack.project}_edge"]
    members = [container["Name"] for container in outward[0]["Containers"].values()]
    assert members == [f"{stack.project}-nginx-1"]


# An address of the public internet, and the one where clouds keep their machine's credentials.
@pytest.mark.parametrize("address", ["1.1.1.1", "169.254.169.254"])
def test_app_reaches_no_address_outside(stack: Stack, address: str) -> None:
    code, error = from_app(stack, _CONNECT, address, "443")
    assert code != 0
    assert re.search("unreachable|timed out|refused", error, re.IGNORECASE), error


def test_app_resolves_no_name_outside(stack: Stack) -> None:
    started = time.monotonic()
    code, error = from_app(stack, _RESOLVE, "example.com")
    assert code != 0
    assert "gaierror" in error
    # A page that calls out must fail, not hang.
    assert time.monotonic() - started < 15


def test_app_reaches_the_database_and_the_issuer(stack: Stack) -> None:
    """The control: the refusals above are not those of a container without any network."""
    assert from_app(stack, _CONNECT, "postgres", "5432")[0] == 0
    assert from_app(stack, _CONNECT, "id.localhost", stack.settings["PORT"])[0] == 0


@pytest.mark.parametrize("port", ["8080", "9000"])
def test_app_cannot_reach_keycloak_but_through_nginx(stack: Stack, port: str) -> None:
    for target in ["keycloak", *addresses(stack, "keycloak")]:
        assert from_app(stack, _CONNECT, target, port)[0] != 0, target


def answers_as_postgres(stack: Stack, service: str, target: str) -> bool:
    """Whether a request for TLS gets Postgres's yes. Something outside may accept any connection."""
    ask = f"exec 3<>/dev/tcp/{target}/5432 && printf '\\0\\0\\0\\10\\4\\322\\26\\57' >&3 && head -c 1 <&3"
    return stack.exec(service, "timeout", "3", "bash", "-c", ask, check=False).stdout == "S"


def test_nginx_cannot_reach_postgres(stack: Stack) -> None:
    for target in ["postgres", *addresses(stack, "postgres")]:
        assert not answers_as_postgres(stack, "nginx", target), target
    assert answers_as_postgres(stack, "app", "postgres")
    reach_app = ["timeout", "3", "bash", "-c", "exec 3<>/dev/tcp/app/8501"]
    assert stack.exec("nginx", *reach_app, check=False).returncode == 0


def test_keycloak_cannot_read_the_database_of_the_app(stack: Stack) -> None:
    own = query_as_keycloak(stack, "keycloak", "select count(*) from realm")
    assert own.returncode == 0, own.stderr
    assert int(own.stdout) > 0
    other = query_as_keycloak(stack, "app", "select 1")
    assert other.returncode != 0
    assert re.search("pg_hba.conf rejects|no pg_hba.conf entry|permission denied for database", other.stderr), (
        other.stderr
    )


def test_unencrypted_connection_to_postgres_is_refused(stack: Stack) -> None:
    script = "import psycopg; psycopg.connect('host=postgres dbname=app user=app_a sslmode=disable connect_timeout=5')"
    code, error = from_app(stack, script)
    assert code != 0
    assert re.search("no encryption|no pg_hba.conf entry|rejects connection", error), error


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/admin/master/console/",
        "/admin/realms/apps/users",
        "/metrics",
        "/health",
        "/health/ready",
        "/realms/master",
        "/realms/master/.well-known/openid-configuration",
        "/realms/master/protocol/openid-connect/token",
        # Spellings that a prefix match would let through, and Keycloak would decode.
        "//admin/master/console/",
        "/%61dmin/master/console/",
        "/realms/%6daster",
        "/realms/apps/../master",
        "/realms/apps/..%2fmaster",
        "/realms//master",
        "/resources/../admin/master/console/",
        "/realms/apps/../../admin/realms",
        "/realms/apps;x/../master",
    ],
)
def test_identity_name_serves_nothing_of_keycloak_but_the_realm(stack: Stack, path: str) -> None:
    with stack.http() as client:
        # `target` goes out as it stands; a URL would be normalised first.
        response = client.get(stack.id_url, extensions={"target": path.encode()})
    assert response.status_code in {400, 403, 404}, response.text[:500]
    assert "access_token" not in response.text


def test_identity_name_serves_the_realm(stack: Stack) -> None:
    with stack.http() as client:
        assert client.get(f"{stack.issuer}/.well-known/openid-configuration").json()["issuer"] == stack.issuer


@pytest.mark.parametrize("path", ["/healthz", "/_stcore/metrics", "/_stcore/script-health-check", "/.git/config"])
def test_app_name_serves_nothing_for_operators(stack: Stack, path: str) -> None:
    with stack.http() as client:
        assert client.get(stack.app_url + path).status_code in {401, 403, 404}


@pytest.mark.parametrize("name", ["evil.example", "localhost", "keycloak", "app.localhost.evil.example"])
def test_unknown_server_name_gets_no_handshake(stack: Stack, name: str) -> None:
    context = tls_context(stack.ca)
    address = ("127.0.0.1", int(stack.settings["PORT"]))
    with socket.create_connection(address, 5) as connection, pytest.raises((ssl.SSLError, ConnectionError)) as refused:
        context.wrap_socket(connection, server_hostname=name)
    # A certificate that merely doesn't match would be a handshake that nginx had agreed to.
    assert not isinstance(refused.value, ssl.SSLCertVerificationError)


@pytest.mark.parametrize("host", ["evil.example", "id.localhost.evil.example", "127.0.0.1", "_"])
def test_known_server_name_with_a_forged_host_is_refused(stack: Stack, host: str) -> None:
    with stack.http() as client:
        try:
            response = client.get(stack.app_url, headers={"Host": host})
        except httpx.RemoteProtocolError:
            return  # closed without an answer (nginx's 444)
    assert response.status_code in {400, 403, 404, 421}


@pytest.mark.parametrize("host", ["app.localhost", "evil.example", "id.localhost"])
def test_plain_http_only_redirects_to_a_configured_name(stack: Stack, host: str) -> None:
    response = httpx.get(
        f"http://127.0.0.1:{stack.settings['HTTP_PORT']}/any?x=1", headers={"Host": host}, trust_env=False
    )
    assert response.status_code == 301
    assert response.headers["location"].startswith((f"{stack.app_url}/", f"{stack.id_url}/"))
    assert "evil" not in response.headers["location"]
    assert "set-cookie" not in response.headers


def test_only_what_comes_over_the_internal_networks_goes_uncounted(parts: Stack) -> None:
    """The limits of nginx are for the world: what it takes for the stack's own is no network that leads out."""
    parts.job("prepare")
    configuration = parts.job("nginx", "cat", "/run/gatehouse/nginx/clients.conf").stdout
    for name in ("apps", "identity"):
        assert f" {parts.networks[name]['subnet']} 1;" in configuration
    assert parts.networks["edge"]["subnet"] not in configuration
    assert configuration.count(" 1;") == len(("127.0.0.0/8", "apps", "identity"))
