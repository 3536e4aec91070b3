"""A bare Debian 12 machine for the drills: a privileged container with git, make and a shell, and a checkout in it."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

from support.command import ROOT, run

IMAGE = "gatehouse-test-bare:bookworm"

_BUILD = r"""
apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends mmdebstrap >/dev/null
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  sed --quiet --regexp-extended 's/^URIs: *//p; s/^deb (\[.*\] )?([^ ]+) .*/\2/p' | sed --quiet 1p)
mmdebstrap --quiet --variant=minbase --include=ca-certificates,git,make bookworm /bare.tar "deb $mirror bookworm main"
"""


def build_image() -> None:
    """Build IMAGE from Debian's packages; kept from run to run."""
    if run(["docker", "image", "inspect", IMAGE], check=False).returncode == 0:
        return
    builder = f"{IMAGE.split(':', maxsplit=1)[0]}-builder"
    run(["docker", "rm", "--force", builder], check=False)
    try:
        # mmdebstrap mounts /proc in what it makes.
        run(
            ["docker", "run", "--privileged", "--name", builder, "gatehouse-base:trixie", "bash", "-ec", _BUILD],
            timeout=600,
        )
        pipe = f"set -o pipefail; docker cp {builder}:/bare.tar - | tar --extract --to-stdout | docker import - {IMAGE}"
        run(["bash", "-c", pipe], timeout=120)
    finally:
        run(["docker", "rm", "--force", "--volumes", builder], check=False)


class Machine:
    """One such machine. Its engine is its own: nothing of it reaches the host's."""

    def __init__(self, project: str, *options: str) -> None:
        """Start it. `project` is the label by which the sweep of killed runs finds it; `options` are docker run's."""
        labels = {"com.docker.compose.project": project, "com.docker.compose.project.working_dir": str(ROOT)}
        settings = [
            "--privileged",
            "--workdir=/gatehouse",
            *(f"--label={key}={value}" for key, value in labels.items()),
        ]
        # sleep waits for no child: a killed daemon stays as a zombie, as under many a minimal init.
        command = [IMAGE, "sleep", "infinity"]
        self.id = run(["docker", "run", "--detach", *settings, *options, *command]).stdout.strip()
        for name in ("Makefile", "compose.yaml", "Dockerfile", "app", "deploy"):
            self.copy(ROOT / name, f"/gatehouse/{name}")

    def run(self, *command: str, check: bool = True, user: str = "root", timeout: float = 300) -> CompletedProcess[str]:
        """Run `command` in the checkout."""
        return run(
            ["docker", "exec", "--user", user, "--workdir", "/gatehouse", self.id, *command],
            check=check,
            timeout=timeout,
        )

    def shell(self, script: str, *, check: bool = True) -> str:
        """Run `script` and return what it printed."""
        return self.run("bash", "-c", script, check=check).stdout.strip()

    def copy(self, source: Path, target: str) -> None:
        """Copy a file or folder of this machine's into it."""
        run(["docker", "cp", "--quiet", str(source), f"{self.id}:{target}"])

    def remove(self) -> None:
        """End it, with all it holds."""
        run(["docker", "rm", "--force", "--volumes", self.id], check=False, timeout=120)
