"""Run a command for a test: bounded in time, output kept, failure readable."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout under test."""


class CommandError(AssertionError):
    """A command that had to succeed did not. The text holds the command, its exit code and its last output."""


def run(  # noqa: PLR0913 (the options are named, and few of them stand in one call)
    command: Sequence[str | Path],
    *,
    check: bool = True,
    timeout: float = 60,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """Run `command` and return its exit code with stdout and stderr as text.

    Args:
        check: raise if the exit code is not 0.
        timeout: seconds until it is killed.

    Raises:
        CommandError: if it failed (with `check`) or did not end in time.
    """
    __tracebackhide__ = True
    words = [str(word) for word in command]
    try:
        # A session of its own: Ctrl-C reaches pytest alone, which then takes down what it started in order.
        result = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(
            f"{' '.join(words)}: not done after {timeout:g} s\n{_tail(error.stdout, error.stderr)}"
        ) from None
    if check and result.returncode != 0:
        raise CommandError(f"{' '.join(words)}: exit {result.returncode}\n{_tail(result.stdout, result.stderr)}")
    return result


def _tail(*streams: str | bytes | None) -> str:
    texts = [stream.decode(errors="replace") if isinstance(stream, bytes) else stream or "" for stream in streams]
    return "\n".join(text[-4000:] for text in texts if text)
