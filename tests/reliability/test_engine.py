"""A bare machine gets an engine and a base; a dead engine is started again; a working one is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.machine import Machine, build_image

pytestmark = pytest.mark.drill

ENGINE = "deploy/engine/engine.sh"
BASE = "deploy/engine/base.sh"
PID_FILE = "/run/docker.pid"
DATA = "--volume=/var/lib/docker"  # overlayfs cannot lie on overlayfs


@pytest.fixture(scope="module")
def project(run_folder: Path) -> str:
    build_image()
    return f"gatehouse-test-{run_folder.name}-engine"


@pytest.fixture(scope="module")
def installed(project: str) -> Iterator[Machine]:
    machine = Machine(project, DATA)
    try:
        machine.run(ENGINE)
        yield machine
    finally:
        machine.remove()


@pytest.fixture
def bare(project: str) -> Iterator[Machine]:
    machine = Machine(project, DATA)
    try:
        yield machine
    finally:
        machine.remove()


def answers(machine: Machine) -> bool:
    return machine.run("docker", "info", check=False).returncode == 0


def test_bare_machine_gets_engine_compose_and_buildx(installed: Machine) -> None:
    assert answers(installed)
    assert installed.shell("docker compose version --short").startswith("2.")
    assert installed.run("docker", "buildx", "version").returncode == 0


def test_nothing_else_of_the_machine_comes_from_the_newer_release(installed: Machine) -> None:
    from_trixie = installed.shell(
        "dpkg-query --show --showformat='${Package} ${Version}\\n' | while read -r name version; do "
        'apt-cache policy $name | grep --after-context=1 --fixed-strings "*** $version" | grep --quiet trixie '
        "&& echo $name; done; true"
    )
    assert set(from_trixie.split()) <= {"docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd"}


def test_client_alone_is_no_engine(bare: Machine) -> None:
    client = shutil.which("docker")
    assert client
    bare.copy(Path(client).resolve(), "/usr/local/bin/docker")
    assert not answers(bare)
    bare.run(ENGINE)
    assert answers(bare)
    assert bare.run("docker", "compose", "version").returncode == 0


def test_without_root_it_says_what_to_install_and_changes_nothing(bare: Machine) -> None:
    bare.run("useradd", "ann")
    before = bare.shell("dpkg-query --list")
    refused = bare.run(ENGINE, check=False, user="ann")
    assert refused.returncode == 1
    assert refused.stdout == ""
    (line,) = refused.stderr.strip().splitlines()
    for package in ("docker.io", "docker-cli", "docker-compose", "docker-buildx"):
        assert package in line
    assert bare.shell("dpkg-query --list") == before


def test_working_engine_is_left_alone(installed: Machine) -> None:
    installed.shell("touch /marker")
    assert installed.run(ENGINE).stdout == ""
    changed = installed.shell(
        "find / -xdev -newer /marker -type f -not -path '/proc/*' -not -path '/sys/*' -not -path '/run/docker/*'"
    )
    assert changed == ""


@pytest.mark.parametrize("holder", ["zombie", "stranger", "nobody"])
def test_killed_engine_starts_again_whoever_has_its_pid(installed: Machine, holder: str) -> None:
    """Its containers that are meant to come back do, too."""
    installed.run(BASE, timeout=600)
    installed.shell(
        "docker rm --force back; docker run --detach --restart=always --name=back gatehouse-base:trixie sleep infinity"
    )
    installed.shell(f"kill -9 $(cat {PID_FILE}) $(cat /run/docker/containerd/containerd.pid)")
    assert not answers(installed)
    if holder == "stranger":
        installed.shell(f"sleep infinity & echo -n $! > {PID_FILE}")
    elif holder == "nobody":
        installed.shell(f"echo -n 4194303 > {PID_FILE}")
    else:
        assert "zombie" in installed.shell(f"cat /proc/$(cat {PID_FILE})/status")
    assert installed.shell("ls /run/docker.sock") == "/run/docker.sock"
    installed.run(ENGINE)
    assert answers(installed)
    installed.shell("timeout 30 bash -c 'until docker exec back true; do sleep 0.2; done'")


def test_base_that_was_killed_half_way_is_not_taken_for_whole(installed: Machine) -> None:
    installed.shell("docker ps --all --quiet | xargs --no-run-if-empty docker rm --force")
    installed.run("docker", "rmi", "gatehouse-base:trixie", check=False)
    installed.shell(
        f"setsid {BASE} & base=$!; "
        "while sleep 0.02; do kill -0 $base || exit 1; "
        # its tar runs: the archive is on its way
        "grep --quiet --no-messages --null-data -e --format=pax /proc/[0-9]*/cmdline && break; done; "
        "kill -9 -$base"
    )
    assert installed.shell("docker images --quiet gatehouse-base:trixie") == ""
    installed.run(BASE, timeout=600)
    assert (
        installed.shell("docker run --rm gatehouse-base:trixie sh -c '. /etc/os-release; echo $VERSION_CODENAME'")
        == "trixie"
    )
    kept = installed.shell("docker images --quiet gatehouse-base:trixie")
    assert installed.run(BASE).stdout == ""
    assert installed.shell("docker images --quiet gatehouse-base:trixie") == kept
    assert installed.shell("ls -d /var/cache/gatehouse /tmp/mmdebstrap*; true") == ""


def test_preflight_names_all_that_is_in_the_way_and_changes_nothing(project: str, run_folder: Path) -> None:
    """No network, a small disk, little memory and a taken port, on a machine without an engine."""
    memory = run_folder / "meminfo"
    memory.write_text("MemTotal: 2000000 kB\nMemAvailable: 1500000 kB\n", encoding="utf-8")
    machine = Machine(
        project, "--network=none", "--tmpfs=/var/lib/docker:size=1g", f"--volume={memory}:/proc/meminfo:ro"
    )
    try:
        listen = (
            "$s = IO::Socket::INET->new(LocalAddr => '127.0.0.1:8443', Listen => 1) or die;"
            "print qq(ready\\n); close STDOUT; sleep"
        )
        machine.run("bash", "-c", 'read -r < <(exec perl -MIO::Socket::INET -e "$0")', listen)
        before = machine.shell("dpkg-query --list; ls -R /etc /gatehouse /var/lib")
        refused = machine.run("make", "up", check=False)
        assert refused.returncode != 0
        assert "PORT=8443 is taken by perl; stop it, or set PORT to a free port" in refused.stderr
        assert "/var/lib/docker has 1 GB free; a first start needs 8" in refused.stderr
        assert "1 GB of memory are free; a first start needs 3" in refused.stderr
        assert "no network" in refused.stderr
        assert "Nothing was changed" in refused.stderr
        assert machine.shell("dpkg-query --list; ls -R /etc /gatehouse /var/lib") == before
    finally:
        machine.remove()
