"""Install the author's requirements.txt beside the platform's packages: `python requirements.py FILE PREFIX`.

Part of the image's build. What the platform has stays as it is, everything else comes as a wheel, and what does not go
with that is said in one line. pip speaks of a conflict in thirty.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

FILE = "requirements.txt"
# The builder's own, mounted for this one command (Dockerfile).
_CA, _PIP_CONF = Path("/run/secrets/ca"), Path("/run/secrets/pip")
# Of the platform itself, and in every image; an author lists it for a laptop.
_OURS = "gatehouse"

_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASH = re.compile(r"\s--hash[= ]\S+")
_OPTION = re.compile(r"-{1,2}[a-zA-Z-]+")
# pip's report of a conflict: who wants what.
_WANTS = re.compile(r"^ +(?P<who>\S+ \S+) depends on (?P<what>[^;\n]+)", re.MULTILINE)
_ASKED = re.compile(r"^ +The user requested (?P<what>[^(\n].*)", re.MULTILINE)
_MISSING = re.compile(r"No matching distribution found for (?P<what>[^\s;]+)")


@dataclass(frozen=True)
class Line:
    """One requirement. `number`: of its line, the first of several that a backslash joins."""

    number: int
    text: str
    requirement: Requirement


class RequirementsError(Exception):
    """One line for each thing that is wrong."""


def pins() -> dict[str, str]:
    """Return the platform's packages and their versions: those of the running interpreter."""
    return {canonicalize_name(found.metadata["Name"]): found.version for found in distributions()}


def read(text: str, platform: Mapping[str, str]) -> list[Line]:
    """Return what is to be installed of a requirements file.

    Args:
        text: of the file.
        platform: versions by canonical name.

    Raises:
        RequirementsError: for what is no package of a registry, or another version than the platform's.
    """
    lines, problems = [], []
    for number, line in _joined(text):
        where = f"{FILE}, line {number}"
        if fault := _fault_of_form(line):
            problems.append(f"{where}: {fault}")
            continue
        try:
            requirement = Requirement(_HASH.sub("", line))
        except InvalidRequirement as error:
            problems.append(f"{where}: {str(error).splitlines()[0]}; write it like pandas>=2.2")
            continue
        if canonicalize_name(requirement.name) == _OURS or (requirement.marker and not requirement.marker.evaluate()):
            continue
        has = platform.get(canonicalize_name(requirement.name))
        if has and not requirement.specifier.contains(has, prereleases=True):
            problems.append(
                f"{where}: {requirement.name}{requirement.specifier}, but the platform has {requirement.name} {has}; "
                f"write {requirement.name} alone, or a range that {has} is in"
            )
        lines.append(Line(number, line, requirement))
    if problems:
        raise RequirementsError("\n".join(problems))
    return lines


def explained(said: str, lines: list[Line], platform: Mapping[str, str], has_source: bool) -> str:  # noqa: FBT001
    """Return in one line what pip's output means, or its own last line.

    Args:
        said: by pip.
        lines: what was to be installed.
        platform: versions by canonical name.
        has_source: whether the package that pip did not find is there as source.
    """
    for found in _WANTS.finditer(said):
        try:
            # pip writes the last of several as in English.
            what = Requirement(found["what"].replace(" and ", ",").strip())
        except InvalidRequirement:
            continue
        has = platform.get(canonicalize_name(what.name))
        if has and not what.specifier.contains(has, prereleases=True):
            return (
                f"{FILE}{_line_of(found['who'], lines)}: {found['who']} needs {what.name}{what.specifier}, "
                f"but the platform has {what.name} {has}; take a version of it that goes with that, or leave it out"
            )
    if wants := _WANTS.findall(said):
        given = [f"{FILE} asks for {what.strip()}" for what in _ASKED.findall(said)]
        each = [f"{who} needs {what.strip()}" for who, what in wants]
        return f"{FILE}: these exclude each other: {'; '.join([*given, *each])}; change a version"
    if missing := _MISSING.search(said):
        absent = missing["what"]
        python = ".".join(map(str, sys.version_info[:2]))
        fault = (
            f"there is no wheel of {absent} for Python {python} on this machine, only source, which would run its own "
            "code in the build; take another version, or another package"
            if has_source
            else f"there is no {absent} in the registry; correct its name or version"
        )
        return f"{FILE}{_line_of(absent, lines)}: {fault}"
    errors = [line for line in said.splitlines() if line.strip()]
    return f"{FILE}: {errors[-1] if errors else 'pip failed'}"


def install(file: Path, prefix: Path) -> None:
    """Install what `file` asks for below `prefix`.

    Raises:
        RequirementsError: if that cannot be.
    """
    platform = pins()
    lines = read(file.read_text(encoding="utf-8-sig"), platform)
    if not lines:
        return
    with TemporaryDirectory() as folder:
        constraints, wanted = Path(folder, "constraints.txt"), Path(folder, FILE)
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in platform.items()), encoding="utf-8")
        wanted.write_text("".join(f"{line.text}\n" for line in lines), encoding="utf-8")
        result = _pip(
            "install", "--only-binary", ":all:", "--prefix", str(prefix), "--no-warn-script-location",
            "--constraint", str(constraints), "--requirement", str(wanted),
        )  # fmt: skip
    if result.returncode == 0:
        return
    said = result.stdout + result.stderr
    missing = _MISSING.search(said)
    has_source = bool(missing) and _pip("index", "versions", _name(missing["what"])).returncode == 0  # type: ignore[index]
    raise RequirementsError(explained(said, lines, platform, has_source))


def _pip(*words: str) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    for name, secret in {"PIP_CERT": _CA, "PIP_CONFIG_FILE": _PIP_CONF}.items():
        if secret.exists() and secret.stat().st_size:
            environment[name] = str(secret)
    command = ["pip", "--python", sys.executable, *words]
    return subprocess.run(  # noqa: S603 -- the words are this module's
        command, check=False, capture_output=True, text=True, env=environment
    )


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, as pip reads them: without comments, joined at a backslash."""
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        start = start if held else number
        if line.endswith("\\"):
            held += f"{line[:-1]} "
            continue
        whole, held = _COMMENT.sub("", held + line).strip(), ""
        if whole:
            yield start, whole
    if whole := _COMMENT.sub("", held).strip():
        yield start, whole


def _fault_of_form(line: str) -> str | None:
    if option := _OPTION.match(line):
        if option[0] in ("-r", "--requirement", "-c", "--constraint"):
            return f"{option[0]}: only {FILE} itself is read; write the packages into it"
        if option[0] in ("-e", "--editable"):
            return f"{option[0]}: only packages of a registry can be installed; put your own modules beside the script"
        return (
            f"{option[0]}: options are the builder's; name a mirror in a pip.conf, and that in BUILD_PIP_CONF of .env"
        )
    if "://" in line or line.startswith((".", "/")):
        return "only packages of a registry can be installed; name it without an address"
    return None


def _name(what: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", what)[0]


def _line_of(what: str, lines: list[Line]) -> str:
    wanted = canonicalize_name(_name(what))
    number = next((line.number for line in lines if canonicalize_name(line.requirement.name) == wanted), None)
    return f", line {number}" if number else ""


def main() -> int:
    """Install, if there is a file, and return the exit code."""
    file, prefix = map(Path, sys.argv[1:])
    prefix.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        return 0
    try:
        install(file, prefix)
    except (RequirementsError, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, RequirementsError) else f"{FILE}: is not UTF-8 text; save it so"
        print(*(f"Error: {line}" for line in why.splitlines()), sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
