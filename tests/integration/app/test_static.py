"""The author's static files behind the session: whose they are, and what they are sent as."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import run
from support.served import SESSION, Served, served
from support.stack import Stack

EVIL = "<script>alert(document.domain)</script>"
FILES = {
    "page.html": "text/plain; charset=utf-8",
    "logo.svg": "image/svg+xml",
    "public/page.html": "text/plain; charset=utf-8",
    "photo.png": "image/png",
}
OUTSIDE = ("app/static/link.txt", "app/static/gone.png", "app/static/folder", "app/static/%2e%2e/main.py")
# One tab's session, then each path with it and without.
ASK = f"""{SESSION.rpartition("asyncio.run(")[0]}
import json
cookie = asyncio.run(signed_in())
found = {{}}
for path in sys.argv[1:]:
    for who, extra in (("stranger", {{}}), ("sam", {{"Cookie": f"__Host-gate={{cookie}}"}})):
        connection = http.client.HTTPConnection("127.0.0.1", 8501)
        connection.request("GET", f"/{{path}}", headers={{"Host": PUBLIC, **extra}})
        answer = connection.getresponse()
        found[f"{{who}} {{path}}"] = answer.status, answer.getheaders(), answer.read().decode()
print(json.dumps(found))
"""


class Answer:
    """What came back. `headers` in lower case, each once."""

    def __init__(self, status: int, headers: list[list[str]], body: str) -> None:
        self.status, self.body = status, body
        names = [name.lower() for name, _ in headers if name.lower() != "set-cookie"]
        assert len(names) == len(set(names)), names
        self.headers = {name.lower(): value for name, value in headers}


def asked(app: Served, *paths: str) -> dict[str, Answer]:
    """Answers by who asked and the path."""
    command = ["docker", "exec", "--interactive", app.name, "python", "-", *paths]
    found: dict[str, Any] = json.loads(run(command, stdin=ASK).stdout)
    return {key: Answer(*value) for key, value in found.items()}


def folder(stack: Stack, name: str, config: str) -> Path:
    """An author's folder with these files."""
    folder = stack.directory / name
    for path in (".streamlit", "static/public", "static/folder"):
        (folder / path).mkdir(parents=True)
    (folder / "main.py").write_text("import streamlit as st\nst.text('here')", encoding="utf-8")
    (folder / ".streamlit/config.toml").write_text(config, encoding="utf-8")
    for file in FILES:
        (folder / "static" / file).write_text(EVIL, encoding="utf-8")
    (folder / "static/link.txt").symlink_to("../main.py")
    return folder


@pytest.fixture(scope="module")
def app(database: Stack) -> Iterator[Served]:
    """An app with static files."""
    with served(database, folder(database, "static-app", "[server]\nenableStaticServing = true\n")) as running:
        yield running


def test_a_file_is_the_sessions_and_no_page(app: Served) -> None:
    answers = asked(app, *(f"app/static/{file}" for file in FILES))
    for file, kind in FILES.items():
        stranger, sam = answers[f"stranger app/static/{file}"], answers[f"sam app/static/{file}"]
        assert (stranger.status, json.loads(stranger.body)["error"]) == (401, "Sign in first.")
        assert (sam.status, sam.body) == (200, EVIL)
        assert sam.headers["content-type"] == kind
        assert sam.headers["x-content-type-options"] == "nosniff"
        assert sam.headers["content-security-policy"].endswith("; sandbox")
        assert sam.headers["cache-control"] == "private"
        assert sam.headers["etag"]
        assert "access-control-allow-origin" not in sam.headers


def test_what_is_not_in_the_folder_is_not_served(app: Served) -> None:
    for path, answer in asked(app, *OUTSIDE).items():
        assert answer.status in {400, 401, 404}, path
        assert "import streamlit" not in answer.body


def test_without_static_serving_there_is_no_file_and_no_page(database: Stack) -> None:
    with served(database, folder(database, "no-static-app", "")) as app:
        answers = asked(app, "app/static/page.html")
    assert answers["stranger app/static/page.html"].status == 401
    sam = answers["sam app/static/page.html"]
    assert (sam.status, json.loads(sam.body)["error"]) == (404, "Not found.")
