"""A cluster whose nodes are privileged containers with an engine each, and the words of a clone pointed at it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv4Network
from pathlib import Path
from subprocess import CompletedProcess

from support.command import ROOT, run
from support.subnets import free_subnets
from support.waiting import until

IMAGE = "gatehouse-test-node:trixie"
STACK = "gatehouse"
"""What the stack is called on the cluster."""

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

    def __init__(self, name: str, network: str, address: str, labels: list[str]) -> None:
        """Start it at this address, which it keeps. `labels`: by which the sweep of killed runs finds it."""
        words = ["--privileged", "--volume=/var/lib/docker", f"--hostname={name}", "--restart=no"]
        # As on a real machine, nothing of /run outlives a restart.
        words += ["--tmpfs=/run:exec", f"--network={network}", f"--ip={address}", *labels]
        self.name, self.address, self._network = name, address, network
        self.id = run(["docker", "run", "--detach", "--init", *words, IMAGE, *_ENGINE]).stdout.strip()

    def docker(self, *words: str, check: bool = True, timeout: float = 60, stdin: str | None = None) -> str:
        """What its engine's client prints."""
        host = f"--host=tcp://{self.address}:2375"
        return run(["docker", host, *words], check=check, timeout=timeout, stdin=stdin).stdout.strip()

    def replicas(self) -> dict[str, str]:
        """The app's containers on it, with the names by which browsers are marked as theirs (nginx/replicas.sh)."""
        found = self.docker("ps", "--quiet", "--filter", f"name={STACK}_app-v", "--filter", "health=healthy").split()
        form = f'{{{{(index .NetworkSettings.Networks "{STACK}_apps").IPAddress}}}}'
        return {one: sha256(self.docker("inspect", "--format", form, one).encode()).hexdigest()[:16] for one in found}

    def answers(self) -> bool:
        """Whether its engine does."""
        words = ["docker", f"--host=tcp://{self.address}:2375", "version"]
        return run(words, check=False).returncode == 0

    def restart(self) -> None:
        """Switch it off and on again."""
        run(["docker", "restart", "--time", "1", self.id], timeout=120)
        until(self.answers, 120)

    def unplug(self) -> None:
        """Pull its cable: packets to it and of it are lost."""
        run(["docker", "network", "disconnect", "--force", self._network, self.id])

    def plug(self) -> None:
        """Plug it in again."""
        run(["docker", "network", "connect", f"--ip={self.address}", self._network, self.id])

    def remove(self) -> None:
        """End it, with all it holds."""
        run(["docker", "rm", "--force", "--volumes", self.id], check=False, timeout=120)


class Cluster:
    """Nodes, joined; the first is the manager. `clone`: a checkout that `make deploy` runs in."""

    def __init__(self, project: str, directory: Path, count: int = 3) -> None:
        build_image()
        self.directory, self._network = directory, project
        self.nodes: list[Node] = []
        labels = {"com.docker.compose.project": project, "com.docker.compose.project.working_dir": str(ROOT)}
        words = [f"--label={key}={value}" for key, value in labels.items()]
        (subnet,) = free_subnets(1)
        addresses = IPv4Network(subnet["subnet"])
        try:
            run(["docker", "network", "create", f"--subnet={addresses}", *words, project])
            for number in range(1, count + 1):
                self.nodes.append(Node(f"node-{number}", project, str(addresses[number + 1]), words))
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
            "TAG": self._network,  # its versions are not those that other tests start
        }

    def environment(self, name: str = "staging", drain: str = "20s", **settings: str | int) -> None:
        """Write the environment's file: nginx on all nodes, Postgres on the first."""
        chosen = {"DOMAIN": "gate.test", "PORT": 8443, "HTTP_PORT": 8080, "REPLICAS": 2} | settings
        # The kernel that all nodes share has no IPsec.
        lines = [f'context = "{self.nodes[0].name}"', "encrypted = false", f'drain = "{drain}"', "[settings]"]
        lines += [
            f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in chosen.items()
        ]
        for node in self.nodes:
            database = str(node is self.nodes[0]).lower()
            lines += [f"[nodes.{node.name}]", f'context = "{node.name}"', "edge = true", f"postgres = {database}"]
        folder = self.directory / "environments"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def whole(self) -> bool:
        """Whether the manager sees every node."""
        return self.nodes[0].docker("node", "ls", "--format", "{{.Status}}").split() == ["Ready"] * len(self.nodes)

    def provide(self, name: str, text: str, environment: str = "staging") -> None:
        """Put there what an operator has of their own before the first start."""
        folder = self.directory / "secrets/cluster" / environment / "provided"
        folder.mkdir(mode=0o700, parents=True)
        (folder / name).touch(mode=0o400)
        (folder / name).write_text(text, encoding="utf-8")

    def sql(self, query: str) -> str:
        """What the database's superuser is answered, over the server's socket."""
        first = self.nodes[0]
        (server,) = first.docker(
            "ps", "--quiet", "--filter", f"name={STACK}_postgres", "--filter", "health=healthy"
        ).split()
        words = ["psql", "--username=postgres", "--no-align", "--tuples-only", "--quiet", "--dbname=app"]
        return first.docker("exec", server, *words, "--command", query)

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
        run(["docker", "network", "rm", self._network], check=False)
        for forgotten in ((lambda tags: [tag for tag in tags if tag == self._network]), _nobodys):
            _remove_images(forgotten)


def _nobodys(tags: list[str]) -> list[str]:
    """All tags of an image that has none but those that a rollout gives (deploy/cluster/images.py)."""
    return tags if all(re.fullmatch(r"[0-9a-f]{12}", tag) for tag in tags) else []


def _remove_images(chosen: Callable[[list[str]], list[str]]) -> None:
    form = "{{.ID}} {{.Repository}} {{.Tag}}"
    tags: dict[tuple[str, str], list[str]] = {}
    for line in run(["docker", "image", "ls", "--no-trunc", "--format", form, "gatehouse-*"]).stdout.splitlines():
        image, repository, tag = line.split()
        tags.setdefault((image, repository), []).append(tag)
    names = [f"{repository}:{tag}" for (_, repository), found in tags.items() for tag in chosen(found)]
    if names:
        run(["docker", "image", "rm", *names], check=False, timeout=120)
