"""How the gate's pages look like the app's: its name, its picture, its colour."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_MAX_PICTURE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Brand:
    """What the pages show of the app. `logo`: a data: URL (see `picture`); `colour`: #rrggbb, for buttons.

    Raises:
        ValueError: if the colour has another form: it is written into a style sheet.
    """

    name: str
    logo: str | None = None
    colour: str = "#0f766e"

    def __post_init__(self) -> None:
        """Refuse what is no colour."""
        if not _COLOUR.fullmatch(self.colour):
            raise ValueError("colour: must be written as #rrggbb")

    @property
    def text_colour(self) -> str:
        """White, or black where white could not be read on `colour`: at least 4.5 to 1, WCAG 2.2 section 1.4.3."""
        parts = (int(self.colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        return "#ffffff" if 1.05 / (luminance + 0.05) >= 4.5 else "#000000"


def picture(path: Path) -> str:
    """Return an image file as a data: URL, so that a page needs no other request than for itself and its style.

    Raises:
        ValueError: if it is missing, larger than 64 KiB, or no SVG, PNG, WebP or JPEG by its name; says which.
    """
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        raise ValueError(f"{path.name}: must be an SVG, PNG, WebP or JPEG file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name}: cannot be read ({error.strerror})") from None
    if len(data) > _MAX_PICTURE_BYTES:
        raise ValueError(f"{path.name}: larger than {_MAX_PICTURE_BYTES // 1024} KiB")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
