from __future__ import annotations

import pytest

from deploy.author.requirements import RequirementsError, explained, read

PLATFORM = {"pandas": "3.1.1", "protobuf": "7.36.2", "typing-extensions": "4.16.0"}


def faults(text: str) -> list[str]:
    with pytest.raises(RequirementsError) as caught:
        read(text, PLATFORM)
    return str(caught.value).splitlines()


def test_what_goes_with_the_platform_is_kept_with_its_line() -> None:
    text = """\
# what I need
humanize >= 4  # numbers
Pandas>=3
typing_extensions
rich==13.9.4 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
gatehouse
colorama; sys_platform == 'win32'

openpyxl[image]~=3.1; python_version >= '3.9'"""
    lines = read(text, PLATFORM)
    assert [(line.number, line.requirement.name) for line in lines] == [
        (2, "humanize"),
        (3, "Pandas"),
        (4, "typing_extensions"),
        (5, "rich"),
        (11, "openpyxl"),
    ]
    assert lines[3].text.split() == ["rich==13.9.4", "--hash=sha256:aa", "--hash=sha256:bb"]


def test_a_conflict_names_the_package_both_versions_and_the_way_out() -> None:
    (fault,) = faults("humanize\nPandas==2.2.3\n")
    assert fault.startswith("requirements.txt, line 2: Pandas==2.2.3, but the platform has Pandas 3.1.1; ")
    assert fault.endswith("write Pandas alone, or a range that 3.1.1 is in")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-r more.txt", "-r: only requirements.txt itself is read"),
        ("--requirement=more.txt", "--requirement: only requirements.txt itself is read"),
        ("-c pins.txt", "-c: only requirements.txt itself is read"),
        ("-e .", "-e: only packages of a registry"),
        ("--proxy=http://me:hunter2@proxy.example", "--proxy: options are the builder's"),
        ("./wheels/mine.whl", "only packages of a registry"),
        ("git+https://git.example/mine", "only packages of a registry"),
        ("mine @ https://git.example/mine.zip", "only packages of a registry"),
        ("pandas=3", "Expected"),
    ],
)
def test_what_is_no_package_of_a_registry_is_refused_by_its_line(line: str, words: str) -> None:
    (fault,) = faults(f"humanize\n{line}\n")
    assert fault.startswith(f"requirements.txt, line 2: {words}")
    assert "hunter2" not in fault


def test_all_faults_are_told_at_once() -> None:
    assert len(faults("pandas<3\n-e .\nprotobuf<5\n")) == 3


CONFLICT = """\
ERROR: Cannot install googleapis-common-protos==1.60.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    googleapis-common-protos 1.60.0 depends on protobuf!=3.20.0, !=4.21.5, <5.0.0.dev0 and >=3.19.5
    The user requested (constraint) protobuf==7.36.2

ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/
"""
BETWEEN = """\
The conflict is caused by:
    The user requested rich==13.0.0
    textual 0.80.0 depends on rich>=13.3.3
"""


def test_a_conflict_further_down_names_who_needs_what() -> None:
    lines = read("humanize\ngoogleapis_common_protos==1.60.0\n", PLATFORM)
    told = explained(CONFLICT, lines, PLATFORM, has_source=False)
    assert told.startswith("requirements.txt, line 2: googleapis-common-protos 1.60.0 needs protobuf")
    assert "but the platform has protobuf 7.36.2; take a version" in told


def test_two_of_the_authors_that_exclude_each_other() -> None:
    assert explained(BETWEEN, read("rich==13.0.0\ntextual==0.80.0\n", {}), {}, has_source=False) == (
        "requirements.txt: these exclude each other: requirements.txt asks for rich==13.0.0; "
        "textual 0.80.0 needs rich>=13.3.3; change a version"
    )


@pytest.mark.parametrize(("has_source", "words"), [(True, "there is no wheel of docopt==0.6.2"), (False, "no docopt")])
def test_a_package_without_a_wheel_is_told_from_one_that_is_not_there(has_source: bool, words: str) -> None:  # noqa: FBT001
    said = "ERROR: No matching distribution found for docopt==0.6.2\n"
    told = explained(said, read("docopt==0.6.2\n", {}), {}, has_source)
    assert told.startswith("requirements.txt, line 1: ")
    assert words in told


def test_anything_else_is_the_last_that_pip_said() -> None:
    assert (
        explained("one\nERROR: no space left\n\n", [], {}, has_source=False) == "requirements.txt: ERROR: no space left"
    )
