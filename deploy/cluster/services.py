"""Start services of the stack and wait for what becomes of them, with the reason when it is not what was wanted."""

from __future__ import annotations

import json
import time
from typing import Any

from deploy.cluster.docker import Docker
from deploy.cluster.errors import ClusterError
from deploy.cluster.stack import JOBS, Plan, Service

_POLL = 1.0  # seconds
_TRIES = 3
"""So many tasks of a service may fail before it is given up."""


class Services:
    """The services of one stack. Waiting goes on while a manager restarts."""

    def __init__(self, docker: Docker, stack: str) -> None:
        self.docker = docker
        self.stack = stack

    def deploy(self, plan_or_file: dict[str, Any]) -> None:
        """Bring services to what a stack file says; others stay. Raises ClusterError."""
        words = [
            "stack",
            "deploy",
            "--resolve-image",
            "never",
            "--with-registry-auth",
            "--compose-file",
            "-",
            self.stack,
        ]
        self.docker.text(*words, stdin=json.dumps(plan_or_file))

    def up(self, name: str, seconds: float) -> None:
        """Wait until a service runs as wanted, healthy, on every place. Raises ClusterError."""
        deadline = time.monotonic() + seconds
        earlier = {task["ID"] for task in self._tasks(name) if _failed(task)}
        while True:
            row = self._row(name)
            tasks = self._tasks(name)
            failures = {task["ID"] for task in tasks if _failed(task)} - earlier
            state = (row.get("UpdateStatus") or {}).get("State", "completed")
            wanted = _wanted(row, tasks)
            running = [task for task in tasks if _runs(task)]
            if state == "completed" and len(running) >= wanted > 0:
                return
            if state.startswith(("rollback", "paused")):
                raise ClusterError(
                    f"{name}: the new one does not become healthy, the one before is back; {self.why(name)}"
                )
            if state == "completed" and len(failures) >= _TRIES:
                raise ClusterError(f"{name}: ends as soon as it starts; {self.why(name)}")
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{name}: {len(running)} of {wanted} are healthy after {seconds:.0f} s; {self.why(name)}"
                )
            time.sleep(_POLL)

    def job(self, plan: Plan, name: str, *command: str, inside: bool = False, seconds: float = 300) -> str:
        """Run a job of compose.yaml to its end, and return what it printed.

        Args:
            plan: of the rollout.
            name: of the job, or of a service whose image, settings and secrets `command` needs.
            command: in place of its own.
            inside: let it reach the app's containers, and the nodes' own addresses as a browser would.
            seconds: that it may take.

        Raises:
            ClusterError: with its last words.
        """
        file = plan.stack(name)
        ((_, service),) = file["services"].items()
        called = f"{name}-once"
        if command:
            service["command"] = list(command)
        if name not in JOBS:
            _only_once(service)
        if inside:
            service["networks"] = {**service["networks"], "edge": {}, "apps": {}}
            file["networks"] |= plan.stack("nginx")["networks"]
        file["services"] = {called: service}
        self.remove(called)
        try:
            self.deploy(file)
            return self._ended(called, seconds)
        finally:
            self.remove(called)

    def _ended(self, called: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            for task in self._tasks(called):
                if task["CurrentState"].startswith("Complete"):
                    return self.logs(called)
                if _failed(task):
                    said = self.logs(called).strip() or task["Error"]
                    lines = [line.removeprefix("Error: ") for line in said.splitlines()]
                    raise ClusterError(f"{called.removesuffix('-once')}: {lines[-1]}", *lines[:-1][-5:])
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{called.removesuffix('-once')}: has not ended after {seconds:.0f} s; {self.why(called)}"
                )
            time.sleep(_POLL)

    def completed(self, name: str, count: int, seconds: float) -> None:
        """Wait until so many tasks of a service have ended well. Raises ClusterError."""
        deadline = time.monotonic() + seconds
        while True:
            tasks = self._tasks(name)
            if sum(task["CurrentState"].startswith("Complete") for task in tasks) >= count:
                return
            if any(_failed(task) for task in tasks) or time.monotonic() > deadline:
                raise ClusterError(self.why(name))
            time.sleep(_POLL)

    def logs(self, name: str) -> str:
        """What a service has logged last."""
        done = self.docker.run("service", "logs", "--raw", "--tail", "50", f"{self.stack}_{name}", check=False)
        return done.stdout + done.stderr

    def why(self, name: str) -> str:
        """The likeliest reason why a service is not well: what its tasks or its log said last."""
        errors = [task["Error"] for task in self._tasks(name) if task.get("Error")]
        lines = [line.strip() for line in self.logs(name).splitlines() if line.strip()]
        said = next((line for line in reversed(lines) if "Error" in line), lines[-1] if lines else "")
        return ": ".join(filter(None, [errors[0] if errors else "", said[:300]])) or "nothing was logged"

    def remove(self, name: str) -> None:
        """Remove a service and wait until its containers are gone."""
        full = f"{self.stack}_{name}"
        if self.docker.run("service", "rm", full, check=False).returncode == 0:
            deadline = time.monotonic() + 60
            while self.docker.inspect("service", full) and time.monotonic() < deadline:
                time.sleep(_POLL)

    def names(self) -> list[str]:
        """Services of the stack."""
        found = self.docker.text(
            "service", "ls", "--filter", f"label=com.docker.stack.namespace={self.stack}", "--format", "{{.Name}}"
        )
        return [name.removeprefix(f"{self.stack}_") for name in found.splitlines()]

    def _row(self, name: str) -> dict[str, Any]:
        found = self.docker.inspect("service", f"{self.stack}_{name}")
        return found[0] if found else {}

    def _tasks(self, name: str) -> list[dict[str, Any]]:
        done = self.docker.run(
            "service", "ps", "--no-trunc", "--format", "{{json .}}", f"{self.stack}_{name}", check=False
        )
        return [json.loads(line) for line in done.stdout.splitlines() if line]


def _only_once(service: Service) -> None:
    """Run what else serves as a job: one container, to its end, by whose name nobody is led to it."""
    service["deploy"] |= {"replicas": 1, "restart_policy": {"condition": "none"}}
    service.pop("healthcheck", None)
    service["networks"] = {network: {} for network in service["networks"]}


def _failed(task: dict[str, Any]) -> bool:
    return str(task["CurrentState"]).startswith(("Failed", "Rejected"))


def _runs(task: dict[str, Any]) -> bool:
    return task["DesiredState"] == "Running" and str(task["CurrentState"]).startswith("Running")


def _wanted(row: dict[str, Any], tasks: list[dict[str, Any]]) -> int:
    """Of a global service as many as have a task that should run."""
    mode = row.get("Spec", {}).get("Mode", {})
    if "Replicated" in mode:
        return int(mode["Replicated"]["Replicas"])
    return sum(task["DesiredState"] == "Running" for task in tasks)
