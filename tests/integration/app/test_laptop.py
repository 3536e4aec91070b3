"""The package on an author's own machine: installed by pip from the checkout, under plain `streamlit run`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import venv
from pathlib import Path

import httpx
import pytest
import streamlit
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from support.command import ROOT, run
from support.ports import free_port
from support.waiting import until

SCRIPT = """
import gatehouse
import streamlit as st

person = gatehouse.viewer()
st.text(f"{gatehouse.__file__}: {person.name}, {sorted(person.roles)}, {person.issuer} {person.subject}")
gatehouse.require(role="approver")
st.text("approvals")
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the package in it; what it depends on is borrowed from the tests'."""
    home = tmp_path_factory.mktemp("laptop")
    venv.create(home, with_pip=False)
    python = home / "bin/python"
    (folder,) = home.glob("lib/python3*/site-packages")
    (folder / "borrowed.pth").write_text(str(Path(streamlit.__file__).parents[1]), encoding="utf-8")
    builder = {"PIP_CERT": os.environ.get("BUILD_CA", ""), "PIP_CONFIG_FILE": os.environ.get("BUILD_PIP_CONF", "")}
    own = os.environ | {name: value for name, value in builder.items() if value}
    command: list[str | Path] = ["pip", "--python", python, "install", "--quiet", "--no-deps", "--no-cache-dir", ROOT]
    run(command, env=own, timeout=120)
    return python


async def shown(port: int) -> str:
    """What a new tab shows, once its script has ended."""
    texts: list[str] = []
    async with connect(f"ws://localhost:{port}/_stcore/stream", max_size=None, proxy=None) as websocket:
        hello = BackMsg()
        hello.rerun_script.query_string = ""
        await websocket.send(hello.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(websocket.recv(decode=False), 30))
            if message.WhichOneof("type") == "script_finished":
                return "\n".join(texts)
            if message.WhichOneof("type") == "delta":
                texts.append(str(message.delta.new_element))


@pytest.mark.parametrize("roles", ["approver,staff", ""])
def test_an_app_that_imports_it_runs_as_the_developer_described(python: Path, tmp_path: Path, roles: str) -> None:
    (tmp_path / "main.py").write_text(SCRIPT, encoding="utf-8")
    port = free_port()
    command: list[str | Path] = [
        python,
        "-m",
        "streamlit",
        "run",
        "main.py",
        f"--server.port={port}",
        "--server.headless=true",
    ]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    developer = {"GATEHOUSE_DEV_USER": "Ada Byron <ada@company.com>", "GATEHOUSE_DEV_ROLES": roles}
    with subprocess.Popen(command, cwd=tmp_path, env=clean | developer | {"HOME": str(tmp_path)}) as server:
        try:
            until(lambda: answers(port), 30)
            text = asyncio.run(shown(port))
        finally:
            server.terminate()
    assert f"{python.parents[1]}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/gatehouse" in text
    assert "Ada Byron" in text
    assert "https://localhost ada@company.com" in text
    assert ("approvals" in text) == bool(roles)
    assert ("This is not open to you" in text) != bool(roles)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/_stcore/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False
