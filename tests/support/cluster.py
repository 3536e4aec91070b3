"""A cluster whose nodes are privileged containers with an engine each, and the words of a clone pointed at it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from subprocess import CompletedProcess

from support.command import ROOT, run
from support.waiting import until

IMAGE = "gatehouse-test-node:trixie"

_BUILD = (
    "apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends docker.io iptables >/dev/null"
)
_ENGINE = ["dockerd", "--host=unix:///var/run/docker.sock", "--host=tcp://0.0.0.0:2375", "--tls=false"]
_CLONE = "git -c safe.directory='*' clone --quiet --no-hardlinks"


def build_image() -> None:
    """Build IMAGE; kept from run to run."""
    if run(["docker", "image", "inspect", IMAGE], check=False).returncode == 0:
        return
    builder = "gatehouse-test-node-builder"
    run(["docker", "rm", "--force", builder], check=False)
    try:
        run(["docker", "run", "--name", builder, "gatehouse-base:trixie", "bash", "-ec", _BUILD], timeout=600)
        run(["docker", "commit", builder, IMAGE], timeout=120)
    finally:
        run(["docker", "rm", "--force", "--volumes", builder], check=False)


class Node:
    """One machine of the cluster."""

    def __init__(self, name: str, project: str) -> None:
        """Start it. `project` is the label by which the sweep of killed runs finds it."""
        labels = {"com.docker.compose.project": project, "com.docker.compose.project.working_dir": str(ROOT)}
        words = [f"--label={key}={value}" for key, value in labels.items()]
        words += ["--privileged", "--volume=/var/lib/docker", f"--hostname={name}", "--restart=no"]
        self.name = name
        self.id = run(["docker", "run", "--detach", "--init", *words, IMAGE, *_ENGINE]).stdout.strip()

    @property
    def address(self) -> str:
        """Its address on this machine."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return run(["docker", "inspect", "--format", form, self.id]).stdout.strip()

    def docker(self, *words: str, check: bool = True, timeout: float = 60) -> str:
        """What its engine's client prints."""
        host = f"--host=tcp://{self.address}:2375"
        return run(["docker", host, *words], check=check, timeout=timeout).stdout.strip()

    def answers(self) -> bool:
        """Whether its engine does."""
        words = ["docker", f"--host=tcp://{self.address}:2375", "version"]
        return run(words, check=False).returncode == 0

    def restart(self) -> None:
        """Switch it off and on again."""
        run(["docker", "restart", "--time", "1", self.id], timeout=120)

    def remove(self) -> None:
        """End it, with all it holds."""
        run(["docker", "rm", "--force", "--volumes", self.id], check=False, timeout=120)


class Cluster:
    """Nodes, joined; the first is the manager. `clone`: a checkout that `make deploy` runs in."""

    def __init__(self, project: str, directory: Path, count: int = 3) -> None:
        build_image()
        self.directory = directory
        self.nodes: list[Node] = []
        try:
            for number in range(1, count + 1):
                self.nodes.append(Node(f"node-{number}", project))
            for node in self.nodes:
                until(node.answers, 60)
            self._join()
            self._contexts()
        except BaseException:
            self.remove()
            raise

    def _join(self) -> None:
        first = self.nodes[0]
        first.docker("swarm", "init", "--advertise-addr", first.address)
        token = first.docker("swarm", "join-token", "--quiet", "worker")
        for node in self.nodes[1:]:
            node.docker("swarm", "join", "--token", token, f"{first.address}:2377")

    def _contexts(self) -> None:
        for node in self.nodes:
            host = f"host=tcp://{node.address}:2375"
            run(["docker", "context", "create", node.name, "--docker", host], env=self.environ)

    @property
    def environ(self) -> dict[str, str]:
        """Of the operator's shell."""
        kept = {key: value for key, value in os.environ.items() if key != "DOCKER_CONTEXT"}
        return kept | {
            "DOCKER_CONFIG": str(self.directory / "docker"),
            "ENVIRONMENTS": str(self.directory / "environments"),
            "SECRETS": str(self.directory / "secrets"),
        }

    def environment(self, name: str = "staging", **settings: str | int) -> None:
        """Write the environment's file: nginx on all nodes, Postgres on the first."""
        chosen = {"DOMAIN": "gate.test", "PORT": 8443, "HTTP_PORT": 8080, "REPLICAS": 2} | settings
        # The kernel that all nodes share has no IPsec.
        lines = [f'context = "{self.nodes[0].name}"', "encrypted = false", 'drain = "20s"', "[settings]"]
        lines += [
            f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in chosen.items()
        ]
        for node in self.nodes:
            database = str(node is self.nodes[0]).lower()
            lines += [f"[nodes.{node.name}]", f'context = "{node.name}"', "edge = true", f"postgres = {database}"]
        folder = self.directory / "environments"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def clone(self) -> Path:
        """A fresh clone of this checkout as it is committed."""
        target = self.directory / "clone"
        if target.exists():
            shutil.rmtree(target)
        run(["bash", "-c", f'{_CLONE} "$0" "$1"', str(ROOT), str(target)], timeout=120)
        return target

    def make(self, checkout: Path, *words: str, check: bool = True, timeout: float = 900) -> CompletedProcess[str]:
        """Say one of the operator's words, and its variables."""
        return run(["make", *words, "TO=staging"], check=check, timeout=timeout, env=self.environ, cwd=checkout)

    def remove(self) -> None:
        """End all of it."""
        for node in self.nodes:
            node.remove()
