"""Check one file: its name, its size, then its content by the kind that the name announces."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, TypeVar

from gatehouse.uploads.contents import what_else_it_is
from gatehouse.uploads.kind import Kind, Refused, Upload
from gatehouse.uploads.names import extension_of, safe_name

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

T = TypeVar("T", bound=Upload)

_log = logging.getLogger(__name__)
# So many files are parsed at a time in one process; what they may take of its memory is bounded only together.
_turns = threading.BoundedSemaphore(2)


def check(file: UploadedFile | bytes, *kinds: Kind[T], name: str = "") -> T:
    """Return what an uploaded file holds.

    Args:
        file: what `st.file_uploader`, `st.camera_input` or `st.chat_input` returned, or plain bytes.
        kinds: what is accepted, such as `Pdf(), Image()`.
        name: for bytes: what the file is called.

    Raises:
        Refused: if it is none of these kinds or beyond their bounds; its text is a sentence to show.
        ValueError: if no kind is given, or bytes without a name.
    """
    if not kinds or (isinstance(file, bytes) and not name):
        raise ValueError("check() needs a kind, such as uploads.Csv(), and for bytes a name")
    name = name or (file.name if not isinstance(file, bytes) else "")
    extension = extension_of(name)
    kind = next((kind for kind in kinds if extension in kind.extensions), None)
    if kind is None:
        raise Refused(f"Choose {_any_of(kinds)}; this file's name has another ending.")
    size = len(file) if isinstance(file, bytes) else file.size
    if not size:
        raise Refused("The file is empty.")
    if size > kind.max_mb * 1_000_000:
        raise Refused(f"The file is too large: {kind.label} may have up to {kind.max_mb:g} MB.")
    with _turns:
        return _parsed(
            kind, safe_name(name, extension), extension, file if isinstance(file, bytes) else file.getvalue()
        )


def _parsed(kind: Kind[T], name: str, extension: str, content: bytes) -> T:
    try:
        return kind.parse(name, content)
    except Refused as refusal:
        _log.info("upload refused: %s", refusal)
        raise
    except Exception as error:  # noqa: BLE001 -- a parser that is given what it cannot read may raise anything
        _log.info("upload refused: %s: %s", kind.label, type(error).__name__)
        what = what_else_it_is(content, extension)
    if what:
        raise Refused(f"The file's name ends in .{extension}, but it is {what}.")
    raise Refused(f"The file cannot be read as {kind.label}; it may be damaged or cut short.")


def _any_of(kinds: tuple[Kind[T], ...]) -> str:
    endings = [f".{extension}" for kind in kinds for extension in kind.extensions]
    return " or ".join(filter(None, [", ".join(endings[:-1]), endings[-1]]))
