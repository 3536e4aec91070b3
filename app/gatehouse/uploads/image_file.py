"""PNG, JPEG and WebP: measured before they are decoded, and written anew from their pixels."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from typing import ClassVar, Literal

import PIL.Image
from PIL import ImageOps

from gatehouse.uploads.kind import Kind, Picture, Refused
from gatehouse.uploads.names import safe_name

Format = Literal["png", "jpeg", "webp"]

_EXTENSIONS = {"png": ("png",), "jpeg": ("jpg", "jpeg"), "webp": ("webp",)}
# What each format can hold of Pillow's modes; another is converted to the last of them.
_MODES = {"png": ("1", "L", "LA", "I;16", "RGB", "RGBA"), "jpeg": ("L", "RGB"), "webp": ("RGB", "RGBA")}
_LONGEST_SIDE = 16_000
# One at a time: 25 megapixels take 300 MB while they are turned and written.
_turn = threading.Lock()


@dataclass(frozen=True)
class Image(Kind[Picture]):
    """Photos and drawings, not moving ones. They are turned upright and lose metadata, such as where a photo was taken.

    `max_megapixels` counts width times height.
    """

    label: ClassVar[str] = "an image"
    max_mb: float = 10
    max_megapixels: float = 25
    formats: tuple[Format, ...] = ("png", "jpeg", "webp")

    @property
    def extensions(self) -> tuple[str, ...]:
        """Endings."""
        return tuple(extension for name in self.formats for extension in _EXTENSIONS[name])

    def parse(self, name: str, content: bytes) -> Picture:
        """Return the image."""
        announced = next(form for form, endings in _EXTENSIONS.items() if name.endswith(endings))
        # Opening reads the header alone. A JPEG of two pictures, as phones write, opens as MPO, at its first.
        with _turn, PIL.Image.open(io.BytesIO(content), formats=[announced]) as image:
            self._check_size(image)
            image.load()
            upright = ImageOps.exif_transpose(image) if image.getexif().get(0x0112, 1) != 1 else image
            return _written(upright, announced, name)

    def _check_size(self, image: PIL.Image.Image) -> None:
        width, height = image.size
        if width * height > self.max_megapixels * 1_000_000 or max(width, height) > _LONGEST_SIDE:
            raise Refused(
                f"The image is too large: {width:,} by {height:,} pixels; up to {self.max_megapixels:g} megapixels are"
                " accepted."
            )
        if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
            raise Refused("The image is animated; choose one that stands still.")


def _written(image: PIL.Image.Image, form: str, name: str) -> Picture:
    modes = _MODES[form]
    if image.mode not in modes:
        transparent = image.has_transparency_data and "RGBA" in modes
        image = image.convert("RGBA" if transparent else "RGB")
    # Pillow writes some of what it read here (comments, colour profiles, text) into what it saves.
    image.info = {}
    written = io.BytesIO()
    image.save(written, form, **({"quality": 90} if form != "png" else {}))
    extension = _EXTENSIONS[form][0]
    return Picture(
        safe_name(name, extension), written.getvalue(), f"image/{form}", width=image.width, height=image.height
    )
