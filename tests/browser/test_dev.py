"""`make dev` as an author uses it, from the first start to a picture that no policy named, in a real browser."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from deploy.prepare import certificates
from support.artifacts import folder_for, save_logs
from support.browser import chromium, failed, keep, new_context, quiet_network
from support.command import ROOT, run
from support.lines import Lines
from support.pages import open_app, sign_in
from support.stack import Stack
from unit.gatehouse.uploads.making import picture

pytestmark = pytest.mark.drill  # it takes a stack of its own, and two starts

SITE = "pictures.localhost"
TAG = f"{os.environ.get('TAG', 'test')}-dev"
SCRIPT = """
import streamlit as st
import words

st.text(words.SHOWN)
st.image("{picture}", caption="A picture from elsewhere")
"""
ANN = """
[[user]]
id = "5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1aff"
username = "ann"
email = "ann@example.com"
first_name = "Ann"
last_name = "Lee"
"""
SOON = 2000
"""Milliseconds within which the open tab shows what was saved."""


class _Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = picture("png")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate `ca.crt` of who vouches for the site of pictures, and the site's own `site.pem`."""
    folder = tmp_path_factory.mktemp("pictures")
    now, key = datetime.now(UTC).replace(microsecond=0), certificates.new_key()
    pair = certificates.Pair(key, certificates.new_authority(key, SITE, now))
    site = certificates.new_leaf(pair, (SITE,), now)
    (folder / "ca.crt").write_bytes(certificates.certificate_pem(pair.certificate))
    (folder / "site.pem").write_bytes(certificates.key_pem(site.key) + certificates.certificate_pem(site.certificate))
    return folder


