"""Call the functions of deploy/engine's scripts, in a copy of the checkout that a test may spoil."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from subprocess import CompletedProcess

from support.command import ROOT, run

LIBRARIES = ("messages", "settings", "docker", "apt", "preflight", "services", "images", "code")

_SETTINGS = (
    *("DOMAIN", "PORT", "HTTP_PORT", "BIND", "APP", "APP_SCRIPT", "SECRETS", "TAG"),
    *("EGRESS", "HTTPS_PROXY", "HTTP_PROXY"),
)


class Shell:
    """A copy of what the scripts read, and a shell in it that has sourced them."""

    def __init__(self, directory: Path) -> None:
        """Args: directory: empty; becomes the checkout."""
        self.directory = directory
        shutil.copytree(ROOT / "deploy" / "engine", directory / "deploy" / "engine")
        shutil.copy(ROOT / "compose.yaml", directory)
        (directory / "nginx").mkdir()
        shutil.copy(ROOT / "nginx" / "limits.sh", directory / "nginx")
        app = directory / "app" / "desk"
        app.mkdir(parents=True)
        (app / "main.py").touch()

    def __call__(self, script: str, **settings: str) -> CompletedProcess[str]:
        """Run `script` with only `settings` in its environment; its exit code is not checked."""
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in _SETTINGS and not key.startswith(("COMPOSE_", "BUILD_"))
        }
        sources = "".join(f"source deploy/engine/{name}.sh\n" for name in LIBRARIES)
        options = "set -o errexit -o nounset -o pipefail\n"
        return run(
            ["bash", "-c", options + sources + script], check=False, env=environment | settings, cwd=self.directory
        )
