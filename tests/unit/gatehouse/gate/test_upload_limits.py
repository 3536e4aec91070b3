from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatehouse import container
from gatehouse.gate.upload_limits import MEBIBYTE, UploadLimits
from gatehouse.settings import Settings, SettingsError, StartError, settings

GIBIBYTE = 1024 * MEBIBYTE


def megabytes(limits: UploadLimits) -> tuple[int, int, int]:
    return limits.session // MEBIBYTE, limits.user // MEBIBYTE, limits.process // MEBIBYTE


def test_all_follows_from_memory() -> None:
    assert megabytes(UploadLimits.of(Settings(), GIBIBYTE)) == (200, 204, 409)
    assert megabytes(UploadLimits.of(Settings(), 4 * GIBIBYTE)) == (409, 819, 1638)
    assert megabytes(UploadLimits.of(Settings(max_upload_mb=10), GIBIBYTE)) == (102, 204, 409)


def test_what_is_set_holds_but_one_file_always_fits() -> None:
    assert megabytes(UploadLimits.of(Settings(max_upload_mb=10, max_held_mb=50), GIBIBYTE)) == (50, 100, 409)
    assert megabytes(UploadLimits.of(Settings(max_upload_mb=100, max_held_mb=50), GIBIBYTE)) == (100, 200, 409)
    limits = UploadLimits.of(Settings(max_held_files=3), GIBIBYTE)
    assert (limits.session_files, limits.user_files) == (3, 6)


@pytest.mark.parametrize("given", [{"max_upload_mb": 500}, {"max_held_mb": 500}])
def test_what_does_not_fit_stops_the_start_and_says_what_would(given: dict[str, int]) -> None:
    with pytest.raises(StartError) as caught:
        UploadLimits.of(Settings.model_validate(given), GIBIBYTE)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{next(iter(given)).upper()}=500: uploads have 409 MB")
    assert "APP_MEMORY at least 1250m" in problem
    UploadLimits.of(Settings.model_validate(given), 1250 * MEBIBYTE)


@pytest.mark.parametrize(("name", "value"), [("MAX_HELD_MB", "0"), ("MAX_HELD_FILES", "0"), ("MAX_HELD_FILES", "x")])
def test_wrong_setting_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings()
    assert str(caught.value).startswith(f"{name}={value}: ")


@pytest.mark.parametrize(
    ("text", "expected"), [("1073741824\n", GIBIBYTE), ("max\n", None), (f"{2**63 - 4096}\n", None)]
)
def test_memory_is_the_containers_or_the_machines(
    text: str, expected: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = 8 * GIBIBYTE
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": machine // 4096}.__getitem__)
    file = tmp_path / "limit"
    file.write_text(text, encoding="ascii")
    monkeypatch.setattr(container, "_LIMITS", (tmp_path / "missing", file))
    assert container.memory_bytes() == (expected or machine)
    monkeypatch.setattr(container, "_LIMITS", (tmp_path / "missing",))
    assert container.memory_bytes() == machine