@pytest.fixture(scope="module")
def elsewhere(authority: Path) -> Iterator[str]:
    """The origin of a site that has pictures."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pictures)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://{SITE}:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def folder(run_folder: Path, elsewhere: str) -> Path:
    """An author's folder."""
    folder = run_folder / "budget"
    (folder / "demo").mkdir(parents=True)
    (folder / "main.py").write_text(SCRIPT.format(picture=f"{elsewhere}/logo.png"), encoding="utf-8")
    (folder / "words.py").write_text("SHOWN = 'first'", encoding="utf-8")
    (folder / "demo/users.toml").write_text(ANN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def author(run_folder: Path, folder: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Settings of a stack that `make dev` is to start; nothing of it is there but its secrets."""
    stack = Stack(f"{run_folder.name}-dev", run_folder / "dev", APP=str(folder))
    try:
        stack.job("prepare")  # a browser reads at its start whom to trust
        yield stack
        if request.session.testsfailed:
            save_logs(stack, run_folder / "artifacts")
    finally:
        run(["make", "destroy"], env=environment(stack) | {"CONFIRM": "yes"}, timeout=180)
        images = run(["docker", "image", "ls", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference=*:{TAG}"])
        run(["docker", "rmi", *images.stdout.split()], check=False, timeout=120)


def environment(stack: Stack) -> dict[str, str]:
    return os.environ | stack.settings | {"COMPOSE_PROJECT_NAME": stack.project, "TAG": TAG}


@contextmanager
def make_dev(stack: Stack) -> Iterator[Lines]:
    """`make dev`, once the stack is there, until Ctrl-C; what it says from then on."""
    with subprocess.Popen(
        ["make", "dev"],
        cwd=ROOT,
        env=environment(stack),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as dev:
        assert dev.stdout is not None
        said = Lines(dev.stdout)
        try:
            assert said.seen("The app says:", 600)
            yield said
        finally:
            os.killpg(dev.pid, signal.SIGINT)
        assert said.seen("The stack still runs", 20)


@pytest.fixture
def page(
    author: Stack, authority: Path, tmp_path: Path, run_folder: Path, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A tab of a browser that trusts both authorities; if the test fails, what it shows is kept."""
    with chromium(tmp_path, author.ca, authority / "ca.crt") as browser:
        context, console = new_context(browser)
        yield context.new_page()
        if failed(request.node):
            keep(context, console, folder_for(run_folder / "artifacts", request.node.nodeid))


def test_save_see_and_permit(author: Stack, folder: Path, elsewhere: str, page: Page) -> None:
    shown = page.get_by_test_id("stImage").locator("img")
    loaded = "document.querySelector('[data-testid=stImage] img')?.naturalWidth > 0"
    with make_dev(author) as said:
        quiet_network()
        sign_in(page, author.app_url, "ann", author.demo_password("ann"))
        expect(page.get_by_text("first")).to_be_visible()

        # A picture that no policy names: not loaded, and the very line is printed.
        expect(shown).to_be_visible()
        line = said.seen("blocked by the browser", 10)
        if line is None:  # a network of the machine that came or went broke the browser's report off
            quiet_network()
            page.reload()
            line = said.seen("blocked by the browser", 10)
        assert line
        assert f"blocked by the browser: {elsewhere} (img-src); to permit it, write in policy.toml" in line
        assert not page.evaluate(loaded)

        # What is saved shows by itself, of a module too; an error in full, here and there, until it is mended.
        (folder / "words.py").write_text("SHOWN = 'second'", encoding="utf-8")
        expect(page.get_by_text("second")).to_be_visible(timeout=SOON)
        before = (folder / "main.py").read_text(encoding="utf-8")
        (folder / "main.py").write_text(f"{before}\nst.text('third')\n", encoding="utf-8")
        expect(page.get_by_text("third")).to_be_visible(timeout=SOON)
        (folder / "main.py").write_text(f"{before}\n{{}}['lost']\n", encoding="utf-8")
        expect(page.get_by_test_id("stException")).to_contain_text("KeyError: 'lost'", timeout=SOON)
        expect(page.get_by_test_id("stException")).to_contain_text('File "/srv/app/main.py", line 8, in <module>')
        assert said.seen('File "/srv/app/main.py", line 8, in <module>', 5)
        assert said.seen("KeyError: 'lost'", 5)
        (folder / "main.py").write_text(f"{before}\nst.text('unfinished'\n", encoding="utf-8")
        expect(page.get_by_role("dialog")).to_contain_text("SyntaxError: '(' was never closed", timeout=SOON)
        (folder / "main.py").write_text(before, encoding="utf-8")
        expect(page.get_by_role("dialog")).to_have_count(0, timeout=SOON)
        expect(page.get_by_test_id("stException")).to_have_count(0, timeout=SOON)

    told = line.partition("under [content]: ")[2]
    (folder / "policy.toml").write_text(f"[content]\n{told}", encoding="utf-8")
    with make_dev(author) as said:
        quiet_network()
        open_app(page, author.app_url)
        page.wait_for_function(loaded)
        assert said.seen("blocked by the browser", 2) is None


def test_a_slip_takes_nothing_down_that_runs(author: Stack, folder: Path) -> None:
    """On the stack that the test above has left: each is found before anything is stopped."""
    before = [container["Id"] for container in author.containers("app", "nginx")]
    wrong = folder / "migrations/0001_wrong.sql"
    wrong.parent.mkdir()
    wrong.write_text("create tabel word (id int);\n", encoding="utf-8")
    provided = author.secrets / "provided/secrets.toml"
    for told in (
        'Error: migrate: app: 0001_wrong.sql, line 1: syntax error at or near "tabel"; ',
        "Error: prepare (failed): secrets/provided/secrets.toml: is not TOML at line 1, column 7; ",
    ):
        result = run(["make", "up"], env=environment(author), check=False, timeout=300)
        assert result.returncode != 0
        assert result.stderr.startswith(told), result.stderr
        assert "\nWhat ran before goes on. Mend the above, then run make up again.\n" in result.stderr
        assert [container["Id"] for container in author.containers("app", "nginx")] == before
        assert all(container["State"]["Running"] for container in author.containers("app", "nginx"))
        wrong.unlink(missing_ok=True)
        provided.touch(mode=0o600)
        provided.write_text("KEY = hunter2\n", encoding="utf-8")
