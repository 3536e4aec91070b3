"""The upstreams that nginx gets of the app's replicas, by what each says of itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import pytest

from support.command import ROOT, run

Upstreams: TypeAlias = Callable[..., dict[str, list[str]]]

OLD, NEW = "10.0.0.1", "10.0.0.2"


def mark(address: str) -> str:
    return sha256(address.encode()).hexdigest()[:16]


@pytest.fixture
def upstreams(tmp_path: Path) -> Upstreams:
    """Of each upstream its servers, in order; those that only stand in marked by a +."""
    folder = shutil.copytree(ROOT / "nginx", tmp_path / "nginx")
    script = folder / "replicas.sh"
    # All of it but its last line, which runs a word.
    script.write_text(script.read_text(encoding="utf-8").rstrip().rpartition("\n")[0], encoding="utf-8")
    return lambda *replicas: _rendered(run(["bash", "-c", 'source "$0"; render "$@"', script, *replicas]).stdout)


def _rendered(text: str) -> dict[str, list[str]]:
    found = re.findall(r"upstream (\S+) \{\n(.*?)\}", text, re.DOTALL)
    return {
        name: [
            address + ("+" if "backup" in rest else "")
            for address, rest in re.findall(r"server ([\d.]+):8501(.*);", body)
        ]
        for name, body in found
    }


def test_nobody_new_gets_to_a_version_that_waits_or_drains(upstreams: Upstreams) -> None:
    found = upstreams(f"{OLD}=ok", f"{NEW}=aside")
    assert found["app_any"] == [OLD]
    assert found[f"app_{mark(OLD)}"] == [OLD]


def test_who_is_marked_for_it_does_and_falls_back_to_one_that_serves(upstreams: Upstreams) -> None:
    assert upstreams(f"{OLD}=aside", f"{NEW}=ok")[f"app_{mark(OLD)}"] == [OLD, f"{NEW}+"]


def test_where_none_serves_those_aside_are_better_than_nobody(upstreams: Upstreams) -> None:
    assert upstreams(f"{OLD}=aside")["app_any"] == [OLD]


def test_equals_stand_in_for_each_other(upstreams: Upstreams) -> None:
    found = upstreams(f"{OLD}=ok", f"{NEW}=ok")
    assert found["app_any"] == [OLD, NEW]
    assert found[f"app_{mark(NEW)}"] == [NEW, f"{OLD}+"]
