"""A whole stack of a test's own: own project, ports, volumes and secrets, from the images that are built already."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx

from support.command import ROOT, run
from support.http import LoopbackTransport, tls_context
from support.ports import free_port
from support.subnets import free_subnets, networks_of_compose

PREFIX = "gatehouse-test-"
"""Every project of a test starts with it; the sweep of leftovers goes by it."""

_RATES = ("LIMIT_ADDRESS", "LIMIT_SESSION", "LIMIT_SIGN_IN", "LIMIT_TOKEN", "LIMIT_UPLOAD", "LIMIT_HANDSHAKE")
# Set by the stack alone: a developer's own .env or shell must not reach a test.
_SETTINGS = (
    *("DOMAIN", "PORT", "HTTP_PORT", "BIND", "APP", "APP_SCRIPT", "SECRETS"),
    *("MAX_UPLOAD_MB", "MAX_HELD_MB", "MAX_HELD_FILES", "APP_MEMORY"),
    *("REPLICAS", "IDENTITY", "IDLE", "ABSOLUTE", "REAUTH", "RECHECK", "MAX_SESSIONS"),
    *_RATES,
    *("MAX_ADDRESS_REQUESTS", "MAX_SESSION_REQUESTS", "MAX_ADDRESS_UPLOADS", "MAX_HEADER_KB", "MAX_FORM_KB"),
    *("MAX_TABS", "MAX_MESSAGE_MB", "RUN_LIMIT", "POSTGRES_MEMORY", "KEYCLOAK_MEMORY"),
    *("SLOW_HEADER", "SLOW_BODY", "SLOW_READ", "TRUSTED_PROXIES", "PROXY_PROTOCOL"),
    *("EGRESS", "EGRESS_CA", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
    *("ACME", "ACME_EMAIL", "ACME_CHALLENGE"),
)


class Stack:
    """Settings and secrets of one Compose project, and the words to drive it. Nothing starts before `up`."""

    def __init__(self, name: str, directory: Path, **settings: str) -> None:
        """Args: name: of the project, after PREFIX. directory: for its env file and secrets. settings: as in .env."""
        self.project = PREFIX + name
        self.directory = directory
        self.settings = {
            "DOMAIN": "localhost",
            "PORT": str(free_port()),
            "HTTP_PORT": str(free_port()),
            "BIND": "127.0.0.1",
            "APP": "./app/desk",
            "SECRETS": str(directory / "secrets"),
            # All people of all tests come from one address, and do in a minute what others do in a day.
            **dict.fromkeys(_RATES, "100000"),
            **settings,
        }
        self.address = "127.0.0.1"
        """Where its ports are."""
        self.trusted: list[Path] = []
        """Certificates of authorities of others that this stack's people meet."""
        self.images: dict[str, str] = {}
        """Images of services in place of the stack's own."""
        self.name_servers: dict[str, str] = {}
        """Addresses of name servers that services ask in place of the machine's."""
        names = networks_of_compose()
        self.networks = dict(zip(names, free_subnets(len(names)), strict=True))
        """The address range of each of its networks."""
        directory.mkdir(parents=True, exist_ok=True)
        self.write_settings()

    @property
    def secrets(self) -> Path:
        """The folder of its secrets, one folder for each service inside."""
        return Path(self.settings["SECRETS"])

    @property
    def app_url(self) -> str:
        """Public origin of the app."""
        return f"https://app.{self.settings['DOMAIN']}:{self.settings['PORT']}"

    @property
    def id_url(self) -> str:
        """Public origin of the identity provider."""
        return f"https://id.{self.settings['DOMAIN']}:{self.settings['PORT']}"

    @property
    def issuer(self) -> str:
        """OIDC issuer of the realm."""
        return f"{self.id_url}/realms/apps"

    @property
    def ca(self) -> Path:
        """Certificate of the CA that signed what nginx shows."""
        return self.secrets / "ca" / self.settings["DOMAIN"] / "ca.crt"

    def write_settings(self, **changes: str) -> None:
        """Change settings; they hold from the next `up` or `compose`."""
        self.settings.update(changes)
        text = "".join(f"{key}={value}\n" for key, value in self.settings.items())
        (self.directory / "env").write_text(text, encoding="utf-8")

    def compose(
        self, *words: str, check: bool = True, timeout: float = 120, settings: Mapping[str, str] | None = None
    ) -> CompletedProcess[str]:
        """Run `docker compose` on this project; `settings` hold for this one command."""
        __tracebackhide__ = True
        options = ["--project-name", self.project, "--env-file", str(self.directory / "env")]
        clean = {
            key: value for key, value in os.environ.items() if key not in _SETTINGS and not key.startswith("COMPOSE")
        }
        files = ["--file", str(ROOT / "compose.yaml"), "--file", str(self._write_override())]
        command = ["docker", "compose", "--ansi", "never", *files, *options, *words]
        return run(command, check=check, timeout=timeout, env=clean | dict(settings or {}))

    def _write_override(self) -> Path:
        services: dict[str, dict[str, object]] = {service: {"image": image} for service, image in self.images.items()}
        for service, address in self.name_servers.items():
            services.setdefault(service, {})["dns"] = [address]
        networks = {name: {"ipam": {"config": [addresses]}} for name, addresses in self.networks.items()}
        override = self.directory / "override.json"
        override.write_text(json.dumps({"services": services, "networks": networks}), encoding="utf-8")
        return override

    def up(self, timeout: float = 600) -> None:
        """Start it, or bring it to changed settings, and wait until it is healthy."""
        self.compose("--progress", "quiet", "up", "--detach", "--wait", "--no-build", timeout=timeout)

    def down(self) -> None:
        """Stop it and delete its volumes, networks and one-off containers."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", timeout=180)
        # Of two networks of which a setting chooses one, Compose knows the one that is chosen now.
        label = f"label=com.docker.compose.project={self.project}"
        left = run(["docker", "network", "ls", "--quiet", "--filter", label]).stdout.split()
        if left:
            run(["docker", "network", "rm", *left])

    def job(
        self,
        service: str,
        *command: str,
        check: bool = True,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> CompletedProcess[str]:
        """Run one container of `service` to its end, without starting what it depends on.

        Args:
            settings: as in `compose`.
            environment: variables of the container.
        """
        __tracebackhide__ = True
        variables = [f"--env={key}={value}" for key, value in (environment or {}).items()]
        words = ["--progress", "quiet", "run", "--rm", "--no-deps", "--no-TTY", *variables, service, *command]
        return self.compose(*words, check=check, settings=settings)

    def exec(
        self, service: str, *command: str, check: bool = True, user: str | None = None, timeout: float = 60
    ) -> CompletedProcess[str]:
        """Run `command` inside the running container of `service`."""
        who = ["--user", user] if user else []
        return self.compose("exec", "--no-TTY", *who, service, *command, check=check, timeout=timeout)

    def sql(self, query: str, database: str = "app") -> str:
        """What the superuser is answered, over the server's socket."""
        words = ["psql", "--username=postgres", "--no-align", "--tuples-only", "--quiet", f"--dbname={database}"]
        return self.exec("postgres", *words, "--command", query).stdout.strip()

    def logs(self, service: str) -> str:
        """All that `service` has logged."""
        result = self.compose("logs", "--no-color", "--no-log-prefix", service)
        # Compose 2.26 begins each line with "erase this line", whatever --ansi says.
        return (result.stdout + result.stderr).replace("\x1b[2K", "")

    def services(self) -> list[str]:
        """The services that belong to the stack, without those that a setting turns off."""
        services = json.loads(self.compose("config", "--format", "json").stdout)["services"]
        return sorted(name for name, found in services.items() if found.get("deploy", {}).get("replicas") != 0)

    def container(self, service: str) -> dict[str, Any]:
        """What `docker inspect` says of the container of `service`, running or ended; of several, the first."""
        return self.containers(service)[0]

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """What `docker inspect` says of each container of `services`, or of all."""
        found = self.compose("ps", "--all", "--quiet", *services).stdout.split()
        return json.loads(run(["docker", "inspect", *found]).stdout) if found else []

    def demo_password(self, user: str) -> str:
        """The generated password of a demo user."""
        return (self.secrets / "demo" / user).read_text(encoding="utf-8").strip()

    def http(self) -> httpx.Client:
        """A client that trusts this stack's CA and `trusted` alone, and needs no name resolution."""
        return httpx.Client(transport=LoopbackTransport(tls_context(self.ca, *self.trusted), self.address), timeout=30)
