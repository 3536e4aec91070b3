"""What each container may do, and what its image holds beside the service (CIS Docker Benchmark, sections 4 and 5)."""

from __future__ import annotations

from typing import Any

import pytest

from support.command import run
from support.stack import Stack

# They write files for other users' services: the one matter that takes root here, and these three capabilities of it.
ROOT_SERVICES = {"prepare", "renew"}
ROOT_CAPABILITIES = {"CHOWN", "DAC_OVERRIDE", "FOWNER"}

# Each line that this prints is a thing that an image should not hold.
_LEFTOVERS = r"""
find / -xdev -type f -perm /6000
find / -xdev -type d \( -name .git -o -name .pytest_cache -o -name .mypy_cache \)
find /opt/gatehouse /srv/app -type d \( -name tests -o -name test \) 2>/dev/null
find /root /home -mindepth 1 -type f -path '*/.cache/*' 2>/dev/null
find /var/lib/apt/lists /var/cache/apt -type f ! -name lock 2>/dev/null
for tool in gcc cc g++ clang make ld git pip pip3 mvn javac curl wget docker sudo; do command -v "$tool" || true; done
for package in pip ensurepip pytest; do python3 -c "import $package" 2>/dev/null && echo "Python's $package"; done
find / -xdev \( -name 'secrets.toml' -o -name '*.pem' -path '/opt/*' -o -name '*.key' \) -type f 2>/dev/null
"""
# The lists of certificate authorities that Python packages bring are no secrets.
_ALLOWED = ("/certifi/cacert.pem", "/botocore/cacert.pem")


@pytest.fixture(scope="module")
def containers(stack: Stack) -> dict[str, dict[str, Any]]:
    return {found["Config"]["Labels"]["com.docker.compose.service"]: found for found in stack.containers()}


def test_every_service_of_the_stack_is_looked_at(stack: Stack, containers: dict[str, dict[str, Any]]) -> None:
    assert sorted(containers) == stack.services()


def test_users(containers: dict[str, dict[str, Any]]) -> None:
    as_root = {name for name, found in containers.items() if found["Config"]["User"].split(":")[0] in {"", "0", "root"}}
    assert as_root == ROOT_SERVICES


def test_capabilities(containers: dict[str, dict[str, Any]]) -> None:
    for name, found in containers.items():
        host = found["HostConfig"]
        added = {capability.removeprefix("CAP_") for capability in host["CapAdd"] or []}
        assert host["CapDrop"] == ["ALL"], name
        assert added == (ROOT_CAPABILITIES if name in ROOT_SERVICES else set()), name
        assert not host["Privileged"], name
        assert not host["Devices"], name


def test_no_new_privileges_and_default_confinement(containers: dict[str, dict[str, Any]]) -> None:
    for name, found in containers.items():
        options = found["HostConfig"]["SecurityOpt"]
        assert "no-new-privileges:true" in options, name
        assert not [option for option in options if "unconfined" in option], name


def test_root_file_system_is_read_only_and_what_is_writable_is_bounded(containers: dict[str, dict[str, Any]]) -> None:
    for name, found in containers.items():
        assert found["HostConfig"]["ReadonlyRootfs"], name
        for target, options in (found["HostConfig"]["Tmpfs"] or {}).items():
            assert "size=" in options, f"{name}: {target}"


def test_limits(containers: dict[str, dict[str, Any]]) -> None:
    for name, found in containers.items():
        host = found["HostConfig"]
        assert 0 < host["PidsLimit"] <= 4096, name
        assert 0 < host["Memory"] <= 2 * 1024**3, name
        core = [limit for limit in host["Ulimits"] or [] if limit["Name"] == "core"]
        assert core, name
        assert core[0]["Hard"] == 0, name


def test_logs_are_bounded(containers: dict[str, dict[str, Any]]) -> None:
    for name, found in containers.items():
        options = found["HostConfig"]["LogConfig"]["Config"]
        assert options.get("max-size"), name
        assert int(options.get("max-file", "0")) >= 1, name


def test_health_is_known_of_all_that_keeps_running(containers: dict[str, dict[str, Any]]) -> None:
    for name, found in containers.items():
        if found["State"]["Running"]:
            assert found["State"]["Health"]["Status"] == "healthy", name
        else:
            assert found["State"]["ExitCode"] == 0, name
            assert found["HostConfig"]["RestartPolicy"]["Name"] in {"no", ""}, name


def test_mounts(stack: Stack, containers: dict[str, dict[str, Any]]) -> None:
    whole_tree = str(stack.secrets)
    for name, found in containers.items():
        for mount in found["Mounts"]:
            assert "docker" not in mount["Destination"], name
            if mount["Type"] != "bind":
                continue
            if mount["Destination"] == "/run/secrets":
                assert not mount["RW"], name
                assert mount["Source"] == f"{whole_tree}/{name}", name
            elif mount["Source"] == whole_tree:
                assert name in ROOT_SERVICES
            elif mount["RW"]:
                assert (name, mount["Destination"]) == ("reconcile", "/run/demo")


def test_images_hold_nothing_but_their_service(containers: dict[str, dict[str, Any]]) -> None:
    faults = {}
    for image in sorted({found["Config"]["Image"] for found in containers.values()}):
        look = ["docker", "run", "--rm", "--network", "none", "--user", "0:0", "--entrypoint", "bash", image]
        found = run([*look, "-c", _LEFTOVERS], check=False, timeout=120).stdout.splitlines()
        left = [line for line in found if not line.endswith(_ALLOWED)]
        if left:
            faults[image] = left
    assert not faults


def test_images_name_a_user_that_is_not_root(containers: dict[str, dict[str, Any]]) -> None:
    for image in sorted({found["Config"]["Image"] for found in containers.values()}):
        user = run(["docker", "image", "inspect", "--format", "{{.Config.User}}", image]).stdout.strip()
        assert user.split(":")[0] not in {"", "0", "root"}, image
