from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

# In a process of its own: loggers are global, and the order of imports is what matters.
SETUP = """
from gatehouse import logs
logs.configure()
import logging
import streamlit.logger
"""


def lines_of(code: str) -> list[dict[str, Any]]:
    result = subprocess.run(
        [sys.executable, "-c", SETUP + code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "HOME": "/nonexistent"},
    )
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    "logger",
    [
        "streamlit.logger.get_logger('streamlit.new')",
        "streamlit.logger.get_logger('uvicorn.error')",
        "logging.getLogger('mine')",
    ],
)
def test_each_library_logs_one_json_line_per_record(logger: str) -> None:
    (line,) = lines_of(f"{logger}.warning('hello %s', 'you')")
    assert line["message"] == "hello you"
    assert line["level"] == "WARNING"
    assert line["timestamp"].endswith("+00:00")


def test_a_traceback_stays_inside_its_line() -> None:
    (line,) = lines_of("try:\n    1/0\nexcept ZeroDivisionError:\n    logging.exception('failed')")
    assert "ZeroDivisionError" in line["exc_info"]


def test_plain_logs_are_for_a_persons_eyes() -> None:
    code = SETUP.replace("configure()", "configure(plain=True)")
    code += "try:\n    1/0\nexcept ZeroDivisionError:\n    logging.exception('failed')\n"
    code += "logging.getLogger('uvicorn.access').info('GET')\nlogging.getLogger('uvicorn.error').error('lost')"
    text = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    ).stdout
    assert "ERROR root: failed\nTraceback (most recent call last):\n" in text
    assert "GET" not in text
    assert "ERROR uvicorn.error: lost" in text


def test_warnings_are_logged() -> None:
    (line,) = lines_of("import warnings; warnings.warn('old')")
    assert "old" in line["message"]


def access(target: str, status: int = 200) -> str:
    arguments = ("10.0.0.9:1234", "GET", target, "1.1", status)
    return f"""logging.getLogger('uvicorn.access').info('%s - "%s %s HTTP/%s" %d', *{arguments!r})"""


def test_an_access_line_has_fields_and_no_query() -> None:
    (line,) = lines_of(access("/oauth2callback?code=CANARY&state=CANARY", 302))
    assert "CANARY" not in json.dumps(line)
    assert (line["client"], line["method"], line["path"], line["status"]) == ("10.0.0.9", "GET", "/oauth2callback", 302)


def test_a_websocket_line_has_no_query() -> None:
    arguments = ("10.0.0.9:1234", "/_stcore/stream?t=CANARY")
    (line,) = lines_of(f"""logging.getLogger('uvicorn.error').info('%s - "WebSocket %s" [accepted]', *{arguments!r})""")
    assert "CANARY" not in json.dumps(line)
    assert "/_stcore/stream" in line["message"]


def test_health_probes_are_not_logged() -> None:
    assert lines_of(access("/healthz") + "\n" + access("/healthz?x", 503)) == []


def test_a_requests_url_is_not_logged() -> None:
    assert lines_of("logging.getLogger('httpx').info('HTTP Request: GET https://id/x?code=1')") == []


def test_an_authors_own_handler_keeps_working() -> None:
    code = (
        "import io; s = io.StringIO(); h = logging.StreamHandler(s); l = logging.getLogger('mine'); l.addHandler(h)\n"
    )
    lines = lines_of(code + "l.error('one'); assert s.getvalue() == 'one\\n'")
    assert [line["message"] for line in lines] == ["one"]
    assert logging.getLogger("mine").handlers == []
