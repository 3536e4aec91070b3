"""What a kind of file is, and what an author gets of one that was accepted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID, uuid4

import pandas as pd


class Refused(ValueError):  # noqa: N818 -- it is the answer to a file, not a fault of the script
    """A file is not accepted. Its text is one sentence for the person who chose the file; it quotes nothing of it."""


@dataclass(frozen=True)
class Upload:
    """A file that was accepted. `name` is safe to show, to store and to offer for download."""

    name: str

    def again(self) -> Self:
        """Return this for another run of the script, which may change what it gets."""
        return self


@dataclass(frozen=True)
class File(Upload):
    """A file to keep: its bytes, their MIME type, and a random `id` to store them under instead of the name."""

    content: bytes = field(repr=False)
    mime: str
    id: UUID = field(default_factory=uuid4, kw_only=True, repr=False)


@dataclass(frozen=True)
class Picture(File):
    """An image, written anew from its pixels: no metadata, nothing that was appended. Sizes are in pixels."""

    width: int
    height: int


@dataclass(frozen=True)
class Document(File):
    """A PDF as it came, without scripts, actions or attachments."""

    pages: int


@dataclass(frozen=True)
class Table(Upload):
    """The rows of a CSV or XLSX file under their headings. Empty cells are missing values.

    `lines`: for each row of `frame`, the line of the file, or the row of the sheet, where it begins.
    """

    frame: pd.DataFrame = field(repr=False)
    lines: tuple[int, ...] = field(repr=False)

    def again(self) -> Self:
        """Return the table with a frame of its own."""
        # Shallow: since pandas 3, writing to one of the two copies what is written to.
        return replace(self, frame=self.frame.copy(deep=False))


@dataclass(frozen=True)
class Data(Upload):
    """What a JSON file holds, as Python's own types."""

    value: Any = field(repr=False)

    def again(self) -> Self:
        """Return the data with a value of its own."""
        return replace(self, value=deepcopy(self.value))


Result_co = TypeVar("Result_co", bound=Upload, covariant=True)


class Kind(ABC, Generic[Result_co]):
    """A kind of file that a page accepts, with its bounds. `max_mb` is in megabytes of 1,000,000 bytes."""

    label: ClassVar[str]
    max_mb: float

    @property
    @abstractmethod
    def extensions(self) -> Sequence[str]:
        """The endings of a name that announce this kind: in lower case, without the dot."""

    @abstractmethod
    def parse(self, name: str, content: bytes) -> Result_co:
        """Return what `content` holds; `name` is safe already.

        Raises:
            Refused: if it is not of this kind or beyond its bounds. Whatever else a parser raises means the same.
        """
