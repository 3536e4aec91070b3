from __future__ import annotations

import io
import json
import tarfile
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.sbom.__main__ import document
from deploy.sbom.packages import Found, read

RELEASE = b'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n'
STATUS = b"""Package: libssl3t64
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.5.4-1~deb13u1

Package: bsdutils
Status: install ok installed
Architecture: amd64
Source: util-linux (2.41-5)
Version: 1:2.41-5
Description: basic utilities
 from 4.4BSD

Package: libkrb5-3
Status: deinstall ok config-files
Architecture: amd64
Version: 1.21.3-5
"""
DEBIAN = {"usr/lib/os-release": RELEASE, "var/lib/dpkg/status": STATUS}


def archive(files: dict[str, bytes]) -> io.BytesIO:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    target.seek(0)
    return target


def jar(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def purls(files: dict[str, bytes]) -> set[str]:
    return {purl.to_string() for purl in read(archive({**DEBIAN, **files})).packages}


DEB = {
    "pkg:deb/debian/libssl3t64@3.5.4-1~deb13u1?arch=amd64&distro=debian-13&upstream=openssl",
    "pkg:deb/debian/bsdutils@1:2.41-5?arch=amd64&distro=debian-13&upstream=util-linux%402.41-5",
}


def test_debians_packages_with_their_sources_and_none_that_is_gone() -> None:
    assert purls({}) == DEB


def test_pythons_packages_once_and_none_that_is_debians() -> None:
    metadata = b"Metadata-Version: 2.4\nName: Ruamel.YAML_clib\nVersion: 0.2.12\n\nText: and more\n"
    files = {
        "opt/venv/lib/python3.13/site-packages/ruamel.yaml.clib-0.2.12.dist-info/METADATA": metadata,
        "opt/author/ruamel.yaml.clib-0.2.12.dist-info/METADATA": metadata,
        "usr/lib/python3/dist-packages/other-1.dist-info/METADATA": b"Name: other\nVersion: 1\n",
    }
    assert purls(files) == DEB | {"pkg:pypi/ruamel-yaml-clib@0.2.12"}


def test_all_artifacts_in_a_jar() -> None:
    one = {
        "META-INF/maven/org.a/one/pom.properties": b"#Created\ngroupId=org.a\nartifactId = one\nversion=1.0\n",
        "META-INF/maven/org.b/two/pom.properties": b"groupId=org.b\r\nartifactId=two\r\nversion=2.0\r\n",
    }
    found = purls({"opt/keycloak/lib/one-1.0.jar": jar(one), "usr/share/java/three-3.jar": jar(one)})
    assert found == DEB | {"pkg:maven/org.a/one@1.0", "pkg:maven/org.b/two@2.0"}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("com.h2database.h2-2.4.240.jar", "com.h2database/h2@2.4.240"),
        ("org.hibernate.orm.hibernate-core-7.2.19.Final.jar", "org.hibernate.orm/hibernate-core@7.2.19.Final"),
        ("com.github.ben-manes.caffeine.caffeine-3.2.3.jar", "com.github.ben-manes.caffeine/caffeine@3.2.3"),
        ("io.a.httpclient-4.3-2.23.0-alpha.jar", "io.a/httpclient-4.3@2.23.0-alpha"),
        ("bcprov-jdk18on-1.84.jar", "bcprov-jdk18on/bcprov-jdk18on@1.84"),
        ("quarkus-run.jar", ""),
    ],
)
def test_a_jar_that_does_not_say_goes_by_its_name(file: str, expected: str) -> None:
    assert purls({f"opt/keycloak/lib/{file}": jar({})}) == DEB | ({f"pkg:maven/{expected}"} if expected else set())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not the whole archive"),
        (b"no archive at all" * 100, "not the whole archive"),
        (archive(DEBIAN).getvalue()[:1636], "not the whole archive"),
        (archive({"usr/lib/os-release": RELEASE}).getvalue(), "no var/lib/dpkg/status in it"),
        (archive({"var/lib/dpkg/status": STATUS}).getvalue(), "no usr/lib/os-release in it"),
    ],
)
def test_what_cannot_be_listed_is_no_empty_list(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(io.BytesIO(content))


def test_the_document_is_valid_and_names_image_and_system() -> None:
    text = document(read(archive(DEBIAN)), "gatehouse-app", "sha256:0123")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    said = json.loads(text)
    assert (said["metadata"]["component"]["name"], said["metadata"]["component"]["version"]) == (
        "gatehouse-app",
        "sha256:0123",
    )
    kinds = {row["name"]: row["type"] for row in said["components"]}
    assert kinds == {"debian": "operating-system", "libssl3t64": "library", "bsdutils": "library"}


def test_a_document_of_nothing_is_valid_too() -> None:
    text = document(Found("debian", "13"), "gatehouse-app", "sha256:0123")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
