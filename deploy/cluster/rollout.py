"""One rollout: what all versions share, migrations, the new version beside the old, a test, the switch, the drain.

Until the switch nothing reaches the new version, and every failure takes it away again. The switch is one row in the
database, so whatever is killed, one version serves.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.cluster.docker import Docker
from deploy.cluster.environment import Environment
from deploy.cluster.errors import ClusterError
from deploy.cluster.records import Record, Records
from deploy.cluster.services import Services
from deploy.cluster.stack import Plan, network_file

_READY = {
    "postgres": 180.0,
    "keycloak": 400.0,
    "nginx": 180.0,
    "app": 240.0,
}  # seconds; Keycloak's first start makes a schema

_MOVED = 300.0  # seconds; at the end of the drain a full process (MAX_TABS) moves two tabs a second


@contextmanager
def step(what: str) -> Iterator[None]:
    """Name what happens, and say how long it took."""
    print(f"==> {what}", flush=True)
    started = time.monotonic()
    yield
    print(f"    done in {time.monotonic() - started:.1f} s", flush=True)


def note(line: str) -> None:
    """A line under the step."""
    print(f"    {line}", flush=True)


@dataclass
class Rollout:
    """One attempt. `last`: what serves now, if anything does. `migrate`: not when an earlier version comes back."""

    docker: Docker
    services: Services
    records: Records
    plan: Plan
    record: Record
    last: Record | None
    probe_image: str
    migrate: bool = True

    def run(self) -> None:
        """Do it. On a failure all is as before, and ClusterError says why."""
        asked = False
        try:
            self._networks()
            self._base(first=True)
            self._database()
            with step(f"New version {self.record.name}"):
                self._unchallenged()
                self.services.deploy(self.plan.stack("app"))
                self.services.up(self._app, _READY["app"])
            self._base(first=False)
            self._smoke()
            with step("Switch"):
                self._unchallenged()
                seconds = self.plan.environment.drain_time.total_seconds()
                asked = True
                self._release("serve", self.record.name, f"{seconds:.0f}")
        except (ClusterError, KeyboardInterrupt) as fault:
            if asked and self._switched():
                self.records.end(self.record.number, "done", "interrupted after the switch")
                raise
            self._back()
            problems = fault.problems if isinstance(fault, ClusterError) else ("interrupted",)
            self.records.end(self.record.number, "failed", problems[0])
            raise ClusterError(
                *problems, f"everything is back at {self.last.name if self.last else 'nothing'}"
            ) from None
        self.records.end(self.record.number, "done")
        self.drain()

    @property
    def _app(self) -> str:
        return self.plan.named("app")

    def _switched(self) -> bool:
        """Whether a switch happened whose answer was lost. Raises ClusterError: while that is unknown, both stay."""
        try:
            return serving(self.services, self.plan) == self.record.name
        except ClusterError as fault:
            remedy = "both versions stay until that is known; run make deploy again"
            raise ClusterError(
                f"whether {self.record.name} serves could not be asked; {remedy}", *fault.problems
            ) from None

    def _release(self, *words: str) -> str:
        return self.services.job(self.plan, "migrate", "python", "-m", "gatehouse.data.release", *words)

    def _unchallenged(self) -> None:
        newer = [one.number for one in self.records.all() if one.number > self.record.number]
        if newer:
            raise ClusterError(f"another rollout, v{newer[-1]}, has begun meanwhile; see `make history`")

    def _networks(self) -> None:
        """A packet from each node to each, over a network like the stack's."""
        nodes = len(self.plan.environment.nodes)
        if nodes < 2:
            return
        with step("Networks between the nodes"):
            service = {
                "image": self.probe_image,
                "command": ["python", "-m", "deploy.cluster.inside.probe", "probe", str(nodes)],
                "networks": {"probe": {}},
                "cap_drop": ["ALL"],
                "read_only": True,
                "deploy": {
                    "mode": "global",
                    "endpoint_mode": "dnsrr",
                    "restart_policy": {"condition": "none"},
                    "placement": {"constraints": [f"node.labels.{self.plan.label} == true"]},
                },
            }
            self.services.remove("probe")
            network = network_file("probe", self.plan.environment)
            self.services.deploy({"services": {"probe": service}, "networks": {"probe": network}})
            try:
                self.services.completed("probe", nodes, 90)
            except ClusterError as fault:
                sort = "encrypted " if self.plan.environment.encrypted else ""
                remedy = "let UDP 4789, TCP and UDP 7946 pass between them"
                if self.plan.environment.encrypted:
                    remedy += ", and IP protocol 50; or, on a network of your own, set `encrypted = false`"
                raise ClusterError(
                    f"{sort}packets do not pass between the nodes ({fault.problems[0]}); {remedy}"
                ) from None
            finally:
                self.services.remove("probe")
                self.docker.run("network", "rm", f"{self.services.stack}_probe", check=False)

    def _base(self, *, first: bool) -> None:
        """What versions share: the database before the migrations; the rest after the new version is there."""
        for name in self.plan.base:
            if (name == "postgres") != first:
                continue
            with step(name.capitalize()):
                self.services.deploy(self.plan.stack(name))
                self.services.up(name, _READY[name])
                if name == "keycloak":
                    self._told(self.services.job(self.plan, "reconcile"))

    def _database(self) -> None:
        if not self.migrate:
            # Migrations only ever expand: the version before works with what a later one added.
            return
        with step("Roles and migrations"):
            self._unchallenged()
            self.services.job(self.plan, "roles")
            self._told(self.services.job(self.plan, "migrate", seconds=900))

    def _smoke(self) -> None:
        with step("Trying it through the front door"):
            addresses = self._edge_addresses()
            words = [self._app, *addresses, *(["external"] if self.plan.external else [])]
            ways = len(addresses) * int(self.plan.environment.setting("REPLICAS", "1"))
            self._told(
                self.services.job(
                    self.plan,
                    "reconcile",
                    "python",
                    "-m",
                    "deploy.cluster.inside.smoke",
                    *words,
                    inside=True,
                    seconds=300 + 5 * ways,
                )
            )

    def _edge_addresses(self) -> list[str]:
        rows = self.docker.inspect("node", *self.plan.environment.edges)
        own = [(row.get("ManagerStatus") or {}).get("Addr", "").rpartition(":")[0] for row in rows]
        # A manager calls its own address 0.0.0.0.
        return [
            row["Status"]["Addr"] if row["Status"]["Addr"] != "0.0.0.0" else addr  # noqa: S104
            for row, addr in zip(rows, own, strict=True)
        ]

    def _back(self) -> None:
        """Take the new version away, and bring what versions share to what the last one had."""
        print("==> Going back", flush=True)
        self.services.remove(self._app)
        if self.last:
            for name in self.plan.base:
                file = _part(self.last.file, name)
                if file["services"]:
                    self.services.deploy(file)
                    self.services.up(name, _READY[name])

    def drain(self) -> None:
        """Wait until the tabs of earlier versions are gone or moved, and remove those."""
        old = [name for name in self.services.names() if re.fullmatch(r"app-v[0-9]+", name) and name != self._app]
        if not old:
            return
        with step(f"Draining {', '.join(old)}: at most {self.plan.environment.drain}"):
            limit = self.plan.environment.drain_time.total_seconds() + _MOVED
            for name in old:
                words = ["python", "-m", "deploy.cluster.inside.drained", name, f"{limit:.0f}"]
                self._told(self.services.job(self.plan, "reconcile", *words, inside=True, seconds=limit + 120))
                self.services.remove(name)

    @staticmethod
    def _told(said: str) -> None:
        for line in said.splitlines()[-5:]:
            note(line)


