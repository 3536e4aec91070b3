"""Compare what is owned with what is there."""

from __future__ import annotations

from typing import Any


def drift(wanted: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """Names of the owned keys whose value differs; a key inside a map is named `outer.inner`.

    Lists are sets to Keycloak: it gives redirect URIs in any order.
    """
    names: list[str] = []
    for key, value in wanted.items():
        there = actual.get(key)
        if isinstance(value, dict):
            names += [f"{key}.{inner}" for inner in drift(value, there or {})]
        elif isinstance(value, list):
            if sorted(value) != sorted(there or []):
                names.append(key)
        elif value != there:
            names.append(key)
    return names


def merged(wanted: dict[str, Any], actual: dict[str, Any]) -> dict[str, Any]:
    """What is there, with the owned keys at their wanted values."""
    result = dict(actual)
    for key, value in wanted.items():
        result[key] = merged(value, actual.get(key) or {}) if isinstance(value, dict) else value
    return result
