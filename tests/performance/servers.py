"""Servers to compare: the product's app image with the gate, without it, and plain `streamlit run`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import docker
import httpx

from support.command import run
from support.stack import Stack
from support.waiting import until

HERE = Path(__file__).parent
PORT = 8501

Kind: TypeAlias = Literal["gate", "ungated", "plain", "both"]
"""`ungated` is the product's server with its tuning, `plain` is Streamlit's own with its defaults, `both` is the gate's
with a second port that goes past it."""

_UNGATED = "/opt/bench/ungated.py"
_BOTH = "/opt/bench/both.py"
_COMMANDS: dict[Kind, list[str]] = {
    "gate": [],
    "ungated": ["python", _UNGATED],
    "both": ["python", _BOTH],
    "plain": ["streamlit", "run", "/srv/app/main.py", f"--server.port={PORT}", "--server.headless=true"],
}
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
    """An app container. `host`: the public name that requests carry, with its port. `port`: where it listens."""

    def __init__(self, name: str, host: str, kind: Kind, port: int = PORT) -> None:
        super().__init__(name)
        self.host = host
        self.kind = kind
        self.port = port
        networks = json.loads(run(["docker", "inspect", name]).stdout)[0]["NetworkSettings"]["Networks"]
        self.address: str = next(one["IPAddress"] for network, one in networks.items() if network.endswith("_bench"))

    @cached_property
    def http(self) -> httpx.Client:
        """A client that goes straight to the container, past nginx."""
        return httpx.Client(base_url=f"http://{self.address}:{self.port}", headers={"Host": self.host}, timeout=20)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return self.http.get("/_stcore/health").status_code in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}
        except httpx.TransportError:
            return False

    def cookies(self) -> dict[str, str]:
        """What the browser of a signed-in user holds here: by the gate, or by Streamlit's own sign-in."""
        jar = {} if self.kind == "plain" else self._sign_in()
        line = "; ".join(f"{name}={value}" for name, value in jar.items())
        answer = self.http.get("/_stcore/health", headers={"Cookie": line})
        token = answer.cookies.get("_streamlit_xsrf")
        return {**jar, "_streamlit_xsrf": token.strip('"')} if token else jar

    def past_the_gate(self) -> Server:
        """The second port of a server of the kind `both`."""
        return Server(self.name, self.host, "ungated", self.port + 1)

    def _sign_in(self) -> dict[str, str]:
        script = (HERE / "signed_in.py").read_text(encoding="utf-8")
        kind = "gate" if self.kind == "both" else self.kind
        command = ["docker", "exec", "--interactive", self.name, "python", "-", kind]
        return dict(json.loads(run(command, stdin=script).stdout))


def start_database(project: Stack) -> None:
    """Start what an app needs, and nothing more: Postgres with roles and tables."""
    project.compose("up", "--detach", "--wait", "--no-build", "postgres", timeout=180)
    project.job("roles")
    project.job("migrate")


@contextmanager
def serve(project: Stack, app: str, *kinds: Kind) -> Iterator[list[Server]]:
    """Run `app` (a folder of apps/) on a fresh server of each kind, all at once, and wait until they answer."""
    host = project.app_url.removeprefix("https://")
    folder = project.directory / "apps" / app
    shutil.copytree(HERE / "apps" / app, folder, dirs_exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)  # where the volume is mounted
    with ExitStack() as stack:
        servers = []
        for kind in kinds:
            name = f"{project.project}-{app}-{kind}"
            stack.callback(run, ["docker", "rm", "--force", name], check=False)
            mounts = {folder: "/srv/app", HERE / "ungated.py": _UNGATED, HERE / "both.py": _BOTH}
            volumes = [f"--volume={here}:{there}:ro" for here, there in mounts.items()]
            # The name by which nginx finds the app is for the gate's alone.
            options = ["--detach", "--no-deps", "--name", name, *(["--use-aliases"] if kind == "gate" else [])]
            _compose(project, "run", *options, *volumes, "app", *_COMMANDS[kind])
            servers.append(Server(name, host, kind))
        for server in servers:
            stack.callback(server.http.close)
            until(server.answers, 40)
        yield servers


@contextmanager
def front(project: Stack) -> Iterator[Container]:
    """Run nginx before the gate's app, and wait until it leads there."""
    _compose(project, "up", "--detach", "--no-deps", "--no-build", "nginx")
    try:
        with project.http() as http:
            until(lambda: _leads_to_app(http, project.app_url), 20)
        yield Container(f"{project.project}-nginx-1")
    finally:
        _compose(project, "rm", "--force", "--stop", "nginx")


def _leads_to_app(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(f"{url}/_stcore/health").status_code == httpx.codes.UNAUTHORIZED
    except httpx.TransportError:
        return False


def _compose(project: Stack, *words: str) -> None:
    project.compose("--file", str(HERE / "compose.yaml"), "--progress", "quiet", *words)
