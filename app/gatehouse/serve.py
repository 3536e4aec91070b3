"""Start the app: `python -m gatehouse.serve` checks everything, prepares what Streamlit reads, and serves."""

from __future__ import annotations

import logging
import os
import signal
import site
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from gatehouse import dangerous_calls, egress, logs, warming
from gatehouse.author_files import (
    author_secrets,
    check_author_config,
    check_script,
    entry_script,
    refuse_secrets_beside_code,
)
from gatehouse.secrets_follower import Follower
from gatehouse.settings import CERTIFICATES, StartError, read_secret, settings
from gatehouse.streamlit_files import platform_auth, platform_options, write_ca_bundle, write_config, write_secrets

T = TypeVar("T")

_MEBIBYTE = 1024 * 1024
_log = logging.getLogger(__name__)


def prepare() -> Path:
    """Check settings, secrets and the author's files, write what Streamlit reads, and return the entry script.

    Raises:
        StartError: with every problem found, not just the first.
    """
    config = settings()
    problems: list[str] = []

    def attempt(step: Callable[[], T]) -> T | None:
        try:
            return step()
        except StartError as error:
            problems.extend(error.problems)
            return None

    script = attempt(lambda: entry_script(config.app_dir, config.app_script))
    if script and not config.dev:  # while it is written, its author is who looks
        attempt(lambda: check_script(script))
    attempt(lambda: refuse_secrets_beside_code(config.app_dir))
    attempt(lambda: check_author_config(config.app_dir, platform_options(config)))
    author = attempt(author_secrets)
    auth = attempt(lambda: platform_auth(config))
    for password in ("app_a_password", "gate_password"):
        attempt(lambda name=password: read_secret(name))  # type: ignore[misc]
    attempt(lambda: read_secret("database_ca.crt", CERTIFICATES))
    bundle = attempt(lambda: write_ca_bundle(config))
    attempt(lambda: write_config(config))
    if problems or script is None or author is None or auth is None or bundle is None:
        raise StartError(*problems)
    write_secrets(config, author, auth)

    # Streamlit looks for its files in HOME and in the working directory, and a script for its own beside itself.
    os.environ["HOME"] = str(config.runtime_dir)
    os.chdir(config.app_dir)
    sys.path.insert(0, str(config.app_dir))
    sys.argv = [str(script)]
    # After the platform's packages, so that none of the same name takes their place; here alone, and not in its jobs.
    for packages in config.packages_dir.glob("lib/python*/site-packages"):
        site.addsitedir(str(packages))
    # Read when a client is made, and in place of the built-in list: by OpenSSL and httpx, and by requests.
    os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)
    egress.set_proxy(config)
    # A header line of 8 KiB, the default, is shorter than the cookies of a sign-in with many claims: the websocket
    # would hang (https://github.com/streamlit/streamlit/issues/14290). Read when websockets is imported.
    os.environ["WEBSOCKETS_MAX_LINE_LENGTH"] = "65536"
    return script


def _warn_of_code() -> None:
    """Log each call in the author's scripts that runs whatever it reads; `make up` prints them, too."""
    for call in dangerous_calls.find(settings().app_dir):
        _log.warning("app folder: %s:%d: %s: %s", call.path, call.line, call.call, call.instead)


def _serve() -> None:
    # Imported only now: they read the environment and install loggers when they are imported.
    import uvicorn  # noqa: PLC0415

    from gatehouse.asgi import app  # noqa: PLC0415
    from gatehouse.gate.strain import check_start  # noqa: PLC0415
    from gatehouse.gate.unfinished import BoundedWebSocket  # noqa: PLC0415
    from gatehouse.health import route as health  # noqa: PLC0415

    _warn_of_code()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            # Before it listens: healthy is only who is warm.
            warming.load(settings().app_dir)
            check_start()
            await super().startup(sockets)
            warming.freeze()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            health.stopping.set()
            super().handle_exit(sig, frame)

    # uvicorn raises the signal again after a graceful stop; that is a success, not death by signal.
    signal.signal(signal.SIGTERM, _exit_well)
    Server(
        uvicorn.Config(
            app,
            host="0.0.0.0",  # noqa: S104 - the container's own networks; only nginx publishes a port
            port=8501,
            loop="uvloop",
            http="httptools",
            ws=BoundedWebSocket,
            lifespan="on",
            ws_max_size=settings().max_message_mb * _MEBIBYTE,
            ws_ping_interval=30,
            ws_ping_timeout=30,
            ws_per_message_deflate=False,
            log_config=None,
            server_header=False,
            # Nobody but nginx can reach this port, and nginx replaces the header instead of adding to it.
            proxy_headers=True,
            forwarded_allow_ips="*",
            # Longer than nginx keeps an idle connection (60 s), or it would send a request into a closed one.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
        )
    ).run()


def _exit_well(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


def main() -> None:
    """Entry point. Exits with 1 and one line per problem if something is not right."""
    os.umask(0o077)
    try:
        prepare()
        logs.configure(plain=bool(settings().dev))
        Follower(settings()).start()
        _serve()
    except StartError as error:
        print(*(f"Error: {problem}" for problem in error.problems), sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
