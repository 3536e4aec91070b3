"""Sizes follow from the container's memory and from the logins' limits; too little stops the start."""

from __future__ import annotations

import pytest

from integration.postgres.server import Server

NAMES = "max_connections", "shared_buffers", "work_mem", "maintenance_work_mem", "effective_cache_size", "max_wal_size"


def shown(server: Server) -> dict[str, str]:
    return {name: server.superuser(f"SHOW {name}", "postgres") for name in NAMES}


def test_by_default_all_connections_fit(server: Server) -> None:
    assert shown(server) == {
        "max_connections": "125",
        "shared_buffers": "128MB",
        "work_mem": "4MB",
        "maintenance_work_mem": "32MB",
        "effective_cache_size": "384MB",
        "max_wal_size": "1GB",
    }
    allowed = server.superuser("SELECT sum(rolconnlimit) FROM pg_roles WHERE rolconnlimit > 0", "postgres")
    assert int(allowed) + 8 == 125


def test_too_little_stops_the_start_and_more_is_used(spare: Server) -> None:
    spare.memory = "300m"
    said = spare.refused()
    assert said == "Error: POSTGRES_MEMORY: 300 MB are too few for 125 connections; set it to 408m or more\n"
    assert spare.volume("ls") == ""
    spare.memory = "2g"
    spare.start()
    assert shown(spare) == {
        "max_connections": "125",
        "shared_buffers": "512MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "128MB",
        "effective_cache_size": "1536MB",
        "max_wal_size": "4GB",
    }
    assert "sized for 2048 MB: max_connections=125 shared_buffers=512MB " in spare.logs()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"memory.max": "max"}, None),
        ({"memory.max": str(512 << 20)}, "512"),
        ({"memory/memory.limit_in_bytes": str(256 << 20)}, "256"),
        ({"memory/memory.limit_in_bytes": str((1 << 63) - 4096)}, None),
        ({}, None),
    ],
)
def test_either_version_of_control_groups(server: Server, files: dict[str, str], expected: str | None) -> None:
    groups = "rm -rf /tmp/groups; mkdir -p /tmp/groups/memory; " + "".join(
        f"echo {text} >/tmp/groups/{name}; " for name, text in files.items()
    )
    machine = "awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo"
    asks = "source /etc/gatehouse/postgres/container_memory.sh; memory_mb /tmp/groups"
    found, whole = server.shell(f"{groups}{asks}; echo; {machine}").stdout.split()
    assert found == (expected or whole)
