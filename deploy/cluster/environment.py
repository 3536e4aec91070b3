"""One environment's file: where it runs, at what scale, with which provider. Nothing in it is secret."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.cluster.database import Database
from deploy.cluster.errors import ClusterError

_DURATION = re.compile(r"([1-9][0-9]{0,4})([smh])")
_SETTING = re.compile(r"[$][{]([A-Z_]+)[:}]")
# Of one machine's stack; on a cluster the rollout decides them.
_NOT_HERE = frozenset({"BIND", "SECRETS", "TAG", "APP", "APP_SCRIPT", "EGRESS_CA"})


class Node(BaseModel):
    """One machine of the cluster. `context`: the docker context that brings images there, without a registry."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    context: str = ""
    edge: bool = False  # runs nginx: the public names point here
    postgres: bool = False  # keeps the database's volume


class Environment(BaseModel):
    """What the file says."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    context: str = Field(min_length=1)
    registry: str = ""
    encrypted: bool = True
    drain: str = Field(default="10m", pattern=_DURATION.pattern)
    settings: dict[str, str | int] = {}
    database: Database | None = None
    nodes: dict[str, Node] = Field(min_length=1)

    @property
    def drain_time(self) -> timedelta:
        """How long a version that is replaced keeps its sessions."""
        number, unit = _DURATION.fullmatch(self.drain).groups()  # type: ignore[union-attr]
        return timedelta(seconds=int(number) * {"s": 1, "m": 60, "h": 3600}[unit])

    @property
    def edges(self) -> list[str]:
        """Names of the nodes that run nginx."""
        return sorted(name for name, node in self.nodes.items() if node.edge)

    @property
    def database_node(self) -> str:
        """Name of the node that keeps the database, where none is outside."""
        return next(name for name, node in self.nodes.items() if node.postgres)

    def setting(self, name: str, default: str) -> str:
        """A value of [settings], as .env would have it."""
        return str(self.settings.get(name, default))

    @property
    def external(self) -> bool:
        """Whether signing in is left to providers outside."""
        return self.setting("IDENTITY", "") == "external"

    @property
    def url(self) -> str:
        """Where a browser finds the app."""
        port = self.setting("PORT", "443")
        return f"https://app.{self.setting('DOMAIN', '')}" + ("" if port == "443" else f":{port}")


def read(folder: Path, name: str, compose: str) -> Environment:
    """The environment `name` of `folder`. `compose`: text of compose.yaml, whose settings [settings] may have.

    Raises:
        ClusterError: with a line for each fault.
    """
    path = folder / f"{name}.toml"
    known = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in known:
        raise ClusterError(f"TO={name}: {path} is not there; environments are: {', '.join(known) or 'none'}")
    try:
        found = Environment.model_validate(tomllib.loads(path.read_text(encoding="utf-8")), context={"folder": folder})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ClusterError(f"{path}: is not TOML: {fault}; mend that line") from None
    except ValidationError as invalid:
        raise ClusterError(*(f"{path}: {_fault(fault['loc'], fault['msg'])}" for fault in invalid.errors())) from None
    if problems := [f"{path}: {problem}" for problem in _problems(found, set(_SETTING.findall(compose)))]:
        raise ClusterError(*problems)
    return found


def _fault(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    if message == "Extra inputs are not permitted":
        return f"{where}: no such key; deploy/cluster/environments/staging.toml explains those that there are"
    message = message.removeprefix("Value error, ")
    return f"{where}: {message[0].lower()}{message[1:]}" + ("" if ";" in message else "; correct it")


def _problems(found: Environment, known: set[str]) -> list[str]:
    problems = []
    for name in found.settings:
        if name in _NOT_HERE or name.startswith("ACME"):
            problems.append(f"settings.{name}: is for one machine alone; leave it out")
        elif name not in known or name.startswith("BUILD_"):
            problems.append(f"settings.{name}: is no setting; .env.example lists them")
    if found.setting("DOMAIN", "localhost") == "localhost":
        problems.append("settings.DOMAIN: is missing; a cluster needs a name of its own, such as staging.example.com")
    if not found.edges:
        problems.append("nodes: none has `edge = true`; nginx must run somewhere")
    count = sum(node.postgres for node in found.nodes.values())
    if found.database and count:
        problems.append("database: is outside, and a node has `postgres = true`; choose one of them")
    elif not found.database and count != 1:
        problems.append(f"nodes: {count} have `postgres = true`; exactly one keeps the database, unless it is outside")
    if not found.registry:
        problems += [
            f"nodes.{name}.context: is missing; without a registry images come to a node by its docker context"
            for name, node in found.nodes.items()
            if not node.context
        ]
    return problems
