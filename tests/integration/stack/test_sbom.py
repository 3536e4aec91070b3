"""The lists of what the real images hold, against what the images say themselves."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from support.command import ROOT, run

TAG = os.environ.get("TAG", "local")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("sbom")
    run([ROOT / "deploy/engine/sbom.sh", found], timeout=300)
    return found


def listed(folder: Path, image: str, kind: str) -> set[str]:
    """Name and version of each package of a kind: deb, pypi, maven."""
    rows: list[dict[str, Any]] = json.loads((folder / f"{image}.cdx.json").read_text(encoding="utf-8"))["components"]
    return {f"{row['name']} {row['version']}" for row in rows if row.get("purl", "").startswith(f"pkg:{kind}/")}


def asked(image: str, *command: str) -> set[str]:
    """What a command in the image prints, line by line."""
    words = ["--rm", "--network=none", f"--entrypoint={command[0]}", f"{image}:{TAG}", *command[1:]]
    return set(run(["docker", "run", *words]).stdout.splitlines())


def test_one_for_each_image_by_the_schema(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [
        f"gatehouse-{name}.cdx.json" for name in ("app", "jobs", "keycloak", "nginx", "postgres")
    ]
    for file in files:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text(encoding="utf-8")) is None, file


@pytest.mark.parametrize("image", ["gatehouse-nginx", "gatehouse-postgres"])
def test_debians_packages_are_those_that_dpkg_knows(folder: Path, image: str) -> None:
    form = "${db:Status-Abbrev}${Package} ${Version}\\n"
    rows = asked(image, "dpkg-query", "--show", f"--showformat={form}")
    assert listed(folder, image, "deb") == {row[3:].strip() for row in rows if row.startswith("ii")}


def test_pythons_packages_are_those_that_it_imports(folder: Path) -> None:
    code = (
        "import importlib.metadata as m, re\n"
        "for d in m.distributions(): print(re.sub(r'[-_.]+', '-', d.name).lower(), d.version)"
    )
    found = listed(folder, "gatehouse-app", "pypi")
    assert found == asked("gatehouse-app", "python", "-c", code)
    assert any(name.startswith("streamlit ") for name in found)


def test_keycloaks_libraries_are_in_it(folder: Path) -> None:
    found = listed(folder, "gatehouse-keycloak", "maven")
    files = asked("gatehouse-keycloak", "ls", "/opt/keycloak/lib/lib/main")
    assert len(found) >= len(files) > 300
    for name in ("keycloak-services", "quarkus-core", "netty-codec-http", "postgresql", "bcprov-jdk18on"):
        assert any(row.startswith(f"{name} ") for row in found), name
