"""The whole stack for the tests that need it, and what is kept when one of them fails."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.abroad import Abroad
from support.artifacts import save_logs
from support.command import ROOT
from support.ports import free_port
from support.providers import Providers
from support.rundir import run_directory
from support.stack import Stack

pytest_plugins = ["support.browser"]

_artifacts = pytest.StashKey[Path]()


def pytest_configure() -> None:
    """Take down what was started on SIGTERM too (`docker stop`, a cancelled CI job), not on Ctrl-C alone."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that leave the stack under another name (fixture `moved`) after all others."""
    items.sort(key=lambda item: "moved" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Iterator[Path]:
    """A folder of this run's own, for secrets and artifacts."""
    with run_directory() as directory:
        pytestconfig.stash[_artifacts] = directory / "artifacts"
        yield directory


@pytest.fixture(scope="session")
def stack(run_folder: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The whole stack under DOMAIN=localhost, two replicas of the app, healthy; shared by all tests of a run."""
    whole = Stack(run_folder.name, run_folder / "stack", REPLICAS="2", RECHECK="10s")
    provide_author_secrets(whole)
    try:
        whole.up()
        yield whole
    except BaseException:
        save_logs(whole, run_folder / "artifacts")
        raise
    else:
        if request.session.testsfailed:
            save_logs(whole, run_folder / "artifacts")
    finally:
        _undisturbed(whole)


@pytest.fixture(scope="session")
def sams_password(stack: Stack) -> str:
    """The demo user's under the stack's first name, which has no demo users under another."""
    return stack.demo_password("sam")


@pytest.fixture(scope="session")
def moved(stack: Stack, sams_password: str) -> Stack:
    """The stack of all other tests under a name that is not localhost, for good: it runs after them (see above)."""
    stack.write_settings(DOMAIN="gate.test", PORT=str(free_port()))
    stack.up()
    return stack


def provide_author_secrets(stack: Stack) -> None:
    """What an operator may put there before the first start: the Streamlit secrets of the app's author."""
    folder = stack.secrets / "provided"
    folder.mkdir(mode=0o700, parents=True)
    author = folder / "secrets.toml"
    author.touch(mode=0o400)
    author.write_text(f'[mail]\npassword = "{secrets.token_urlsafe(32)}"\n', encoding="utf-8")


@pytest.fixture(scope="session")
def providers(run_folder: Path) -> Iterator[Providers]:
    """Identity providers outside every stack."""
    outside = Providers(f"{run_folder.name}-providers", run_folder / "providers")
    try:
        outside.start()
        yield outside
    finally:
        outside.remove()


@pytest.fixture(scope="session")
def abroad(run_folder: Path, providers: Providers, request: pytest.FixtureRequest) -> Iterator[Abroad]:
    """A stack of two replicas that leaves signing in to those, healthy; shared by all tests of a run."""
    whole = Abroad(f"{run_folder.name}-abroad", run_folder / "abroad", providers)
    try:
        whole.start()
        yield whole
    except BaseException:
        save_logs(whole.stack, run_folder / "artifacts")
        raise
    else:
        if request.session.testsfailed:
            save_logs(whole.stack, run_folder / "artifacts")
    finally:
        whole.remove()


@pytest.fixture(scope="module")
def parts(run_folder: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A project of this module's own in which nothing runs but what a test starts."""
    module = Path(str(request.node.path)).stem.removeprefix("test_").replace("_", "")
    project = Stack(f"{run_folder.name}-{module}", run_folder / module)
    try:
        yield project
    finally:
        _undisturbed(project)


def _undisturbed(project: Stack) -> None:
    """Take `project` down; a second Ctrl-C does not leave half of it behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        project.down()
    finally:
        signal.signal(signal.SIGINT, before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the folder of artifacts, just before pytest's last line."""
    artifacts = config.stash.get(_artifacts, None)
    if artifacts and artifacts.is_dir():
        terminalreporter.write_line(f"Screenshots, consoles and logs: {artifacts.relative_to(ROOT)}/", yellow=True)