def serving(services: Services, plan: Plan) -> str:
    """The version that the database says serves; empty before the first. Raises ClusterError."""
    said = services.job(plan, "migrate", "python", "-m", "gatehouse.data.release", "show")
    found = re.search(r"^serving=(\S*)$", said, re.MULTILINE)
    if not found:
        raise ClusterError("which version serves could not be read; see the log of postgres")
    return found[1]


def whole(plan: Plan) -> dict[str, object]:
    """The file of all services of a version, as it is remembered."""
    return plan.stack(*plan.base, "app")


def _part(file: dict[str, object], name: str) -> dict[str, object]:
    services: dict[str, dict[str, dict[str, object]]] = file["services"]  # type: ignore[assignment]
    part = {key: value for key, value in services.items() if key == name}
    return {**file, "services": part}


def label_nodes(docker: Docker, environment: Environment, label: str, say: Callable[[str], None]) -> None:
    """Mark the nodes that the environment's file names, and take the mark from others. Raises ClusterError."""
    for row in docker.inspect("node", *docker.text("node", "ls", "--quiet").split()):
        name, labels = row["Description"]["Hostname"], row["Spec"].get("Labels") or {}
        node = environment.nodes.get(name)
        wanted = {label: "true"} if node else {}
        if node and node.edge:
            wanted[f"{label}.edge"] = "true"
        ours = {key: value for key, value in labels.items() if key in (label, f"{label}.edge")}
        if ours == wanted:
            continue
        words = [f"--label-add={key}={value}" for key, value in wanted.items()]
        words += [f"--label-rm={key}" for key in ours.keys() - wanted.keys()]
        docker.text("node", "update", *words, row["ID"])
        say(f"{name}: {', '.join(wanted) or 'no longer used'}")
