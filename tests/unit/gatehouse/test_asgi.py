from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gatehouse.settings import settings
from gatehouse.streamlit_files import platform_auth, write_config, write_secrets

WriteSecret = Callable[[str, str], Path]

# In a process of its own: Streamlit reads its options once.
CODE = """
from gatehouse.settings import StartError
try:
    import gatehouse.asgi
except StartError as error:
    print(*error.problems, sep="\\n")
"""


def imported(home: Path, folder: Path) -> str:
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", CODE]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_it_serves_nothing_when_streamlit_does_not_follow_the_platform(place: Path) -> None:
    (place / "app/main.py").touch()
    lines = imported(place, place / "app").splitlines()
    assert any(
        "does not follow client.showErrorDetails; start with `python -m gatehouse.serve`" in line for line in lines
    )
    assert any("does not follow secrets.files" in line for line in lines)


def test_an_authors_option_that_slipped_through_is_noticed(place: Path, write_secret: WriteSecret) -> None:
    write_config(settings())
    for name in ("session_key", "client_secret", "cookie_secret"):
        write_secret(name, "A" * 43)
    write_secrets(settings(), {}, platform_auth(settings()))
    (place / "app/main.py").touch()
    assert imported(place / "runtime", place / "app") == ""
    (place / "app/.streamlit").mkdir()
    (place / "app/.streamlit/config.toml").write_text("[server]\nenableXsrfProtection = false", encoding="utf-8")
    (line,) = imported(place / "runtime", place / "app").splitlines()
    assert "does not follow server.enableXsrfProtection" in line
