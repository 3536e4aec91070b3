"""Servers to compare: the product's app image with the gate, without it, and plain `streamlit run`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import docker
import httpx

from support.command import ROOT, run
from support.stack import Stack
from support.waiting import until

HERE = Path(__file__).parent
PORT = 8501

Kind: TypeAlias = Literal["gate", "ungated", "plain", "both"]
"""`ungated` is the product's server with its tuning, `plain` is Streamlit's own with its defaults, `both` is the gate's
with a second port that goes past it."""

_SCRIPTS = "/opt/bench"
_COMMANDS: dict[Kind, list[str]] = {
    "gate": [],
    "ungated": ["python", f"{_SCRIPTS}/ungated.py"],
    "both": ["python", f"{_SCRIPTS}/both.py"],
    "plain": [
        "python",
        f"{_SCRIPTS}/plain.py",
        "run",
        "/srv/app/main.py",
        f"--server.port={PORT}",
        "--server.headless=true",
    ],
}
_ELSEWHERE = {"desk": ROOT / "app" / "desk"}
_PAGES = {"desk": "ledger"}
"""The page of an app that is measured, if not its first."""

# Nobody signs in at plain Streamlit: gatehouse.viewer() is then whom these describe, with the role of signed_in.py.
_DEVELOPER = ["--env=GATEHOUSE_DEV_USER=Sam Doe <sam@example.org>", "--env=GATEHOUSE_DEV_ROLES=auditor"]
_STILL = 0.0005
"""Seconds of CPU between two looks, 20 ms apart, below which a server counts as idle."""


class Container:
    """A running container whose CPU time is asked of the engine, which costs the container none."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._api = docker.APIClient()

    def cpu(self) -> float:
        """Seconds of CPU that all its processes have used."""
        stats = self._api.stats(self.name, stream=False, one_shot=True)
        return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9

    def memory(self) -> int:
        """Bytes that its processes hold, without files that the kernel keeps for them."""
        stats = self._api.stats(self.name, stream=False, one_shot=True)["memory_stats"]["stats"]
        return int(stats["anon"] if "anon" in stats else stats["rss"])  # cgroups 2 and 1

    def pin(self, core: int) -> None:
        """Keep it on one core."""
        self._api.update_container(self.name, cpuset_cpus=str(core))

    def address_on(self, network: str) -> str:
        """Its address on a network of the project's."""
        networks = self._api.inspect_container(self.name)["NetworkSettings"]["Networks"]
        return next(str(one["IPAddress"]) for name, one in networks.items() if name.endswith(f"_{network}"))

    def cpu_at_rest(self) -> float:
        """The same, once what the last request left behind (a garbage collection, a log line) is done."""
        end = time.monotonic() + 2
        now = self.cpu()
        while time.monotonic() < end:
            time.sleep(0.02)
            before, now = now, self.cpu()
            if now - before < _STILL:
                break
        return now


def idle_cpu(containers: Sequence[Container], seconds: float) -> list[float]:
    """Seconds of CPU that each uses per second when nobody asks anything of it, watched for so many seconds."""
    before, start = [one.cpu_at_rest() for one in containers], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    return [(one.cpu() - used) / took for one, used in zip(containers, before, strict=True)]


class Server(Container):
    """An app container.

    Attributes:
        host: the public name that requests carry, with its port.
        page: name of the page that its tabs show.
        port: where it listens.
        address: where the load of this machine comes in.
        behind_nginx: where nginx does.
    """

    def __init__(self, name: str, host: str, kind: Kind, page: str = "", port: int = PORT) -> None:
        super().__init__(name)
        self.host = host
        self.kind = kind
        self.page = page
        self.port = port
        self.address, self.behind_nginx = self.address_on("bench"), self.address_on("apps")

    @cached_property
    def http(self) -> httpx.Client:
        """A client that goes straight to the container, past nginx."""
        return httpx.Client(base_url=f"http://{self.address}:{self.port}", headers={"Host": self.host}, timeout=20)

    def stop(self) -> None:
        """Stop it, in good order."""
        self._api.stop(self.name)

    def start(self) -> None:
        """Start it anew; it does not answer yet."""
        self._api.start(self.name)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return self.http.get("/_stcore/health").status_code in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}
        except httpx.TransportError:
            return False

    def cookies(self) -> dict[str, str]:
        """What the browser of a signed-in user holds here: by the gate, or by Streamlit's own sign-in."""
        return self.jars(1)[0]

    def jars(self, count: int) -> list[dict[str, str]]:
        """The same of so many people."""
        jars = [{} for _ in range(count)] if self.kind == "plain" else self._sign_in(count)
        line = "; ".join(f"{name}={value}" for name, value in jars[0].items())
        answer = self.http.get("/_stcore/health", headers={"Cookie": line})
        token = answer.cookies.get("_streamlit_xsrf")
        return [{**jar, "_streamlit_xsrf": token.strip('"')} if token else jar for jar in jars]

    def past_the_gate(self) -> Server:
        """The second port of a server of the kind `both`."""
        return Server(self.name, self.host, "ungated", self.page, self.port + 1)

    def _sign_in(self, count: int) -> list[dict[str, str]]:
        script = (HERE / "signed_in.py").read_text(encoding="utf-8")
        kind = "gate" if self.kind == "both" else self.kind
        command = ["docker", "exec", "--interactive", self.name, "python", "-", kind, str(count)]
        return list(json.loads(run(command, stdin=script, timeout=300).stdout))  # thousands, for the soak


