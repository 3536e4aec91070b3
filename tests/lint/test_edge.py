"""nginx's configuration and the Compose files, as linters of their own kind judge them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import ROOT, run
from support.stack import Stack

# What gixy looks for and is left out, with the reason.
GIXY_LEFT_OUT = {
    "ssl_ecdh_curve": "the group is known to trixie's OpenSSL 3.5, and a test negotiates it",
    "try_files_is_evil_too": "where many are asked for there is a cache of descriptors (nginx/app.conf)",
    "worker_rlimit_nofile_vs_connections": "the engine gives a container a million descriptors",
}


def test_gixy(parts: Stack, run_folder: Path) -> None:
    parts.job("prepare")
    # All files as nginx reads them at start, names and ports filled in.
    dump = run_folder / "nginx.conf"
    dump.write_text(parts.job("nginx", "nginx", "-T").stdout, encoding="utf-8")
    said = run(["gixy", "--skips", ",".join(GIXY_LEFT_OUT), dump], check=False)
    assert said.returncode == 0, said.stdout
    assert "No issues found" in said.stdout


def test_gixy_finds_a_fault(run_folder: Path) -> None:
    faulty = run_folder / "faulty.conf"
    faulty.write_text("http { server { location / { return 301 https://$host$uri; } } }", encoding="utf-8")
    assert run(["gixy", "--skips", ",".join(GIXY_LEFT_OUT), faulty], check=False).returncode == 1


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/engine/dev.yaml", "tests/performance/compose.yaml"])
def test_dclint(file: str) -> None:
    # Rules that are off, and why: .dclintrc.yaml.
    run(["/opt/node/node_modules/.bin/dclint", "--config", ROOT / ".dclintrc.yaml", "--max-warnings", "0", file])
