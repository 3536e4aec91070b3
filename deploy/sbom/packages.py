"""Find packages in an image's files: Debian's by dpkg's own list, Python's and Java's by what each carries along."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import Parser
from typing import IO

from packageurl import PackageURL

_STATUS = "var/lib/dpkg/status"
_RELEASE = "usr/lib/os-release"
# What lies under /usr is of Debian's packages, which dpkg lists.
_METADATA = re.compile(r"(?!usr/).+/[^/]+\.dist-info/METADATA")
_JAR = re.compile(r"(?!usr/).+\.jar")
_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_SOURCE = re.compile(r"(?P<name>\S+)(?: \((?P<version>\S+)\))?")
# As Quarkus, which Keycloak is built on, names them: group.artifact-version.jar; a dash in a version is before a word.
_FILE = re.compile(
    r"(?P<group>(?:[A-Za-z][\w-]*\.)*)(?P<artifact>[A-Za-z].*)-(?P<version>[0-9][^-]*(?:-[A-Za-z][^-]*)?)\.jar"
)


@dataclass
class Found:
    """What an image holds. `distribution`, `version`: of its operating system, such as debian and 13."""

    distribution: str = ""
    version: str = ""
    packages: set[PackageURL] = field(default_factory=set)


def read(archive: IO[bytes]) -> Found:
    """Read the tar archive of a container's files, as `docker export` writes it.

    Raises:
        ValueError: if it is none, or none of a Debian system: an empty list would pass for a clean one.
    """
    found, status = Found(), ""
    try:
        with tarfile.open(fileobj=archive, mode="r|") as files:
            for member in files:
                content = files.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                name = member.name.removeprefix("./")
                if name == _STATUS:
                    status = content.read().decode()
                elif name == _RELEASE:
                    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', content.read().decode(), re.MULTILINE))
                    found.distribution, found.version = release.get("ID", ""), release.get("VERSION_ID", "")
                elif _METADATA.fullmatch(name):
                    found.packages.add(_python(content.read().decode()))
                elif _JAR.fullmatch(name):
                    found.packages.update(_java(name.rpartition("/")[2], content.read()))
    except tarfile.TarError as error:
        raise ValueError(f"not the whole archive of a container's files ({error})") from None
    if not status or not found.distribution:
        raise ValueError(f"no {_STATUS if not status else _RELEASE} in it, so it is not of a Debian system")
    found.packages.update(_debian(status, f"{found.distribution}-{found.version}"))
    return found


def _debian(status: str, distribution: str) -> Iterator[PackageURL]:
    """Installed ones: https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md."""
    for paragraph in status.strip().split("\n\n"):
        fields = Parser().parsestr(paragraph, headersonly=True)
        if fields["Status"] != "install ok installed":
            continue
        qualifiers = {"arch": fields["Architecture"], "distro": distribution}
        # Debian's security tracker goes by source packages.
        if source := _SOURCE.fullmatch(fields["Source"] or ""):
            version = source["version"]
            qualifiers["upstream"] = source["name"] + (f"@{version}" if version else "")
        yield PackageURL("deb", distribution.partition("-")[0], fields["Package"], fields["Version"], qualifiers)


def _python(metadata: str) -> PackageURL:
    fields: Message = Parser().parsestr(metadata, headersonly=True)
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return PackageURL("pypi", None, re.sub(r"[-_.]+", "-", fields["Name"]).lower(), fields["Version"])


def _java(file: str, content: bytes) -> Iterator[PackageURL]:
    """One for each artifact in it, as its build has named it; by the file's name where nothing else does."""
    named = False
    with zipfile.ZipFile(io.BytesIO(content)) as jar:
        for name in jar.namelist():
            if _POM.fullmatch(name):
                lines = jar.read(name).decode("utf-8", "replace").splitlines()
                fields = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
                if {"groupId", "artifactId", "version"} <= fields.keys():
                    named = True
                    yield PackageURL("maven", fields["groupId"], fields["artifactId"], fields["version"])
    if not named and (match := _FILE.fullmatch(file)):
        group = match["group"].removesuffix(".") or match["artifact"]
        yield PackageURL("maven", group, match["artifact"], match["version"])
