"""Only what is owned is compared, and only that is changed."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.keycloak.drift import drift, merged


@pytest.mark.parametrize(
    ("wanted", "actual", "names"),
    [
        ({}, {"theirs": 1}, []),
        ({"a": 1}, {"a": 1, "theirs": 2}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": False}, {}, ["a"]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, []),
        ({"a": ["x"]}, {"a": ["x", "y"]}, ["a"]),
        ({"a": []}, {}, []),
        ({"a": {"b": "1", "c": "2"}}, {"a": {"b": "1", "theirs": "3"}}, ["a.c"]),
        ({"a": {"b": "1"}}, {"a": None}, ["a.b"]),
    ],
)
def test_owned_keys_that_differ_are_named(wanted: dict[str, Any], actual: dict[str, Any], names: list[str]) -> None:
    assert drift(wanted, actual) == names


def test_merging_keeps_what_is_not_owned_and_changes_no_argument() -> None:
    actual = {"a": {"b": "old", "theirs": "1"}, "list": ["theirs"], "more": True}
    wanted = {"a": {"b": "new"}, "list": ["ours"]}
    result = merged(wanted, actual)
    assert result == {"a": {"b": "new", "theirs": "1"}, "list": ["ours"], "more": True}
    assert actual["a"] == {"b": "old", "theirs": "1"}
    assert drift(wanted, result) == []
