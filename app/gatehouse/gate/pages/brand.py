"""How the gate's pages look like the app's: its name, its picture, its colour."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from gatehouse.settings import StartError

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


def brand_of(title: str, logo: str | None, colour: object, folder: Path) -> Brand:
    """Return the looks of an app.

    Args:
        title: what people call it.
        logo: path of an image in its folder, if it has one.
        colour: its theme's primaryColor; one that is not written as #rrggbb is left out, though Streamlit may know it.
        folder: the author's.

    Raises:
        StartError: if the logo cannot be used.
    """
    looks = {"colour": colour} if isinstance(colour, str) and _COLOUR.fullmatch(colour) else {}
    try:
        return Brand(title, picture(folder, logo) if logo else None, **looks)
    except ValueError as fault:
        raise StartError(f"APP_LOGO={logo}: {fault}; correct it in .env") from None


def picture(folder: Path, name: str) -> str:
    """Return an image of the author's as a data: URL, so that a page needs no request that a stranger may not make.

    Args:
        folder: the author's.
        name: path of the image below it.

    Raises:
        ValueError: if it is outside the folder, missing, larger than 64 KiB, or no SVG, PNG, WebP or JPEG by its name.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("must be a file in the app folder")
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        raise ValueError("must be an SVG, PNG, WebP or JPEG file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    if len(data) > _MAX_PICTURE_BYTES:
        raise ValueError(f"larger than {_MAX_PICTURE_BYTES // 1024} KiB")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
