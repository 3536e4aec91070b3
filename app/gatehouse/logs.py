"""Logs as JSON lines on standard output, in UTC, from every library alike and without anything private."""

from __future__ import annotations

import logging
import logging.config
import sys

from pythonjsonlogger.core import RESERVED_ATTRS

# Loggers of libraries that install handlers of their own and stop propagation, Streamlit's each time it makes one.
_OWN_HANDLERS = ("streamlit", "uvicorn", "websockets")
_ACCESS_LOG = "uvicorn.access"


class _RootLogger(logging.Logger):
    """A logger whose records reach the root's handlers alone, whatever a library attaches to it."""

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Pass the record to the root logger if it is one of those libraries', else as usual."""
        if self.name.partition(".")[0] in _OWN_HANDLERS:
            logging.root.callHandlers(record)
        else:
            super().callHandlers(record)


def _without_private(record: logging.LogRecord) -> bool:
    """Drop health probes; cut query strings, which carry authorization codes, from the server's own lines."""
    if record.name == _ACCESS_LOG and isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, target, _, status = record.args
        path = str(target).partition("?")[0]
        if path == "/healthz":
            return False
        record.msg, record.args = "%s %s %s", (method, path, status)
        record.client, record.method, record.path, record.status = str(client).rpartition(":")[0], method, path, status
    elif "WebSocket %s" in str(record.msg) and isinstance(record.args, tuple):
        record.args = tuple(str(arg).partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


def _with_request_id(record: logging.LogRecord) -> bool:
    """Add the id under which nginx knows the request."""
    # Loaded with the gate, and not by this: it imports Streamlit, whose loggers must come after `configure`.
    module = sys.modules.get("gatehouse.gate.request_id")
    if module is not None and (known := module.current()):
        record.request_id = known
    return True


def configure(level: str = "INFO", *, plain: bool = False) -> None:
    """Send all logs to standard output. Call it before Streamlit and uvicorn are imported.

    Args:
        level: the least that is logged.
        plain: for an author's eyes, in place of JSON, and without a line for each request.
    """
    logging.setLoggerClass(_RootLogger)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "fmt": "%(levelname)s %(name)s %(message)s",
                    "rename_fields": {"levelname": "level", "name": "logger"},
                    "timestamp": True,
                    "reserved_attrs": [*RESERVED_ATTRS, "color_message"],
                },
                "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%H:%M:%S"},
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "plain" if plain else "json",
                    "filters": [_without_private, _with_request_id],
                }
            },
            "root": {"level": level, "handlers": ["stdout"]},
            "loggers": {
                # At INFO it logs the whole URL of each request.
                "httpx": {"level": "WARNING"},
                "uvicorn": {"level": "WARNING" if plain else "NOTSET"},
            },
        }
    )
    logging.captureWarnings(capture=True)
    # What the script prints is seen at once, not when a buffer is full.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)
