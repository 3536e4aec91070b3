"""The snippets that an author has read, under plain `streamlit run` against Keycloak: what the gate must not change."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support.browser import chromium, new_context
from support.command import ROOT
from support.ports import free_port
from support.providers import Providers, auth_tables
from support.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ROOT / "tests" / "apps" / "probe" / "pages"


@pytest.fixture(scope="module")
def port(providers: Providers) -> int:
    """Of this machine; the realm of its own knows the address."""
    number = free_port()
    providers.add("laptop", f"http://localhost:{number}/oauth2callback")
    return number


@contextmanager
def streamlit_run(script: Path, port: int, home: Path, secrets: str, ca: Path) -> Iterator[str]:
    """Serve `script` as an author does on a laptop; yields its address."""
    (home / ".streamlit").mkdir(parents=True)
    (home / ".streamlit" / "secrets.toml").write_text(secrets, encoding="utf-8")
    options = ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    environment = {**os.environ, "HOME": str(home), "SSL_CERT_FILE": str(ca)}
    with subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        try:
            until(lambda: answers(port), 40)
            yield f"http://localhost:{port}"
        finally:
            run.terminate()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/_stcore/health").is_success
    except httpx.TransportError:
        return False


def tables(providers: Providers, port: int, *names: str) -> str:
    """The [auth] table of a laptop, with these providers; flat where there is one."""
    head = f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"x" * 32}"\n'
    one = auth_tables(providers, dict.fromkeys(names or ("default",), "laptop"), verify=str(providers.ca))
    return head + (one if names else one.replace("[auth.default]\n", ""))


@pytest.fixture
def page(providers: Providers, tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path, providers.ca) as browser:
        yield new_context(browser)[0].new_page()


def test_welcome(providers: Providers, page: Page, port: int, tmp_path: Path) -> None:
    with streamlit_run(PAGES / "welcome.py", port, tmp_path / "home", tables(providers, port), providers.ca) as url:
        page.goto(url)
        page.get_by_role("button", name="Log in").click()
        providers.fill_in(page, "ann")
        page.get_by_text("Welcome, Ann Laptop!").wait_for()
        assert page.get_by_text("Email: ann@company.com").is_visible()
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("button", name="Log in").wait_for()


def test_choice_of_two(providers: Providers, page: Page, port: int, tmp_path: Path) -> None:
    secrets = tables(providers, port, "google", "microsoft")
    with streamlit_run(PAGES / "choice.py", port, tmp_path / "home", secrets, providers.ca) as url:
        page.goto(url)
        page.get_by_role("button", name="Log in with Microsoft").click()
        providers.fill_in(page, "ann")
        page.get_by_text("Welcome, Ann Laptop!").wait_for()


def test_content_by_company(providers: Providers, page: Page, port: int, tmp_path: Path) -> None:
    with streamlit_run(PAGES / "company.py", port, tmp_path / "home", tables(providers, port), providers.ca) as url:
        page.goto(url)
        page.get_by_role("button", name="Log in").click()
        providers.fill_in(page, "ann")
        page.get_by_text("Internal figures").wait_for()


def test_without_auth_configured(providers: Providers, page: Page, tmp_path: Path) -> None:
    with streamlit_run(PAGES / "careful.py", free_port(), tmp_path / "home", "", providers.ca) as url:
        page.goto(url)
        page.get_by_text("Nobody is signed in").wait_for()