class Front(Container):
    """nginx's container.

    Attributes:
        address: where the load comes in: as from elsewhere, without the engine's proxy for this machine's own requests.
        ca: certificate of the authority that its names are certified by.
    """

    def __init__(self, project: Stack) -> None:
        super().__init__(f"{project.project}-nginx-1")
        self.address, self.ca = (self.address_on("edge"), int(project.settings["PORT"])), project.ca


def start_database(project: Stack) -> None:
    """Start what an app needs, and nothing more: Postgres with roles and tables."""
    project.compose("up", "--detach", "--wait", "--no-build", "postgres", timeout=180)
    project.job("roles")
    project.job("migrate")


@contextmanager
def serve(
    project: Stack, app: str, *kinds: Kind, mounts: Mapping[Path, str] | None = None, plain: Sequence[str] = ()
) -> Iterator[list[Server]]:
    """Run `app` (a folder of apps/, or the example app) on fresh servers, all at once, and wait until they answer.

    Args:
        project: whose image, network and database.
        app: its name.
        kinds: of servers.
        mounts: more files, and where they are in each container.
        plain: more options for `streamlit run`.
    """
    host = project.app_url.removeprefix("https://")
    folder = project.directory / "apps" / app
    shutil.copytree(_ELSEWHERE.get(app, HERE / "apps" / app), folder, dirs_exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)  # where the volume is mounted
    with ExitStack() as stack:
        servers = []
        for number, kind in enumerate(kinds):
            name = f"{project.project}-{app}-{kind}-{number}"
            stack.callback(run, ["docker", "rm", "--force", name], check=False)
            scripts = {HERE / file: f"{_SCRIPTS}/{file}" for file in ("ungated.py", "both.py", "plain.py")}
            files = {folder: "/srv/app", **scripts, **(mounts or {})}
            volumes = [f"--volume={here}:{there}:ro" for here, there in files.items()]
            # The name by which nginx finds the app is for the gate's alone.
            options = ["--detach", "--no-deps", "--name", name]
            options += {"gate": ["--use-aliases"], "plain": _DEVELOPER}.get(kind, [])
            _compose(project, "run", *options, *volumes, "app", *_COMMANDS[kind], *(plain if kind == "plain" else ()))
            servers.append(Server(name, host, kind, _PAGES.get(app, "")))
        for server in servers:
            stack.callback(server.http.close)
            until(server.answers, 40)
        yield servers


@contextmanager
def front(project: Stack) -> Iterator[Front]:
    """Run nginx before the gate's app, and wait until it leads there."""
    _compose(project, "up", "--detach", "--no-deps", "--no-build", "nginx")
    try:
        leads(project)
        yield Front(project)
    finally:
        _compose(project, "rm", "--force", "--stop", "nginx")


def leads(project: Stack) -> None:
    """Wait until nginx leads to the app."""
    with project.http() as http:
        until(lambda: _leads_to_app(http, project.app_url), 20)


def _leads_to_app(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(f"{url}/_stcore/health").status_code == httpx.codes.UNAUTHORIZED
    except httpx.TransportError:
        return False


def _compose(project: Stack, *words: str) -> None:
    project.compose("--file", str(HERE / "compose.yaml"), "--progress", "quiet", *words)
