"""Settings and secrets of the jobs that speak to Keycloak."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.keycloak.errors import JobError

GENERATED = re.compile(r"[A-Za-z0-9_-]{43}")
"""`secrets.token_urlsafe(32)`, which is what prepare writes."""

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1123
_REMAKE = "put the file back, or remove it and start again so that prepare makes a new one"


class Settings(BaseSettings):
    """Settings from the environment; the defaults are those of the stack."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    domain: str = Field(default="localhost", pattern=rf"^{_LABEL}(\.{_LABEL})*$", max_length=249)
    port: int = Field(default=8443, ge=1, le=65535)
    app_name: str = Field(default="app", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    app_title: str = Field(default="", max_length=200)  # what people call the app
    realm: str = Field(default="apps", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")

    keycloak_url: str = "http://keycloak:8080"
    keycloak_patience: float = Field(default=180, gt=0)  # seconds
    secrets_dir: Path = Path("/run/secrets")
    secrets_folder: str = "reconcile"  # its name on the host, for messages
    demo_dir: Path = Path("/run/demo")
    app_dir: Path = Path("/srv/app")
    app_script: str = ""  # the one file of an app that is no folder

    @property
    def app_url(self) -> str:
        """Public origin of the app."""
        return self._url("app")

    @property
    def id_url(self) -> str:
        """Public origin of the identity provider."""
        return self._url("id")

    def _url(self, name: str) -> str:
        return f"https://{name}.{self.domain}" + ("" if self.port == 443 else f":{self.port}")

    def secret(self, name: str) -> str:
        """The value in a secret file. Raises JobError if the file is not exactly what prepare writes."""
        shown, path = f"secrets/{self.secrets_folder}/{name}", self.secrets_dir / name
        try:
            file = open(path, "rb", opener=_open)  # noqa: SIM115 (closed below)
        except FileNotFoundError:
            raise JobError(f"{shown}: missing; {_REMAKE}") from None
        except IsADirectoryError:
            raise JobError(f"{shown}: not a plain file; remove it and start again") from None
        except OSError as error:
            raise JobError(f"{shown}: cannot be read, {error.strerror}; {_REMAKE}") from None
        with file:
            status = os.fstat(file.fileno())
            mode = stat.S_IMODE(status.st_mode)
            if not stat.S_ISREG(status.st_mode):
                raise JobError(f"{shown}: not a plain file; remove it and start again")
            if status.st_uid != os.geteuid():
                raise JobError(f"{shown}: belongs to uid {status.st_uid}; chown {os.geteuid()} {shown}")
            if mode & 0o077:
                raise JobError(f"{shown}: too open, mode {mode:04o}; chmod 0400 {shown}")
            text = file.read(1024).decode(errors="replace").removesuffix("\n")
        if not text:
            raise JobError(f"{shown}: empty; {_REMAKE}")
        if not GENERATED.fullmatch(text):
            raise JobError(f"{shown}: malformed; {_REMAKE}")
        return text


def _open(path: str, flags: int) -> int:
    # No link is followed, and a FIFO in its place cannot hang the job.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def load() -> Settings:
    """Read the settings. Raises JobError with one line for each that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise JobError(
            "\n".join(
                f"{str(fault['loc'][0]).upper()}={fault['input']!r}: {fault['msg']}; correct it in .env"
                for fault in error.errors()
            )
        ) from None
