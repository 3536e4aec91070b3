"""All that would stop a rollout, found before anything is changed, and said at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deploy.cluster.docker import Docker
from deploy.cluster.environment import Environment
from deploy.cluster.errors import ClusterError

ENVIRONMENT = "gatehouse.environment"
ORIGIN = "gatehouse.origin"
OLDEST_ENGINE = (26, 0)
_SHARED = ("app/gate_password", "app/app_a_password", "app/cookie_secret", "app/session_key", "app/client_secret")


def manager(environment: Environment) -> Docker:
    """The manager, once it answers and is one. Raises ClusterError."""
    name = environment.context
    docker = Docker(name)
    if Docker().run("context", "inspect", name, check=False).returncode != 0:
        raise ClusterError(
            f"context {name}: is not there; docker context create {name} --docker host=ssh://USER@MANAGER makes it"
        )
    info = _info(docker, f"context {name}")
    swarm = info["Swarm"]
    if swarm["LocalNodeState"] != "active":
        raise ClusterError(f"context {name}: {info['Name']} is in no cluster; run docker swarm init there, or join one")
    if not swarm["ControlAvailable"]:
        raise ClusterError(
            f"context {name}: {info['Name']} is a worker; point the context at a manager, or promote it: "
            f"docker node promote {info['Name']}"
        )
    return Docker(name, patience=120)


def _info(docker: Docker, what: str) -> dict[str, Any]:
    done = docker.run("info", "--format", "{{json .}}", check=False)
    info: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
    if done.returncode != 0 or not info.get("ServerVersion"):
        said = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise ClusterError(f"{what}: the engine does not answer ({said}); start it, and check the way there")
    return info


def nodes(docker: Docker, environment: Environment) -> list[str]:
    """What is wrong with the nodes that the file names."""
    ids = docker.text("node", "ls", "--quiet").split()
    there = {row["Description"]["Hostname"]: row for row in docker.inspect("node", *ids)}
    problems = []
    for name, node in environment.nodes.items():
        row = there.get(name)
        if row is None:
            problems.append(
                f"node {name}: is not in the cluster, which has {', '.join(sorted(there))}; join it, or mend the file"
            )
        elif row["Status"]["State"] != "ready":
            problems.append(f"node {name}: is {row['Status']['State']}; bring it back, or take it out of the file")
        elif row["Spec"]["Availability"] != "active":
            problems.append(
                f"node {name}: is set to {row['Spec']['Availability']}; docker node update --availability active {name}"
            )
        else:
            problems += _engine(name, row["Description"])
            if node.context:
                problems += _way(name, node.context)
    return problems


def _engine(name: str, description: dict[str, Any]) -> list[str]:
    version = description["Engine"]["EngineVersion"]
    numbers = tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit())
    if numbers < OLDEST_ENGINE:
        return [f"node {name}: its engine is {version}; {'.'.join(map(str, OLDEST_ENGINE))} or newer is needed"]
    return []


def _way(name: str, context: str) -> list[str]:
    try:
        info = _info(Docker(context), f"node {name}, context {context}")
    except ClusterError as fault:
        return list(fault.problems)
    if info["Name"] != name:
        return [f"node {name}: context {context} leads to {info['Name']}; mend the file or the context"]
    if not info.get("MemoryLimit") or not info.get("PidsLimit"):
        return [f"node {name}: its kernel limits neither memory nor processes (control groups); enable them there"]
    return []


def architecture(docker: Docker, images: dict[str, str], environment: Environment) -> list[str]:
    """Images that are missing here, or made for another machine than the nodes."""
    problems = []
    machines = {
        row["Description"]["Hostname"]: row["Description"]["Platform"]["Architecture"]
        for row in docker.inspect("node", *environment.nodes)
    }
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    for image in images.values():
        found = Docker().inspect("image", image)
        if not found:
            problems.append(f"image {image}: is not on this machine; make deploy builds it")
            continue
        made_for = found[0]["Architecture"]
        problems += [
            f"image {image}: is for {made_for}, and node {name} is {machine}; build on such a machine"
            for name, machine in machines.items()
            if names.get(machine, machine) != made_for
        ]
    return problems


def cluster_is(docker: Docker, name: str) -> list[str]:
    """Whether the cluster is another environment's."""
    others = {
        row["Spec"]["Labels"][ENVIRONMENT]
        for row in docker.inspect(
            "config", *docker.text("config", "ls", "--quiet", "--filter", f"label={ENVIRONMENT}").split()
        )
    } - {name}
    return [
        f"context {docker.context}: this cluster is {other}'s; check TO and the context, environments share no cluster"
        for other in sorted(others)
    ]


def secrets(folder: Path, others: list[Path]) -> list[str]:
    """Secrets that this environment shares with another, or with the stack of this machine."""
    own = {name: (folder / name).read_bytes() for name in _SHARED if (folder / name).is_file()}
    return [
        f"{folder / name}: is the same as in {other}; each environment has its own: remove {folder} on a first deploy"
        for other in others
        if other != folder
        for name, value in own.items()
        if (other / name).is_file() and (other / name).read_bytes() == value
    ]


def origin(docker: Docker, folder: Path, mark: str) -> list[str]:
    """Whether the cluster was deployed with other secrets than those in `folder`."""
    ids = docker.text("secret", "ls", "--quiet", "--filter", f"label={ORIGIN}").split()
    marks = {row["Spec"]["Labels"][ORIGIN] for row in docker.inspect("secret", *ids)}
    if marks and marks != {mark}:
        return [f"{folder}: is not this cluster's; bring that folder here, or remove this one: the cluster's own stay"]
    return []
