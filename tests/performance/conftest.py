"""Figures are tests in two forms: `make bench` runs the full one and keeps what it found, `make test` the short one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from performance.report import Section, write
from performance.servers import start_database
from support.stack import Stack

_sections = pytest.StashKey[list[Section]]()

Report = Callable[[Section], None]


@pytest.fixture(params=[pytest.param(False, id="short"), pytest.param(True, id="full", marks=pytest.mark.bench)])
def full(request: pytest.FixtureRequest) -> bool:
    """Whether figures are wanted, or only that measuring works."""
    return bool(request.param)


@pytest.fixture(scope="module")
def database(parts: Stack) -> Stack:
    """A project of which only Postgres runs, its roles and tables made."""
    start_database(parts)
    return parts


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
