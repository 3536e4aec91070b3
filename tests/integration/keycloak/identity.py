"""Our Keycloak image as the stack runs it, and the jobs that speak to it, in containers of the tests' own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import httpx
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HealthcheckWaitStrategy

from deploy.keycloak.access import BOOTSTRAP, OPERATOR
from deploy.keycloak.admin import Admin, ServiceAccount, connect
from integration.postgres.server import SECOND, Server
from support.command import ROOT, run

_TAG = os.environ.get("TAG", "local")
KEYCLOAK = f"gatehouse-keycloak:{_TAG}"
JOBS = f"gatehouse-jobs:{_TAG}"
ID_URL = "https://id.localhost:8443"
ISSUER = f"{ID_URL}/realms/apps"
NOTHING = "nothing to change\n"


class Identity:
    """Keycloak on a database, and a container for the jobs, with the user and secrets they have in the stack."""

    def __init__(self, database: Server) -> None:
        """Args: database: healthy, with its roles; its tree of secrets and its labels are used here too."""
        self.database, self.secrets = database, database.secrets
        check = {"test": ["CMD", "/etc/gatehouse/keycloak/healthcheck.sh"], "interval": SECOND, "retries": 300}
        hosts = {"postgres": database.address}
        self.keycloak = self._container(KEYCLOAK, "keycloak", hosts, mem_limit="1g", healthcheck=check)
        self.jobs = ""

    def start(self) -> None:
        """Start Keycloak, wait until it is healthy, and make the place for the jobs."""
        for folder, size in (("/run/gatehouse", "1m"), ("/opt/keycloak/data", "64m")):
            self.keycloak.with_tmpfs_mount(folder, f"size={size},mode=0700,uid=1000,gid=1000")
        self.keycloak.waiting_for(HealthcheckWaitStrategy().with_startup_timeout(300).with_poll_interval(0.5))
        self.keycloak.start()
        jobs = self._container(JOBS, "reconcile", {"keycloak": self.address}, mem_limit="256m")
        jobs.with_volume_mapping(self.secrets / "demo", "/run/demo", "rw")
        jobs.with_volume_mapping(ROOT / "app" / "desk", "/srv/app", "ro")
        self.jobs = str(jobs.with_command(["sleep", "infinity"]).start().get_wrapped_container().id)

    @property
    def address(self) -> str:
        """IP address of Keycloak's container, which a restart may change."""
        container = self.keycloak.get_wrapped_container()
        container.reload()
        return str(container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"])

    def shell(self, script: str, *, stdin: str | None = None, check: bool = True) -> None:
        """Run `script` where the jobs run."""
        run(["docker", "exec", "--interactive", self.jobs, "bash", "-c", script], stdin=stdin, check=check)

    def job(self, module: str, *words: str, environment: Mapping[str, str] | None = None) -> CompletedProcess[str]:
        """Run a job to its end, whichever it is; `environment` is added to the stack's defaults."""
        variables = [f"--env={key}={value}" for key, value in (environment or {}).items()]
        command = ["docker", "exec", *variables, self.jobs, "python", "-m", f"deploy.keycloak.{module}", *words]
        return run(command, check=False, timeout=120)

    def reconcile(self, **environment: str) -> str:
        """Run reconcile and return what it said it changed."""
        return _done(self.job("reconcile", environment=environment))

    def users(self, *words: str) -> str:
        """Run a word of the users' job and return what it said."""
        return _done(self.job("users", *words))

    def refused(self, module: str, *words: str, **environment: str) -> str:
        """Run a job that has to fail with one clear line, and return the line."""
        return error_line(self.job(module, *words, environment=environment))

    @contextmanager
    def admin(self) -> Iterator[Admin]:
        """The realm's Admin REST, as the jobs' own client."""
        account = ServiceAccount(OPERATOR, self.secret("operator_secret"))
        with connect(f"http://{self.address}:8080", ID_URL, patience=10) as http:
            yield Admin(http, "apps", account)

    def secret(self, name: str) -> str:
        """A secret of the jobs."""
        return (self.secrets / "reconcile" / name).read_text(encoding="utf-8").strip()

    def demo_password(self, user: str) -> str:
        """The generated password of a demo user."""
        return (self.secrets / "demo" / user).read_text(encoding="utf-8").strip()

    def bootstrap_answer(self) -> int:
        """The status that Keycloak's temporary administrator gets at a sign-in."""
        form = {"grant_type": "client_credentials", "client_id": BOOTSTRAP}
        url = f"http://{self.address}:8080/realms/master/protocol/openid-connect/token"
        return httpx.post(url, data=form | {"client_secret": self.secret("bootstrap_secret")}, timeout=60).status_code

    def logs(self) -> str:
        """All that Keycloak has logged."""
        return b"".join(self.keycloak.get_logs()).decode()

    def start_with(self, secrets: Path, memory: str = "1g", **environment: str) -> CompletedProcess[str]:
        """Run Keycloak's entrypoint with other secrets or settings, without a network; for starts that should fail."""
        variables = [f"--env={key}={value}" for key, value in environment.items()]
        labels = [f"--label={key}={value}" for key, value in self.database.labels.items()]
        options = ["--rm", "--init", "--read-only", "--network=none", "--cap-drop=ALL", f"--memory={memory}"]
        mounts = [f"--volume={secrets}:/run/secrets:ro", "--tmpfs=/run/gatehouse:size=1m,mode=0700,uid=1000,gid=1000"]
        return run(["docker", "run", *options, *labels, *mounts, *variables, KEYCLOAK], check=False)

    def _container(self, image: str, folder: str, hosts: dict[str, str], **options: object) -> DockerContainer:
        """A container hardened as in compose.yaml, with the secrets in `folder`, that knows `hosts` by name."""
        return (
            DockerContainer(image)
            .with_volume_mapping(self.secrets / folder, "/run/secrets", "ro")
            .with_tmpfs_mount("/tmp", "size=128m")  # noqa: S108 -- the container's
            .with_kwargs(
                init=True,
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                labels=self.database.labels,
                network="bridge",
                extra_hosts=hosts,
                **options,
            )
        )


def error_line(result: CompletedProcess[str]) -> str:
    """The one line with which a start or a job that had to fail did so."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stderr.startswith("Error: "), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def _done(result: CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
