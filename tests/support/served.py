"""A container that serves an author's folder, in a project where nothing but Postgres runs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from support.command import ROOT, run
from support.stack import Stack
from support.waiting import until

SESSION = (ROOT / "tests/integration/app/session.py").read_text(encoding="utf-8")
"""A browser tab's part, to be run inside the container."""


class Served:
    """One such container."""

    def __init__(self, name: str) -> None:
        """Args: name: of the container."""
        self.name = name

    def health(self) -> tuple[int, str]:
        """What its health check says: 0 and nothing while it is well."""
        result = self.exec("python", "-m", "gatehouse.health")
        return result.returncode, result.stderr.strip()

    def session(self, query: str = "", cookie: int = 0) -> str:
        """What a signed-in person's new tab shows, once its script has ended. `cookie`: bytes of padding."""
        return run(
            ["docker", "exec", "--interactive", self.name, "python", "-", query, "0", str(cookie)], stdin=SESSION
        ).stdout

    def exec(self, *command: str) -> CompletedProcess[str]:
        """Run `command` in it."""
        return run(["docker", "exec", self.name, *command], check=False)

    def logs(self) -> str:
        """All that it has logged."""
        result = run(["docker", "logs", self.name])
        return result.stdout + result.stderr

    def lines(self) -> list[dict[str, Any]]:
        """The same, line by line."""
        return [json.loads(line) for line in self.logs().splitlines()]


@contextmanager
def served(
    stack: Stack, folder: Path | None, *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve `folder`, or what the image holds, with `docker compose run`'s options; `settings` as in .env."""
    name = f"{stack.project}-{secrets.token_hex(4)}"
    mounted = ["--volume", f"{folder}:/srv/app:ro"] if folder else []
    if folder:
        (folder / "data").mkdir(exist_ok=True)  # where the volume is mounted
    stack.compose("run", "--detach", "--no-deps", "--name", name, *mounted, *options, "app", settings=settings)
    try:
        app = Served(name)
        until(lambda: app.health()[0] == 0, 40)
        yield app
    finally:
        run(["docker", "rm", "--force", "--volumes", name])


def refused(stack: Stack, *options: str, settings: Mapping[str, str] | None = None) -> str:
    """The one line with which a container, started with these options, does not."""
    result = stack.compose("run", "--rm", "--no-deps", "--no-TTY", *options, "app", check=False, settings=settings)
    lines = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith("Error: ")]
    assert result.returncode == 1
    assert len(lines) == 1
    return lines[0].removeprefix("Error: ")
