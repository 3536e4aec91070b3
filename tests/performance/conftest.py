"""Figures are tests in two forms: `make bench` runs the full one and keeps what it found, `make test` the short one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from performance.report import Section, write
from performance.servers import start_database
from performance.sharing import Ground, Sharing
from support.stack import Stack

_sections = pytest.StashKey[list[Section]]()

Report = Callable[[Section], None]


@pytest.fixture(params=[pytest.param(False, id="short"), pytest.param(True, id="full", marks=pytest.mark.bench)])
def full(request: pytest.FixtureRequest) -> bool:
    """Whether figures are wanted, or only that measuring works."""
    return bool(request.param)


@pytest.fixture(scope="package")
def database(run_folder: Path) -> Iterator[Stack]:
    """A project of which only Postgres runs, its roles and tables made; all figures use it."""
    # One machine is all visitors here: nothing is to be refused for their number.
    many = dict.fromkeys(("MAX_TABS", "MAX_SESSION_REQUESTS", "MAX_ADDRESS_REQUESTS"), "10000")
    project = Stack(f"{run_folder.name}-performance", run_folder / "performance", **many)
    try:
        start_database(project)
        yield project
    finally:
        project.down()


@pytest.fixture(scope="package")
def sharing(database: Stack) -> Iterator[Sharing]:
    """Servers that the short forms of all figures share."""
    with Sharing(database) as shared:
        yield shared


@pytest.fixture
def ground(full: bool, sharing: Sharing, database: Stack) -> Ground:  # noqa: FBT001
    """Where servers to measure come from: fresh each time, or shared by the short forms."""
    return Ground(database) if full else sharing


@pytest.fixture
def report(full: bool, pytestconfig: pytest.Config) -> Iterator[Report]:  # noqa: FBT001
    """Takes the section of a figure; a full one goes into docs/performance.md."""
    found: list[Section] = []
    yield found.append
    pytestconfig.stash.setdefault(_sections, []).extend(found)
    if full and found:
        write(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    for section in config.stash.get(_sections, []):
        terminalreporter.write_line(f"\n{section.text()}")
