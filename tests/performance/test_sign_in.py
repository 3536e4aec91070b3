"""What signing in costs the server side, the provider apart."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import unescape
from pathlib import Path
from statistics import fmean

import httpx
import pytest

from gatehouse.gate.headers import SESSION_COOKIE
from performance.conftest import Report
from performance.figures import alternate, interval
from performance.load import visitor
from performance.report import Section
from performance.servers import Container, Front, Server, front, idle_cpu, serve, start_database
from performance.spending import Costs, cost
from performance.ways import http_through_nginx
from support.person import NAVIGATION
from support.providers import Providers, auth_tables
from support.stack import Stack

HOW = """From a stranger's first request until the browser holds the cookie of a signed-in person, at a Keycloak outside
that is not counted. Plain: `streamlit run` with `st.login`, in clear text: the page, a websocket, a run of the script
that leads to the provider, and back. Gatehouse: nginx and the app together, over TLS. Either on one connection, as a
browser has it. CPU time of the containers, less what they use with nobody there, in turns. The session that follows is
not counted. nginx + oauth2-proxy: 11 ms, measured at another time."""

REALM = "speed"
PROVIDERS_CA = "/opt/bench/providers.pem"
SECRETS = "/opt/bench/secrets.toml"
PLAIN = "http://localhost:8501"


@pytest.fixture
def abroad_project(run_folder: Path, providers: Providers, full: bool) -> Iterator[Stack]:  # noqa: FBT001
    """A project whose people sign in at the providers; Postgres runs."""
    name = f"{run_folder.name}-signin{int(full)}"
    project = Stack(name, run_folder / f"signin{int(full)}", IDENTITY="external")
    project.trusted.append(providers.ca)
    provided = project.secrets / "provided" / "secrets.toml"
    provided.parent.mkdir(mode=0o700, parents=True)
    provided.touch(mode=0o400)
    provided.write_text(auth_tables(providers, {"company": realm(full)}, PROVIDERS_CA), encoding="utf-8")
    try:
        start_database(project)
        yield project
    finally:
        project.down()


def realm(full: bool) -> str:  # noqa: FBT001
    """The provider's realm: one for each form."""
    return f"{REALM}-{'full' if full else 'short'}"


def plain_secrets(project: Stack, providers: Providers, of: str) -> Path:
    """What plain Streamlit needs for the same."""
    file = project.directory / "plain-secrets.toml"
    auth = f'[auth]\nredirect_uri = "{PLAIN}/oauth2callback"\ncookie_secret = {json.dumps(secrets.token_urlsafe(32))}\n'
    file.write_text(auth + auth_tables(providers, {"company": of}, PROVIDERS_CA), encoding="utf-8")
    file.chmod(0o644)
    return file


def fill_in(http: httpx.Client, address: str, password: str) -> str:
    """Sign in at the provider; returns where it sends the browser."""
    form = http.get(address, headers=NAVIGATION)
    action = re.search(r'<form[^>]* action="([^"]+)"', form.text)
    assert action, f"no form: {form.status_code}"
    answer = http.post(unescape(action[1]), data={"username": "ann", "password": password})
    return answer.headers["location"]


def into_plain(server: Server, project: Stack, password: str) -> None:
    """Sign somebody in at plain Streamlit."""
    headers = {"Host": PLAIN.removeprefix("http://")}
    with (
        httpx.Client(base_url=str(server.http.base_url), headers=headers, timeout=20) as app,
        project.http() as provider,
    ):
        assert app.get("/", headers=NAVIGATION).is_success
        with visitor(server) as tab:
            path = tab.led_to()
        back = fill_in(provider, app.get(path).headers["location"], password)
        answer = app.get(back.removeprefix(PLAIN), headers=NAVIGATION)
        assert any(name.startswith("_streamlit_user") for name in app.cookies), answer.text


def into_gatehouse(project: Stack, front: Front, password: str) -> None:
    """Sign somebody in at Gatehouse."""
    with http_through_nginx(front, project.app_url) as app, project.http() as provider:
        login = app.get("/", headers=NAVIGATION).headers["location"]
        back = fill_in(provider, app.get(login, headers=NAVIGATION).headers["location"], password)
        answer = app.get(back, headers=NAVIGATION)
        assert SESSION_COOKIE in app.cookies, answer.text


def test_signing_in(
    abroad_project: Stack,
    providers: Providers,
    full: bool,  # noqa: FBT001
    report: Report,
) -> None:
    project, password = abroad_project, providers.password
    providers.add(realm(full), f"{project.app_url}/oauth2callback", f"{PLAIN}/oauth2callback")
    mounts = {providers.ca: PROVIDERS_CA, plain_secrets(project, providers, realm(full)): SECRETS}
    options = [f"--secrets.files={SECRETS}"]
    with serve(project, "sign_in", "plain", "gate", mounts=mounts, plain=options) as (plain, gate):
        providers.join(f"{project.project}_bench")
        try:
            with front(project) as nginx:
                visits = [
                    partial(into_plain, plain, project, password),
                    partial(into_gatehouse, project, nginx, password),
                ]
                found = measured((plain, gate, nginx), visits, full)
        finally:
            providers.leave(f"{project.project}_bench")
    share = interval([(app + behind) / theirs for theirs, app, behind in found])
    theirs, app, behind = (f"{1000 * fmean(values):.1f} ms" for values in zip(*found, strict=True))
    head = ["", "plain", "Gatehouse's app", "its nginx", "both against plain (95 %)"]
    report(Section("Signing in", HOW, [head, ["CPU of a sign-in", theirs, app, behind, share.as_one_in()]]))
    assert found


def measured(containers: Sequence[Container], visits: Sequence[Callable[[], None]], full: bool) -> list[Costs]:  # noqa: FBT001
    """Seconds of CPU of a sign-in: plain's, the gate's and nginx's, of each round."""
    rounds, times, still = (5, 25, 6.0) if full else (1, 1, 0.2)
    for visit in visits:
        visit()  # both ask what the provider offers, once
    idle = idle_cpu(containers, still)
    plain, gatehouse = alternate(
        partial(cost, containers[:1], idle[:1], visits[0], times),
        partial(cost, containers[1:], idle[1:], visits[1], times),
        pairs=rounds,
    )
    return [[*theirs, *ours] for theirs, ours in zip(plain, gatehouse, strict=True)]
