"""The author's static/public/: there for everybody, as what it is, and nothing else of the folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from integration.nginx.front import Front, Secrets, front, upstream
from support.command import ROOT, run

TAG = f"{os.environ.get('TAG', 'local')}-public"
IMAGE = f"gatehouse-nginx:{TAG}"
CANARY = "canary-of-the-author"
EVIL = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.domain)</script></svg>"
FILES = {
    "logo.svg": EVIL,
    "page.html": EVIL,
    "page.XHTML": EVIL,
    "script.js": "alert(1)",
    "noending": EVIL,
    "a b ü.txt": "text",
    "data.json": "{}",
    "style.css": "a {}",
    "paper.pdf": EVIL,
    "folder/deep.png": EVIL,
    "pdf/page.svg": EVIL,
    ".env": CANARY,
}


def build(folder: Path, *options: str, check: bool = True) -> CompletedProcess[str]:
    context = f"--build-context=app_source={folder}"
    command = ["docker", "build", "--progress=plain", "--target=nginx", context, f"--tag={IMAGE}", *options, str(ROOT)]
    return run(command, check=check, timeout=300)


def layers() -> list[str]:
    found = json.loads(run(["docker", "image", "inspect", IMAGE]).stdout)[0]["RootFS"]["Layers"]
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An author's folder."""
    folder = tmp_path_factory.mktemp("author")
    for name, text in {
        **{f"static/public/{name}": text for name, text in FILES.items()},
        "static/private.png": CANARY,
        "static/public/.git/config": CANARY,
        "main.py": CANARY,
        "data/rows.csv": CANARY,
        ".streamlit/config.toml": f'[server]\nenableStaticServing = true\n[theme]\nfont = "{CANARY}"\n',
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "static/linked.png").symlink_to("nowhere")  # no matter of nginx's
    return folder


@pytest.fixture(scope="module")
def site(folder: Path, run_folder: Path, project: str) -> Iterator[Front]:
    """nginx of an image with that folder's public files, and an app that echoes what reaches it."""
    build(folder)
    try:
        with front(Secrets(run_folder / "nginx-files"), project, TAG) as running, upstream(running, "app", 8501):
            yield running
    finally:
        run(["docker", "rmi", "--force", IMAGE])


def url(site: Front, name: str) -> str:
    return f"{site.app_url}/app/static/public/{name}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("logo.svg", "image/svg+xml"),
        ("pdf/page.svg", "image/svg+xml"),
        ("folder/deep.png", "image/png"),
        ("data.json", "application/json"),
        ("style.css", "text/css; charset=utf-8"),
        ("page.html", "text/plain; charset=utf-8"),
        ("page.XHTML", "text/plain; charset=utf-8"),
        ("script.js", "text/plain; charset=utf-8"),
        ("noending", "text/plain; charset=utf-8"),
        ("a b ü.txt", "text/plain; charset=utf-8"),
        ("paper.pdf", "application/pdf"),
    ],
)
def test_a_file_is_there_for_everybody_and_no_page(site: Front, name: str, kind: str) -> None:
    answer = site.get(url(site, name))
    assert (answer.status_code, answer.text) == (200, FILES[name])
    assert answer.headers.get_list("content-type") == [kind]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") == ["no-cache"]
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers
    (policy,) = answer.headers.get_list("content-security-policy")
    assert policy.endswith("; sandbox") == (not name.endswith(".pdf"))
    assert "frame-ancestors 'self'" in policy


def test_a_copy_is_asked_for_again_and_not_sent_again(site: Front) -> None:
    first = site.get(url(site, "logo.svg"))
    for asked in ({"If-None-Match": first.headers["etag"]}, {"If-Modified-Since": first.headers["last-modified"]}):
        again = site.get(url(site, "logo.svg"), headers=asked)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"].endswith("; sandbox")


def test_a_part_is_a_part(site: Front) -> None:
    part = site.get(url(site, "logo.svg"), headers={"Range": "bytes=5-8"})
    assert (part.status_code, part.text, part.headers["content-type"]) == (206, EVIL[5:9], "image/svg+xml")
    assert part.headers["content-range"] == f"bytes 5-8/{len(EVIL)}"
    assert site.get(url(site, "logo.svg"), headers={"Range": "bytes=9999-"}).status_code == 416


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND"])
def test_it_can_only_be_read(site: Front, method: str) -> None:
    with site.client() as client:
        assert client.request(method, url(site, "logo.svg")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "",
        "folder",
        "folder/",
        "gone.png",
        "logo.svg/",
        "logo.svg/x",
        ".env",
        "%2eenv",
        "folder/../.env",
        "logo.svg%00.png",
        "LOGO.SVG",
        "logo.svg~",
        "../../../../../../etc/passwd%00",
    ],
)
def test_nothing_is_listed_hidden_or_beside_it(site: Front, path: str) -> None:
    answer = site.get(site.app_url, target=f"/app/static/public/{path}")
    assert answer.status_code in {400, 404}
    assert CANARY not in answer.text
    assert EVIL not in answer.text
    assert "logo" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/app/static/private.png",
        "/app/static/public",
        "/app/static/public/../private.png",
        "/app/static/public/%2e%2e/private.png",
        "/app/static/public/..%2fprivate.png",
        "/app/static/public%2f..%2fprivate.png",
        "/app/static/Public/logo.svg",
        "/app/static/public/../../../main.py",
    ],
)
def test_the_rest_of_the_folder_is_for_the_gate_to_give(site: Front, path: str) -> None:
    answer = site.get(site.app_url, target=path)
    assert answer.json()["path"] == path, "nginx answered by itself"


def test_nginx_has_nothing_else_of_the_folder(site: Front) -> None:
    places = "/etc /home /opt /root /run /srv /tmp /usr /var"
    command = ["docker", "run", "--rm", "--network=none", "--user=0", "--entrypoint=bash", IMAGE, "-c"]
    assert run([*command, f"grep -rl {CANARY} {places} || true"]).stdout == ""


@pytest.mark.parametrize("target", ["/etc/passwd", "../../main.py", "nowhere"])
def test_a_link_stops_the_build(site: Front, folder: Path, target: str) -> None:
    link = folder / "static/public/linked.txt"
    link.symlink_to(target)
    try:
        result = build(folder, check=False)
    finally:
        link.unlink()
    assert result.returncode != 0
    assert "Error: static/public/linked.txt: is a link; put the file or folder itself there" in result.stderr


def test_with_one_script_nothing_beside_it_is_public(site: Front, folder: Path) -> None:
    build(folder, "--build-arg=APP_SCRIPT=main.py")
    command = ["docker", "run", "--rm", "--network=none", "--entrypoint=find", IMAGE]
    assert run([*command, "/usr/share/gatehouse/public", "-type", "f"]).stdout == ""


def test_editing_the_script_changes_nothing_in_nginxs_image(site: Front, folder: Path) -> None:
    build(folder)
    before = layers()
    (folder / "main.py").write_text("# edited", encoding="utf-8")
    build(folder)
    assert layers() == before
