"""ZIP archives, judged by their directory before anything in them is unpacked."""

from __future__ import annotations

import io
import re
import zipfile

from gatehouse.uploads.kind import Refused

_MOST_ENTRIES = 1_000
_ENCRYPTED = 0x1
_END = b"PK\x05\x06"
_END_LENGTH = 22
# Deflate gets at most 1,032 to 1. A sheet of one value repeated gets 200.
_HIGHEST_RATIO = 300
_SMALL = 1_000_000


def opened(content: bytes, *, max_unpacked: int) -> zipfile.ZipFile:
    """Return the archive that `content` is, from its first byte to its last.

    Reading an entry yields no more bytes than the directory says, so what is counted here holds.

    Args:
        content: the archive.
        max_unpacked: bytes that all entries may have together.

    Raises:
        Refused: if it is built to harm whoever unpacks it.
        zipfile.BadZipFile: if it is no archive.
    """
    if not content.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile
    if content[-_END_LENGTH:][:4] != _END:
        raise Refused("Something was appended to the file, or it is cut short.")
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise Refused("The file holds too many parts.")
    if len({entry.filename.lower() for entry in entries}) < len(entries):
        raise Refused("The file holds two parts of one name.")
    if min((entry.header_offset for entry in entries), default=1):
        raise Refused("Something was put in front of the file's content.")
    if sum(entry.file_size for entry in entries) > max_unpacked:
        raise Refused(f"The file is too large when unpacked: up to {max_unpacked // 1_000_000} MB are accepted.")
    for entry in entries:
        _check(entry)
    return archive


def _check(entry: zipfile.ZipInfo) -> None:
    # As it stands in the archive: Python's own reading ends at a NUL.
    name = entry.orig_filename
    if name.startswith(("/", "\\")) or re.search(r"(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f\\]|^[A-Za-z]:", name):
        raise Refused("The file holds a part whose name leads out of it.")
    if entry.flag_bits & _ENCRYPTED:
        raise Refused("The file is encrypted; save it without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("The file is packed in an unusual way; save it anew.")
    if entry.file_size > _SMALL and entry.file_size > _HIGHEST_RATIO * max(entry.compress_size, 1):
        raise Refused("The file is packed in a way that unpacks to far more than it is.")
    if name.lower().endswith((".zip", ".xlsx", ".xlsm", ".docx", ".jar", ".gz", ".7z", ".rar")):
        raise Refused("The file holds another archive.")
