"""Names of files: what one may not be called, and what a name becomes before it is shown or stored."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from gatehouse.uploads.kind import Refused

# Endings that somebody's server or desktop runs. Before the last dot they are a disguise: invoice.php.png
_RUN = re.compile(
    r"asp|aspx|bat|cgi|cmd|cpl|dll|docm|exe|hta|htm|html|jar|js|jse|jsp|lnk|mht|mhtml|msi|phar|php\d?|phtml|pl|ps1|py|"
    r"reg|scr|sh|shtml|svg|svgz|swf|vbe|vbs|wsf|wsh|xhtml|xlam|xlsb|xlsm|xltm"
)
# Characters that turn the direction of what follows: a name that reads "exe.pdf" may end in .exe
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NOT_SAFE = re.compile(r"[^\w .()+-]+")
# What Windows takes for a device, whatever follows the first dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST = 255


def extension_of(name: str) -> str:
    """Return the ending of a name in lower case, without the dot.

    Raises:
        Refused: if the name hides what the file is, or leads out of a folder.
    """
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name) or _TURNING.search(name):
        raise Refused("The file's name contains invisible characters; rename it and choose it again.")
    if "/" in name or "\\" in name:
        raise Refused("The file's name contains a slash; rename it and choose it again.")
    if len(name.encode()) > _LONGEST:
        raise Refused("The file's name is too long; give it a shorter one and choose it again.")
    stem, *inner, extension = name.split(".") if "." in name else (name, "")
    if not stem.strip():
        raise Refused("The file has no name before its ending; rename it and choose it again.")
    if any(_RUN.fullmatch(part.strip().lower()) for part in inner):
        raise Refused("The file's name has two endings; rename it so that it ends once, and choose it again.")
    return extension.lower()


def safe_name(name: str, extension: str = "") -> str:
    """Return `name` fit for display, storage and download: letters, digits and `_ .()+-`, at most 61 characters.

    Args:
        name: whatever somebody calls a file; never empty afterwards.
        extension: the ending it gets in place of its own, without the dot; its own stays if this is empty.
    """
    plain = unicodedata.normalize("NFKC", name)
    path = PurePath(_NOT_SAFE.sub("_", plain).strip(" ."))
    ending = f".{extension}" if extension else path.suffix[:20]
    # By code points, of which each takes at most 4 bytes: file systems take 255.
    stem = path.stem[: 60 - len(ending)].strip(" .-") or "file"
    return ("_" if _DEVICE.match(stem) else "") + stem + ending
