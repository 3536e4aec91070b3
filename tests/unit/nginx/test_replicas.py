"""The upstreams that nginx gets of the app's replicas, by what each says of itself."""

from __future__ import annotations

import re
from hashlib import sha256

from support.command import ROOT, run

OLD, NEW = "10.0.0.1", "10.0.0.2"


def mark(address: str) -> str:
    return sha256(address.encode()).hexdigest()[:16]


def upstreams(*replicas: str) -> dict[str, list[str]]:
    """Of each upstream its servers, in order; those that only stand in marked by a +."""
    # All of the script but its last line, which runs a word.
    script = f"source <(sed '$d' '{ROOT}/nginx/replicas.sh'); render \"$@\""
    text = run(["bash", "-c", script, "test", *replicas]).stdout
    found = re.findall(r"upstream (\S+) \{\n(.*?)\}", text, re.DOTALL)
    return {
        name: [
            address + ("+" if "backup" in rest else "")
            for address, rest in re.findall(r"server ([\d.]+):8501(.*);", body)
        ]
        for name, body in found
    }


def test_nobody_new_gets_to_a_version_that_waits_or_drains() -> None:
    found = upstreams(f"{OLD}=ok", f"{NEW}=aside")
    assert found["app_any"] == [OLD]
    assert found[f"app_{mark(OLD)}"] == [OLD]


def test_who_is_marked_for_it_does_and_falls_back_to_one_that_serves() -> None:
    assert upstreams(f"{OLD}=aside", f"{NEW}=ok")[f"app_{mark(OLD)}"] == [OLD, f"{NEW}+"]


def test_where_none_serves_those_aside_are_better_than_nobody() -> None:
    assert upstreams(f"{OLD}=aside")["app_any"] == [OLD]


def test_equals_stand_in_for_each_other() -> None:
    found = upstreams(f"{OLD}=ok", f"{NEW}=ok")
    assert found["app_any"] == [OLD, NEW]
    assert found[f"app_{mark(NEW)}"] == [NEW, f"{OLD}+"]
