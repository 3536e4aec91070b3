"""The engine's own client, pointed at one context; what fails for want of a connection is tried again."""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import Any

from deploy.cluster.errors import ClusterError

# A manager that restarts, or a cluster that elects a leader.
_TRANSIENT = re.compile(
    r"(?i)cannot connect to the docker daemon|error during connect|connection (refused|reset)|no route to host"
    r"|i/o timeout|does not have a leader|context deadline exceeded|EOF|has no leader|not a swarm manager|Unavailable"
)


class Docker:
    """`docker --context NAME`; an empty name is the engine of this machine."""

    def __init__(self, context: str = "", *, patience: float = 0) -> None:
        """Args: patience: seconds for which a lost connection is tried again."""
        self.context = context
        self.patience = patience

    def run(self, *words: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command. Raises ClusterError with its last line if it fails, unless `check` is off."""
        command = ["docker", *(["--context", self.context] if self.context else []), *words]
        deadline = time.monotonic() + self.patience
        while True:
            done = subprocess.run(command, check=False, capture_output=True, text=True, input=stdin)  # noqa: S603
            if done.returncode == 0 or not _TRANSIENT.search(done.stderr) or time.monotonic() > deadline:
                break
            time.sleep(2)
        if check and done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
            raise ClusterError(f"docker {' '.join(words[:2])}: {said}")
        return done

    def text(self, *words: str, stdin: str | None = None) -> str:
        """What a command prints. Raises ClusterError."""
        return self.run(*words, stdin=stdin).stdout.strip()

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """The rows of a listing. Raises ClusterError."""
        return [json.loads(line) for line in self.text(*words, "--format", "{{json .}}").splitlines() if line]

    def inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        """What is known of things; those that are not there are left out."""
        if not names:
            return []
        found = self.run(kind, "inspect", *names, check=False).stdout
        return list(json.loads(found)) if found.strip() else []


def send_images(images: list[str], target: Docker) -> None:
    """Bring images of this machine's engine to another engine. Raises ClusterError."""
    save = subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE)  # noqa: S603, S607
    load = subprocess.run(  # noqa: S603
        ["docker", "--context", target.context, "load", "--quiet"],  # noqa: S607
        check=False,
        stdin=save.stdout,
        capture_output=True,
        text=True,
    )
    if save.wait() != 0 or load.returncode != 0:
        raise ClusterError(
            f"images could not be brought to {target.context}: {load.stderr.strip() or 'docker save failed'}"
        )
