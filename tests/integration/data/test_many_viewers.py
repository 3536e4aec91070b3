"""Many viewers, many mixed queries each, at once, on two replicas: nobody gets a row of another's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from integration.data.conftest import Tables, Write
from integration.postgres.server import Server
from support.command import ROOT


@pytest.mark.parametrize(("viewers", "queries"), [(12, 40), pytest.param(50, 200, marks=pytest.mark.drill)])
def test_no_viewer_gets_a_row_of_another(  # noqa: PLR0913, PLR0917 -- fixtures, and how many
    server: Server, write: Write, tables: Tables, tmp_path: Path, viewers: int, queries: int
) -> None:
    write(tables)
    server.superuser(f"""
        INSERT INTO app.note (issuer, subject, body)
        SELECT 'https://id.example', 'user ' || v, 'user ' || v || ' note ' || n
        FROM generate_series(0, {viewers - 1}) AS v, generate_series(1, 4) AS n""")  # noqa: S608 -- numbers
    script = Path(__file__).with_name("replica.py")
    environment = {"PYTHONPATH": f"{ROOT}/app:{ROOT}/tests", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [sys.executable, str(script), str(tmp_path / "secrets.toml"), str(viewers), str(queries)]
    replicas = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    try:
        for replica in replicas:
            out, problems = replica.communicate(timeout=240)
            assert replica.returncode == 0, problems[-3000:]
            seen = json.loads(out)
            assert seen["foreign"] == 0, out
            assert seen["asked"] == viewers * queries
            assert seen["rows"] >= viewers * queries
            assert seen["connections"] <= 10
    finally:
        for replica in replicas:
            replica.kill()
        server.superuser("TRUNCATE app.note RESTART IDENTITY")
