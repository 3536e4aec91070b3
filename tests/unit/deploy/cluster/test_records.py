from __future__ import annotations

import pytest

from deploy.cluster.errors import ClusterError
from deploy.cluster.records import Record, before, latest, table


def record(number: int, ended: str, cause: str = "", who: str = "ann") -> Record:
    return Record(number, "deploy", f"abc{number}", who, "2026-01-01 10:00:00 UTC", {}, {}, {}, ended, cause)


def test_back_is_to_the_last_that_served() -> None:
    there = [record(1, "done"), record(2, "done"), record(3, "failed"), record(4, "done")]
    assert before(there, "v4").number == 2
    assert before(there, "v2").number == 1


def test_an_interrupted_one_that_serves_counts() -> None:
    assert before([record(1, "done"), record(2, "")], "v2").number == 1


def test_what_is_on_the_cluster_is_told_by_the_last_good_end() -> None:
    assert latest([]) is None
    assert latest([record(1, "failed")]) == record(1, "failed")
    assert latest([record(1, "done"), record(2, "failed")]) == record(1, "done")


@pytest.mark.parametrize("serving", ["v1", ""])
def test_before_the_first_there_is_none(serving: str) -> None:
    with pytest.raises(ClusterError, match="there is no version before this one"):
        before([record(1, "done"), record(2, "failed")], serving)


def test_history_says_who_what_and_how_it_ended_newest_first() -> None:
    lines = table(
        [record(1, "done"), record(2, "failed", "app-v2: ends"), record(3, "", who="eve\x1b[2J")]
    ).splitlines()
    assert [line.split()[0] for line in lines] == ["VERSION", "v3", "v2", "v1"]
    assert "interrupted, or at work" in lines[1]
    assert lines[2].endswith("app-v2: ends")
    assert "\x1b" not in "".join(lines)
