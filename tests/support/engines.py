"""Engines for tests of what asks them: their client is a script that answers from a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_CLIENT = """#!/usr/bin/env -S python3 -ISE
import json, pathlib, sys
answers = json.loads(pathlib.Path({answers!r}).read_text())
words = sys.argv[1:]
context = ""
if words[0] == "--context":
    context, words = words[1], words[2:]
for begin, (code, text) in answers.items():
    if f"{{context}}|{{' '.join(words)}}".startswith(begin):
        (sys.stdout if code == 0 else sys.stderr).write(text)
        sys.exit(code)
sys.stderr.write("Error: no such thing\\n")
sys.exit(1)
"""


class Engines:
    """What the client is answered: by context and the beginning of a command."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the client first in PATH."""
        self._file = folder / "answers.json"
        client = folder / "docker"
        client.write_text(_CLIENT.format(answers=str(self._file)), encoding="utf-8")
        client.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        self.answers: dict[str, tuple[int, str]] = {}

    def say(self, question: str, answer: object, code: int = 0) -> None:
        """Answer a question, written as `context|words`, from now on."""
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.answers.pop(question, None)
        # The last word on a question comes first.
        self.answers = {question: (code, text), **self.answers}
        self._file.write_text(json.dumps(self.answers), encoding="utf-8")
