"""secrets/provided/acme.toml: what an authority or a name server wants to know beside the settings in .env."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"({_LABEL}\.)*{_LABEL}\.?")


def _base64(value: str) -> str:
    try:
        decoded = base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        decoded = b""
    if len(decoded) < 16:
        raise ValueError("is not the base64 of a key of at least 16 bytes")
    return value


def _key_name(value: str) -> str:
    if len(value) > 253 or not _NAME.fullmatch(value):
        raise ValueError("is not the name of a key")
    return value


def _server(value: str) -> str:
    if not value or len(value) > 253 or re.search(r"[^A-Za-z0-9.:_-]", value):
        raise ValueError("is not a name or address of a name server")
    return value


class Account(BaseModel):
    """External account binding (RFC 8555 section 7.3.4): how an authority knows whose customer asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key_id: Annotated[str, Field(min_length=1, max_length=1024)]
    hmac_key: Annotated[str, AfterValidator(_base64)]


class Dns(BaseModel):
    """A name server that takes dynamic updates (RFC 2136), signed with a TSIG key (RFC 8945)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: Annotated[str, AfterValidator(_server)]
    port: Annotated[int, Field(ge=1, le=65535)] = 53
    key_name: Annotated[str, AfterValidator(_key_name)]
    key_secret: Annotated[str, AfterValidator(_base64)]
    key_algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"


class Options(BaseModel):
    """All of the file; each table is optional."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Account | None = None
    dns: Dns | None = None


def parse(content: bytes) -> Options:
    """What the file says. Raises ValueError with what is wrong and where, never with a value: they are secrets."""
    try:
        return Options.model_validate(tomllib.loads(content.decode()))
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        raise ValueError(f"is not TOML at {place[1] if place else 'an unknown place'}") from None
    except ValidationError as invalid:
        faults = (f"{'.'.join(map(str, fault['loc']))} {_words(fault['msg'])}" for fault in invalid.errors())
        raise ValueError("; ".join(faults)) from None


def _words(message: str) -> str:
    return message.removeprefix("Value error, ").lower() if message else "is wrong"
