"""Our Postgres image as the stack runs it, in containers of a test's own, and the ways in that a test needs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, LiteralString, TypeAlias

import psycopg
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HealthcheckWaitStrategy

from support.command import ROOT, run
from support.rundir import take_down
from support.stack import PREFIX

IMAGE = f"gatehouse-postgres:{os.environ.get('TAG', 'local')}"
DATA = "/var/lib/postgresql"
SCRIPTS = "/etc/gatehouse/postgres"
SECOND = 1_000_000_000

Query: TypeAlias = LiteralString


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait until `condition` is true; an operational error of the database counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except psycopg.OperationalError:
            pass
        assert time.monotonic() < deadline, f"not true after {seconds:g} s"
        time.sleep(0.1)


def prepare(tree: Path) -> None:
    """Make a tree of secrets by the product's own prepare."""
    tree.mkdir()
    environment = {**os.environ, "SECRETS_DIR": str(tree), "DOMAIN": "localhost", "PYTHONPATH": str(ROOT)}
    run([sys.executable, "-m", "deploy.prepare"], env=environment)


class Server:
    """One data volume with its socket volume, the containers on them, and the secrets they get."""

    def __init__(self, name: str, secrets: Path) -> None:
        """Args: name: of the project that labels all it makes. secrets: a tree as prepare makes it."""
        self.secrets = secrets
        self.project = f"{PREFIX}{name}"
        # Compose's own labels: the sweep of killed runs goes by them.
        self.labels = {
            "com.docker.compose.project": self.project,
            "com.docker.compose.project.working_dir": str(ROOT),
        }
        self.container: DockerContainer | None = None
        self.memory = "512m"
        for volume in ("data", "socket"):
            labels = [f"--label={key}={value}" for key, value in self.labels.items()]
            run(["docker", "volume", "create", *labels, f"{self.project}-{volume}"])

    def start(self, *, healthy: bool = True) -> None:
        """Start the server, and wait until it is healthy unless told not to."""
        self.container = self._container("postgres", network_mode="bridge", mem_limit=self.memory, shm_size="256m")
        self.container.with_volume_mapping(f"{self.project}-data", DATA, "rw")
        check = {"test": ["CMD", f"{SCRIPTS}/healthcheck.sh"], "interval": SECOND // 2, "retries": 240}
        self.container.with_kwargs(**self.container._kwargs, healthcheck=check)  # noqa: SLF001
        if healthy:
            self.container.waiting_for(HealthcheckWaitStrategy().with_startup_timeout(120).with_poll_interval(0.2))
        self.container.start()

    def refused(self) -> str:
        """Start the server, expect that it stops by itself with an error, and return what it said."""
        self.start(healthy=False)
        return self._ended(self.container, expect=1)

    def start_roles(self, **environment: str) -> DockerContainer:
        """Start roles.sh."""
        job = self._container("roles", network_mode="none", entrypoint=[f"{SCRIPTS}/roles.sh"])
        return job.with_envs(**environment).start()

    def roles(self, *, expect: int = 0, **environment: str) -> str:
        """Run roles.sh to its end and return what it said."""
        return self._ended(self.start_roles(**environment), expect=expect)

    def kill(self) -> None:
        """Kill -9 all processes of the server's container and remove it; the volumes stay."""
        assert self.container
        self.container.get_wrapped_container().kill("SIGKILL")
        self.container.stop()

    def remove(self) -> None:
        """Remove containers and volumes."""
        take_down(self.project)

    def shell(self, script: str, *, check: bool = True) -> CompletedProcess[str]:
        """Run `script` as the server's user inside its running container."""
        assert self.container
        name = self.container.get_wrapped_container().id
        return run(["docker", "exec", str(name), "bash", "-o", "errexit", "-c", script], check=check, timeout=120)

    def volume(self, script: str) -> str:
        """Run `script` as the server's user on the data volume, without a server."""
        mount = f"{self.project}-data:{DATA}"
        command = ["--rm", "--network=none", "--entrypoint=bash", f"--volume={mount}", f"--workdir={DATA}", IMAGE]
        return run(["docker", "run", *command, "-o", "errexit", "-c", script]).stdout

    def superuser(self, statement: str, database: str = "app") -> str:
        """What `statement` answers the superuser over the socket."""
        command = f"psql -XAtq -v ON_ERROR_STOP=1 -U postgres -d {database} <<'END'\n{statement}\nEND"
        return self.shell(command).stdout.strip()

    def logs(self) -> str:
        """All that the server has logged."""
        assert self.container
        return b"".join(self.container.get_logs()).decode()

    @property
    def address(self) -> str:
        """IP address of the server's container, which a restart may change."""
        assert self.container
        container = self.container.get_wrapped_container()
        container.reload()
        return str(container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"])

    def password(self, login: str) -> str:
        """The generated password of `login`, from whichever folder has it."""
        (file,) = self.secrets.glob(f"*/{login}_password")
        return file.read_text(encoding="utf-8").strip()

    def connect(self, login: str, database: str = "app", **options: str) -> psycopg.Connection[Any]:
        """Sign in over TCP as services do; `options` replace their parameters."""
        parameters = {
            "host": "postgres",
            "hostaddr": self.address,
            "dbname": database,
            "user": login,
            "sslmode": "verify-full",
            "sslrootcert": str(self.secrets / "ca" / "internal" / "ca.crt"),
            "channel_binding": "require",
            "connect_timeout": "10",
            "password": options["password"] if "password" in options else self.password(login),
        } | options
        return psycopg.connect(**parameters, autocommit=True)  # type: ignore[arg-type]

    def answers(self, login: str, **options: str) -> bool:
        """Sign in and ask something. Raises OperationalError if it can't."""
        with closing(self.connect(login, **options)) as connection:
            return connection.execute("SELECT true").fetchone() == (True,)

    def _container(self, folder: str, **options: object) -> DockerContainer:
        """A container of our image, hardened as in compose.yaml, with the secrets in `folder`."""
        return (
            DockerContainer(IMAGE)
            .with_volume_mapping(f"{self.project}-socket", "/var/run/postgresql", "rw")
            .with_volume_mapping(self.secrets / folder, "/run/secrets", "ro")
            .with_tmpfs_mount("/tmp", "size=64m")  # noqa: S108 -- the container's
            .with_tmpfs_mount("/run/gatehouse", "size=1m,mode=0700,uid=999,gid=999")
            .with_kwargs(
                init=True,
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                labels=self.labels,
                **options,
            )
        )

    def _ended(self, container: DockerContainer | None, *, expect: int) -> str:
        assert container
        wrapped = container.get_wrapped_container()
        code = wrapped.wait(timeout=120)["StatusCode"]
        text = str(wrapped.logs().decode())
        container.stop()
        assert code == expect, text
        return text
