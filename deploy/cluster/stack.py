"""The stack file: what compose.yaml says of each service, in the words that `docker stack deploy` takes.

It refuses or drops many of Compose's keys, so each is copied, converted or left out here by name; one that is new in
compose.yaml stops the rollout (and a test) until somebody has decided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from deploy.cluster.environment import Environment
from deploy.cluster.errors import ClusterError
from deploy.prepare.inventory import UIDS

Service: TypeAlias = dict[str, Any]
Mounted: TypeAlias = Mapping[str, Mapping[str, str]]
"""Of each folder of secrets: file name, and the Swarm secret that holds it."""

BASE = ("postgres", "keycloak", "nginx")
JOBS = ("roles", "migrate", "reconcile")
NOT_HERE = frozenset(
    {"prepare", "renew", "acme", "tools", "pebble", "deploy", "sbom"}
)  # of one machine, or the one that deploys

_COPIED = frozenset(
    {"command", "entrypoint", "user", "init", "read_only", "cap_drop", "cap_add", "environment", "healthcheck"}
    | {"stop_grace_period", "sysctls", "logging"}
)
_CONVERTED = frozenset(
    {"image", "mem_limit", "pids_limit", "tmpfs", "volumes", "networks", "ports", "shm_size", "ulimits"}
)
# build, pull_policy: images are there. restart, depends_on: the rollout's order. security_opt: Swarm knows none; the
# nodes' engines set no-new-privileges for all (docs/scaling.md). network_mode: such a job gets the database's network.
_LEFT_OUT = frozenset(
    {"build", "pull_policy", "restart", "depends_on", "security_opt", "network_mode", "profiles", "deploy"}
)
_NOT_MOUNTED = frozenset({"acme-answers"})
_WITHOUT_NETWORK = "app-data"
_ASK_POSTGRES = ("roles", "migrate", "keycloak", "app")
_SMALLEST = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Plan:
    """What one rollout renders with. `images`: of each service; `label`: of the environment's nodes."""

    environment: Environment
    compose: Mapping[str, Any]
    images: Mapping[str, str]
    secrets: Mounted
    release: str
    label: str = "gatehouse"

    @property
    def external(self) -> bool:
        """Whether signing in is left to providers outside."""
        return self.environment.external

    @property
    def base(self) -> list[str]:
        """Names of the services that all versions share, in the order in which they start."""
        left_out = {"keycloak": self.external, "postgres": self.environment.database is not None}
        return [name for name in BASE if not left_out.get(name)]

    def stack(self, *names: str) -> dict[str, Any]:
        """The stack file of these services: those of `base`, jobs, or `app`, which gets the version's name."""
        services = {self.named(name): self.service(name) for name in names}
        return {"services": services} | self._shared(services)

    def named(self, name: str) -> str:
        """What a service is called on the cluster."""
        return f"app-{self.release}" if name == "app" else name

    def service(self, name: str) -> Service:
        """One service. Raises ClusterError for a key of compose.yaml that nobody has decided on."""
        given = self.compose["services"][name]
        if unknown := given.keys() - _COPIED - _CONVERTED - _LEFT_OUT:
            raise ClusterError(f"compose.yaml: {name}.{', '.join(sorted(unknown))}: deploy/cluster/stack.py lacks it")
        made: Service = {key: given[key] for key in sorted(_COPIED & given.keys()) if given[key] is not None}
        made["image"] = self.images[given["image"]]
        made["networks"] = self._networks(name, given)
        made["volumes"] = [*_tmpfs(given), *self._volumes(given)]
        made["deploy"] = self._deploy(name, given)
        if "ulimits" in given:
            made["ulimits"] = {key: value or 0 for key, value in given["ulimits"].items()}
        if name == "app":
            made["environment"] = {**made["environment"], "RELEASE": self.release}
        if (outside := self.environment.database) and name in _ASK_POSTGRES:
            made["environment"] = {**made["environment"], **outside.variables}
            if name == "roles":
                made["environment"]["DATABASE_ADMINISTRATOR"] = outside.administrator
        if name == "nginx":
            made["ports"] = [
                {"target": int(port["target"]), "published": int(port["published"]), "mode": "host"}
                for port in given["ports"]
            ]
        folder = made.get("environment", {}).get("SECRETS_FOLDER", "")
        made["secrets"] = [
            {"source": source, "target": file, "uid": str(UIDS[folder]), "gid": str(UIDS[folder]), "mode": 0o400}
            for file, source in sorted(self.secrets.get(folder, {}).items())
        ]
        return made

    def _networks(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {
            network: dict(options or {})
            for network, options in (given.get("networks") or {_WITHOUT_NETWORK: None}).items()
            if network != "egress-closed"
        }
        if name == "app":
            found["apps"]["aliases"] = ["app"]
        if self.environment.database:
            # Another name, as a network that is there is never changed.
            found = {f"{key}-open" if key.endswith("-data") else key: options for key, options in found.items()}
        return found

    def _volumes(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Named volumes. What Compose mounts of a machine's files, secrets and the app, comes otherwise."""
        left_out = _NOT_MOUNTED | ({"postgres-socket"} if self.environment.database else set())
        return [
            {"type": "volume", "source": mount["source"], "target": mount["target"]}
            for mount in given.get("volumes") or ()
            if mount["type"] == "volume" and mount["source"] not in left_out
        ]

    def _deploy(self, name: str, given: Mapping[str, Any]) -> Service:
        limits = {"memory": str(given["mem_limit"]), "pids": given["pids_limit"]}
        where = [f"node.labels.{self.label} == true"]
        made: Service = {"endpoint_mode": "dnsrr", "resources": {"limits": limits}}
        if name in ("postgres", "roles") and not self.environment.database:
            where.append(f"node.hostname == {self.environment.database_node}")
        if name == "nginx":
            where.append(f"node.labels.{self.label}.edge == true")
            made["mode"] = "global"
        elif name == "app":
            made["replicas"] = int(self.environment.setting("REPLICAS", "1"))
        else:
            made["replicas"] = 1
        if name in JOBS:
            made["restart_policy"] = {"condition": "none"}
        else:
            made["restart_policy"] = {"condition": "any", "delay": "2s"}
            # Host ports and the database's volume allow one at a time; a version of the app is never updated.
            made["update_config"] = {
                "order": "stop-first",
                "parallelism": 1,
                "failure_action": "rollback",
                "monitor": "10s",
            }
            made["rollback_config"] = {"order": "stop-first", "parallelism": 1}
        return made | {"placement": {"constraints": where}}

    def _shared(self, services: Mapping[str, Service]) -> dict[str, Any]:
        networks = sorted({network for service in services.values() for network in service["networks"]})
        volumes = {
            mount["source"] for service in services.values() for mount in service["volumes"] if "source" in mount
        }
        secrets = {secret["source"] for service in services.values() for secret in service["secrets"]}
        return {
            "networks": {network: network_file(network, self.environment) for network in networks},
            "volumes": {name: {} for name in sorted(volumes)},
            "secrets": {name: {"external": True} for name in sorted(secrets)},
        }


def network_file(name: str, environment: Environment) -> dict[str, Any]:
    """One network of the stack: internal but for those that lead outside, encrypted where the nodes can."""
    made: dict[str, Any] = {"driver": "overlay", "internal": name != "edge" and not name.endswith("-open")}
    if environment.encrypted:
        made["driver_opts"] = {"encrypted": "true"}
    return made


def _bytes(size: str) -> int:
    match = re.fullmatch(r"([0-9]+)([kmgKMG]?)b?", size)
    if not match:
        raise ClusterError(f"compose.yaml: {size}: is no size")
    return int(match[1]) * _SMALLEST.get(match[2].upper(), 1)


def _tmpfs(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In memory, with its size; owner and mode can't be said here, and each container has one user alone."""
    found = []
    for line in given.get("tmpfs") or ():
        target, _, options = line.partition(":")
        size = dict(option.partition("=")[::2] for option in options.split(",")).get("size", "64m")
        found.append({"type": "tmpfs", "target": target, "tmpfs": {"size": _bytes(size)}})
    if "shm_size" in given:
        found.append({"type": "tmpfs", "target": "/dev/shm", "tmpfs": {"size": int(given["shm_size"])}})  # noqa: S108
    return found
