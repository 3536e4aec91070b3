"""A change of the author's secrets reaches the running app: Streamlit reads the merged file again, as on a laptop."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from threading import Thread

from gatehouse.author_files import author_secrets
from gatehouse.settings import Settings, StartError, secret_path
from gatehouse.streamlit_files import platform_auth, write_secrets

_SECONDS = 1.0
_State = tuple[int, int, int] | None

_log = logging.getLogger(__name__)


class Follower:
    """Looks at the author's file and writes Streamlit's anew when it has changed; a broken one changes nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._state: _State = (0, 0, 0)  # of no file: the first look compares, as the file may have changed meanwhile
        self._auth: object = None

    def start(self) -> None:
        """Look every second for as long as the process lives."""
        Thread(target=self._run, name="secrets", daemon=True).start()

    def look(self) -> None:
        """Look once."""
        state = _state()
        if state == self._state:
            return
        self._state = state
        try:
            author = author_secrets()
            changed = write_secrets(self._settings, author, platform_auth(self._settings))
        except StartError as error:
            for problem in error.problems:
                _log.error("%s; until then the app goes on with what it had", problem)
            return
        if changed:
            _log.info("secrets/provided/secrets.toml has changed; the app reads it now")
            self._tell_of_sign_in(author)
        self._auth = author.get("auth")

    def _tell_of_sign_in(self, author: Mapping[str, object]) -> None:
        if author.get("auth") != self._auth:
            _log.warning("its [auth] has changed: the sign-in follows after `docker compose restart app`")

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except OSError:
                _log.exception("the author's secrets could not be followed; the next look is in a second")
            time.sleep(_SECONDS)


def _state() -> _State:
    try:
        found = secret_path("author.toml").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
