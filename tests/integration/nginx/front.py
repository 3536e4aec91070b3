"""nginx on a network of a test's own, as compose.yaml runs it, with upstreams that tell what reached them."""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from docker.types import EndpointConfig
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy
from websockets.sync.client import ClientConnection, connect

from deploy.prepare import certificates
from support.command import ROOT, run
from support.http import LoopbackTransport, tls_context, tls_context_for_threads
from support.ports import free_port
from support.waiting import until

_TAG = os.environ.get("TAG", "local")
_UID = 101
_ECHO = (Path(__file__).parent / "echo.py").read_text(encoding="utf-8")
_LOCKED = {"init": True, "read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}


def _labels(project: str) -> dict[str, str]:
    # Compose's labels, by which the sweep finds what a killed run left behind.
    return {"com.docker.compose.project": project, "com.docker.compose.project.working_dir": str(ROOT)}


@dataclass
class Secrets:
    """nginx's folder of secrets, and the authority that it is filled from."""

    folder: Path
    domain: str = "localhost"
    authority: certificates.Pair = field(init=False)

    def __post_init__(self) -> None:
        key = certificates.new_key()
        self.authority = certificates.Pair(key, certificates.new_authority(key, self.domain, datetime.now(UTC)))
        self.folder.mkdir(parents=True)
        self.ca.write_bytes(certificates.certificate_pem(self.authority.certificate))
        self.mounted.mkdir(mode=0o700)
        os.chown(self.mounted, _UID, _UID)
        self.issue()

    @property
    def ca(self) -> Path:
        """Certificate of the authority."""
        return self.folder / "ca.crt"

    @property
    def mounted(self) -> Path:
        """What nginx sees."""
        return self.folder / "nginx"

    def leaf(self, *names: str, age: timedelta = timedelta(0)) -> certificates.Pair:
        """A new certificate, by default for the two public names, issued `age` ago."""
        both = names or (f"app.{self.domain}", f"id.{self.domain}")
        return certificates.new_leaf(self.authority, both, datetime.now(UTC) - age)

    def issue(self) -> certificates.Pair:
        """Give nginx a new pair."""
        pair = self.leaf()
        self.write("tls.crt", certificates.certificate_pem(pair.certificate))
        self.write("tls.key", certificates.key_pem(pair.key))
        return pair

    def write(self, name: str, content: bytes, mode: int = 0o400) -> None:
        """Put a file into the folder by renaming, as prepare does."""
        temporary = self.folder / name
        temporary.write_bytes(content)
        temporary.chmod(mode)
        os.chown(temporary, _UID, _UID)
        temporary.rename(self.mounted / name)


@dataclass
class Front:
    """A running nginx."""

    secrets: Secrets
    network: Network
    project: str
    port: int
    http_port: int
    container: DockerContainer

    @property
    def app_url(self) -> str:
        """Public origin of the app."""
        return f"https://app.{self.secrets.domain}:{self.port}"

    @property
    def id_url(self) -> str:
        """Public origin of the identity provider."""
        return f"https://id.{self.secrets.domain}:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts the authority alone."""
        return tls_context(self.secrets.ca)

    def client(self) -> httpx.Client:
        """A client that needs no name resolution and follows no redirect."""
        return httpx.Client(transport=LoopbackTransport(self.tls), timeout=15)

    def get(self, url: str, *, target: str | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """One request; `target` goes out as it stands where a URL would be normalised first."""
        extensions = {"target": target.encode()} if target else {}
        with self.client() as client:
            return client.get(url, extensions=extensions, headers=headers)

    def script(self) -> str:
        """Path of Streamlit's main script, a file of nginx's own."""
        folder = "/usr/share/gatehouse/streamlit-static"
        found = self.run("find", f"{folder}/static/js", "-name", "index.*.js")
        return found.split()[0].removeprefix(folder)

    def websocket(self, path: str = "/_stcore/stream", headers: Mapping[str, str] | None = None) -> ClientConnection:
        """An open websocket to the app, without an Origin header."""
        return connect(
            f"wss://app.{self.secrets.domain}:{self.port}{path}",
            sock=socket.create_connection(("127.0.0.1", self.port), 5),
            ssl=tls_context_for_threads(self.secrets.ca),
            additional_headers=headers,
            proxy=None,
        )

    def adjust(self, *limits: str) -> str:
        """Have the running nginx take other limits; what the operator is told."""
        return self.run("/etc/gatehouse/nginx/adjust.sh", *limits)

    def openssl(self, *options: str) -> str:
        """What OpenSSL's client, of the version that nginx has, says about a connection from inside the container."""
        return self.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", *options)

    def run(self, *command: str) -> str:
        """What a command says that runs beside nginx, in its container."""
        container = self.container.get_wrapped_container().id
        result = run(["docker", "exec", str(container), *command], check=False)
        return result.stdout + result.stderr

    def logs(self) -> tuple[list[dict[str, Any]], str]:
        """The access log's entries, and what was written to stderr."""
        out, error = self.container.get_logs()
        lines = out.decode().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")], error.decode()

    def entry(self, path: str) -> dict[str, Any]:
        """The newest entry of the access log for `path`; a line may come a moment after the answer."""
        until(lambda: any(entry["path"] == path for entry in self.logs()[0]), 5)
        return [entry for entry in self.logs()[0] if entry["path"] == path][-1]


def nginx(secrets: Secrets, project: str, tag: str = _TAG, **environment: str) -> DockerContainer:
    """nginx's container, not started."""
    container = DockerContainer(f"gatehouse-nginx:{tag}").with_kwargs(labels=_labels(project), **_LOCKED)
    container.with_tmpfs_mount("/tmp", "size=64m,mode=1777")  # noqa: S108
    container.with_tmpfs_mount("/run/gatehouse", f"size=16m,mode=0700,uid={_UID},gid={_UID}")
    container.with_volume_mapping(str(secrets.mounted), "/run/secrets", "ro")
    return container.with_envs(DOMAIN=secrets.domain, **environment)


@contextmanager
def front(secrets: Secrets, project: str, tag: str = _TAG, also_on: str = "", **environment: str) -> Iterator[Front]:
    """Run nginx without upstreams, on a network of its own.

    Args:
        tag: of its image.
        also_on: name of another network that it is on.
        environment: settings.
    """
    port, http_port = free_port(), free_port()
    with Network(docker_network_kw={"labels": _labels(project)}) as network:
        container = nginx(secrets, project, tag, PORT=str(port), HTTP_PORT=str(http_port), **environment)
        container.with_network(network)
        for number in (port, http_port):
            container.ports[f"{number}/tcp"] = ("127.0.0.1", number)  # type: ignore[assignment]
        if also_on:
            # Before it starts, as Compose does.
            attached = {network.name: EndpointConfig("1.44"), also_on: EndpointConfig("1.44")}
            container.with_kwargs(labels=_labels(project), networking_config=attached, **_LOCKED)
        with container.waiting_for(LogMessageWaitStrategy("nginx serves").with_startup_timeout(20)):
            yield Front(secrets, network, project, port, http_port, container)


def in_network(front: Front, network: str, *command: str) -> str:
    """What a command prints in a container of the app's image that meets nginx, under its names, on that network."""
    wrapped = front.container.get_wrapped_container()
    wrapped.reload()
    address = wrapped.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
    names = [f"--add-host={name}.{front.secrets.domain}:{address}" for name in ("app", "id")]
    options = ["--rm", "--network", network, *names, *(f"--label={k}={v}" for k, v in _labels(front.project).items())]
    return run(["docker", "run", *options, f"gatehouse-app:{_TAG}", *command], timeout=300).stdout


@contextmanager
def upstream(front: Front, name: str, port: int, *, awaited: bool = True) -> Iterator[DockerContainer]:
    """Run an upstream under the name and port that nginx looks for. `awaited`: until nginx answers with it."""
    container = DockerContainer(f"gatehouse-app:{_TAG}").with_kwargs(labels=_labels(front.project), **_LOCKED)
    container.with_network(front.network).with_network_aliases(name)
    container.with_command(["python", "-c", _ECHO, str(port)])
    with container.waiting_for(LogMessageWaitStrategy("Uvicorn running").with_startup_timeout(30)):
        if awaited and (name, port) == ("app", 8501):
            # nginx follows who is there.
            until(lambda: front.get(front.app_url).status_code != httpx.codes.SERVICE_UNAVAILABLE, 10)
        yield container
