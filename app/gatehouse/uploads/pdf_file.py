"""PDF: read in a process of its own, with little memory and time, and refused if anything in it acts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ClassVar

from gatehouse.uploads.kind import Document, Kind, Refused

_READER = Path(__file__).with_name("pdf_reader.py")
_SECONDS = 20
# One at a time: each may take the 350 MB that the reader allows itself.
_turn = threading.Lock()
_REASONS = {
    "encrypted": "The PDF is protected by a password; save it without one.",
    "script": "The PDF contains scripts; print it to a new PDF and choose that one.",
    "action": "The PDF starts something when it is opened or clicked; print it to a new PDF and choose that one.",
    "attachment": "The PDF has other files in it; print it to a new PDF and choose that one.",
    "form": "The PDF is a form of a kind that runs; print it to a new PDF and choose that one.",
    "many": "The PDF is too complicated; print it to a new PDF and choose that one.",
}


@dataclass(frozen=True)
class Pdf(Kind[Document]):
    """PDFs that only show something: no scripts, actions, attachments or password. Plain links are fine."""

    label: ClassVar[str] = "a PDF"
    max_mb: float = 10
    max_pages: int = 500

    @property
    def extensions(self) -> tuple[str, ...]:
        """Endings."""
        return ("pdf",)

    def parse(self, name: str, content: bytes) -> Document:
        """Return the PDF."""
        if not content.startswith(b"%PDF-"):
            raise ValueError("no PDF")
        # Another program may read the same file from its end, as another kind.
        if not content.rstrip(b"\0\t\n\f\r ").endswith(b"%%EOF"):
            raise Refused("The PDF is cut short, or something was appended to it; print it to a new PDF.")
        if zipfile.is_zipfile(BytesIO(content)):
            raise Refused("The PDF is an archive at the same time.")
        pages = _pages(content)
        if not 1 <= pages <= self.max_pages:
            raise Refused(f"The PDF has {pages:,} pages; 1 to {self.max_pages:,} are accepted.")
        return Document(name, content, "application/pdf", pages=pages)


def _pages(content: bytes) -> int:
    """Ask the reader, which inherits no environment and finds no code in the working directory."""
    try:
        with _turn:
            done = subprocess.run(  # noqa: S603 -- our own file, by our own interpreter
                [sys.executable, "-I", str(_READER)],
                input=content,
                capture_output=True,
                timeout=_SECONDS,
                check=True,
                env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
            )
    except subprocess.TimeoutExpired:
        raise Refused(_REASONS["many"]) from None
    answer = json.loads(done.stdout)
    if reason := answer.get("refused"):
        raise Refused(_REASONS[reason])
    return int(answer["pages"])
