"""Fifty viewers, two hundred mixed queries each, at once, on two replicas: nobody gets a row of another's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from integration.data.conftest import Tables, Write
from integration.postgres.server import Server
from support.command import ROOT

VIEWERS, QUERIES = 50, 200


def test_no_viewer_gets_a_row_of_another(server: Server, write: Write, tables: Tables, tmp_path: Path) -> None:
    write(tables)
    server.superuser(f"""
        INSERT INTO app.note (issuer, subject, body)
        SELECT 'https://id.example', 'user ' || v, 'user ' || v || ' note ' || n
        FROM generate_series(0, {VIEWERS - 1}) AS v, generate_series(1, 4) AS n""")  # noqa: S608 -- constants
    script = Path(__file__).with_name("replica.py")
    environment = {"PYTHONPATH": f"{ROOT}/app:{ROOT}/tests", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [sys.executable, str(script), str(tmp_path / "secrets.toml"), str(VIEWERS), str(QUERIES)]
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
            assert seen["asked"] == VIEWERS * QUERIES
            assert seen["rows"] >= VIEWERS * QUERIES
            assert seen["connections"] <= 10
    finally:
        for replica in replicas:
            replica.kill()
        server.superuser("TRUNCATE app.note RESTART IDENTITY")
