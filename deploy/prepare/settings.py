"""The settings that secrets and certificates depend on, validated with one clear line for each that is wrong."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# RFC 1123 labels. "app." stands before the name, and a whole name has at most 253 characters.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253 - len("app.")
# Browsers read a name that ends in a number as an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Words for the authorities that most will want; any other is named by the URL of its directory.
AUTHORITIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
# tls-alpn-01 is left out: nginx would have to hand that handshake on before it knows the name.
CHALLENGES = ("http-01", "dns-01")


class InvalidSettingsError(Exception):
    """One line for each setting that is wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _domain(value: str) -> str:
    if value != value.lower():
        raise ValueError("must be lower-case; write it so")
    labels = value.split(".")
    if len(value) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("is not a DNS name; write localhost, or one such as apps.example.org without scheme and port")
    if _NUMBER.fullmatch(labels[-1]):
        raise ValueError("is not a DNS name but an address; app.DOMAIN and id.DOMAIN need a name")
    if value == "internal":
        raise ValueError("is reserved; use a name below it, such as apps.internal")
    return value


def _port(value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", value) or int(value) > 65535:
        raise ValueError("is not a port; use a whole number from 1 to 65535")
    return int(value)


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise ValueError("is not an IP address; use 127.0.0.1, or 0.0.0.0 for every interface") from None
    return value


def _directory(value: str) -> str:
    try:
        parts = urlsplit(AUTHORITIES.get(value, value))
        whole = parts.scheme == "https" and bool(parts.hostname) and not parts.username and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if value and (not whole or re.search(r"\s", value)):
        raise ValueError(
            f"is no ACME authority; use {' or '.join(AUTHORITIES)}, or the https:// URL of another's directory"
        )
    return AUTHORITIES.get(value, value)


def _email(value: str) -> str:
    if value and not re.fullmatch(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\".]+", value):
        raise ValueError("is not one e-mail address; write it like ops@example.org, or leave it out")
    return value


def _challenge(value: str) -> str:
    if value and value not in CHALLENGES:
        raise ValueError(f"is no challenge; use {' or '.join(CHALLENGES)}")
    return value or CHALLENGES[0]


class Settings(BaseSettings):
    """What the operator sets in .env or the environment; the defaults are those of compose.yaml."""

    model_config = SettingsConfigDict(case_sensitive=True, validate_default=True)

    DOMAIN: Annotated[str, BeforeValidator(_domain)] = "localhost"
    PORT: Annotated[int, BeforeValidator(lambda value: _port(str(value)))] = 8443
    HTTP_PORT: Annotated[int, BeforeValidator(lambda value: _port(str(value)))] = 8080
    BIND: Annotated[str, BeforeValidator(_address)] = "127.0.0.1"
    ACME: Annotated[str, BeforeValidator(_directory)] = ""  # the directory's URL; empty: no certificate by ACME
    ACME_EMAIL: Annotated[str, BeforeValidator(_email)] = ""
    ACME_CHALLENGE: Annotated[str, BeforeValidator(_challenge)] = CHALLENGES[0]
    DATABASE_CA: str = ""  # PEM, of a database outside; checked by who gives it (deploy/cluster/database.py)
    SECRETS_DIR: Path = Path("/secrets")

    @field_validator("HTTP_PORT")
    @classmethod
    def _another_port(cls, value: int, info: ValidationInfo) -> int:
        if value == info.data.get("PORT"):
            raise ValueError("is PORT too; give HTTP_PORT another number")
        return value

    @field_validator("BIND")
    @classmethod
    def _stay_on_this_machine(cls, value: str, info: ValidationInfo) -> str:
        # Under localhost there are demo users, and no HSTS: nothing for a network.
        if info.data.get("DOMAIN") == "localhost" and not ipaddress.ip_address(value).is_loopback:
            raise ValueError("must stay 127.0.0.1 while DOMAIN=localhost; set DOMAIN to a real name to serve a network")
        return value

    @field_validator("ACME")
    @classmethod
    def _a_name_of_the_public(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("DOMAIN") == "localhost":
            raise ValueError("has no certificate for localhost; set DOMAIN to a name of your own, or leave ACME out")
        return value

    @property
    def names(self) -> tuple[str, str]:
        """The two public names."""
        return f"app.{self.DOMAIN}", f"id.{self.DOMAIN}"


def load() -> Settings:
    """Read the settings from the environment. Raises InvalidSettingsError."""
    try:
        return Settings()
    except ValidationError as invalid:
        # pydantic puts "Value error, " before a validator's own words.
        raise InvalidSettingsError(
            [
                f"{fault['loc'][0]}={fault['input']!r} {fault['msg'].removeprefix('Value error, ')}"
                for fault in invalid.errors()
            ]
        ) from None
