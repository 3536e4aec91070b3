"""The table [content] of policy.toml: what the app's pages may load from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# One label at least stays beside a star's own two: `https://*.com` would be everybody's.
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"(?::[1-9][0-9]{0,4})?"
ORIGIN = re.compile(rf"https://(?:\*\.)?{_HOST}{_PORT}")
SOCKET = re.compile(rf"wss://(?:\*\.)?{_HOST}{_PORT}")
_HASH = re.compile(r"sha(256-[A-Za-z0-9+/_-]{43}=|384-[A-Za-z0-9+/_-]{64}|512-[A-Za-z0-9+/_-]{86}==)")


def _origin(text: str) -> str:
    if not ORIGIN.fullmatch(text):
        raise ValueError(f'{text!r} is no https origin; write one such as "https://cdn.example.com", without a path')
    return text


def _script(text: str) -> str:
    if "eval" in text:
        raise ValueError(f"{text!r} would run text as code, which no page may; use a component that does without")
    if "unsafe-inline" in text:
        raise ValueError(f"{text!r} belongs elsewhere; write inline-scripts = true")
    return text if _HASH.fullmatch(text) else _origin(text)


def _peer(text: str) -> str:
    return text if SOCKET.fullmatch(text) else _origin(text)


_Origins = list[Annotated[str, Field(strict=True), AfterValidator(_origin)]]


class Content(BaseModel):
    """Origins by directive (https://www.w3.org/TR/CSP3/#directives-fetch), beside those that every page may use."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"))

    script_src: list[Annotated[str, Field(strict=True), AfterValidator(_script)]] = Field(default=[], max_length=50)
    style_src: _Origins = Field(default=[], max_length=50)
    img_src: _Origins = Field(default=[], max_length=50)
    font_src: _Origins = Field(default=[], max_length=50)
    media_src: _Origins = Field(default=[], max_length=50)
    connect_src: list[Annotated[str, Field(strict=True), AfterValidator(_peer)]] = Field(default=[], max_length=50)
    frame_src: _Origins = Field(default=[], max_length=50)
    worker_src: _Origins = Field(default=[], max_length=50)
    inline_scripts: bool = Field(default=False, strict=True)

    def additions(self) -> Mapping[str, list[str]]:
        """Return what was written, by directive, as a browser reads it."""
        found: dict[str, list[str]] = self.model_dump(by_alias=True, exclude={"inline_scripts"})
        return {name: [f"'{one}'" if _HASH.fullmatch(one) else one for one in given] for name, given in found.items()}


DIRECTIVES = frozenset(Content().additions())
"""The directives that an author may add to."""
