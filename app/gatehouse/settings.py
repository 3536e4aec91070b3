"""Every setting and secret of the app's process: read in one place, validated, never printed."""

from __future__ import annotations

import os
import re
import stat
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# `secrets.token_urlsafe(32)`, which is what the prepare service writes.
GENERATED = re.compile(r"[A-Za-z0-9_-]{43}")
CERTIFICATES = re.compile(r".*-----BEGIN CERTIFICATE-----.+-----END CERTIFICATE-----\s*", re.DOTALL)

INSIDE = "postgres"
"""Name of the stack's own database; any other host is a database outside."""

# Far above any key, certificate chain or author's file; keeps a mistaken mount from being read into memory.
_MAX_SECRET_BYTES = 256 * 1024
_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Roles and databases that the stack has already (deploy/postgres/roles.sh).
_TAKEN = frozenset({"audit", "gate", "keycloak", "postgres", "public", "template0", "template1", "information_schema"})


class StartError(Exception):
    """Something that stops the start. `problems` holds one line for each fault: what is wrong; the remedy."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingsError(StartError):
    """One or more settings are wrong."""


class SecretError(StartError):
    """A secret is missing, empty, malformed or too open. Never holds the value."""


def _dns_name(value: str) -> str:
    """Accept a lower-case host name (RFC 1123 section 2.1) that still fits in 253 characters after `app.` or `id.`."""
    labels = value.split(".")
    # A name ending in digits is an IPv4 address to browsers (https://url.spec.whatwg.org/#ends-in-a-number-checker).
    if len(value) > 249 or labels[-1].isdigit() or not all(_DNS_LABEL.fullmatch(label) for label in labels):
        raise ValueError("not a lower-case DNS name; use one such as example.com, or localhost")
    return value


def _app_name(value: str) -> str:
    if value in _TAKEN or value.startswith("pg_"):
        raise ValueError("is taken by a database, schema or role of the stack; use another name")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of visible characters")
    return value


def _proxy(value: str) -> str:
    """Accept the address of an HTTP proxy, without a password: an environment variable is no place for one."""
    if not value:
        return value
    url = urlsplit(value)
    if "@" in url.netloc:
        raise ValueError("holds a user or password; move the whole line, quoted, to secrets/provided/secrets.toml")
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("is no proxy; write it like http://proxy.example.com:3128")
    return value


def _duration(value: object) -> object:
    """Read a duration as people write one, such as 30m."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value))
    if not match:
        raise ValueError("is no duration; write a whole number with s, m, h or d, such as 90s, 30m or 12h")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Settings(BaseSettings):
    """Settings from the environment. The defaults are those of the stack, so that none is needed to import."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    domain: Annotated[str, AfterValidator(_dns_name)] = "localhost"
    port: int = Field(default=8443, ge=1, le=65535)
    # Name of database, schema and OIDC client alike: a PostgreSQL identifier that needs no quotes (63 bytes at most).
    app_name: Annotated[str, AfterValidator(_app_name)] = Field(default="app", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    realm: str = Field(default="apps", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")

    # What the gate's pages call the app, and an image in its folder that they show instead.
    app_title: Annotated[str, Field(max_length=60), AfterValidator(_one_line)] = "the app"
    app_logo: str | None = None

    # The version that this process belongs to, on a cluster: which one serves is in the database (gate/release.py).
    release: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9-]{0,62})?$")

    # Set by `make dev` alone: the author's folder is mounted, changes in it run at once, errors are shown in full.
    dev: Literal["", "yes"] = ""

    # Megabytes for each uploaded file. Streamlit holds uploads in memory, and nginx lets no larger body through.
    max_upload_mb: int = Field(default=200, ge=1, le=2000)
    # Megabytes of uploads that one session may hold at a time. By default a quarter of what the process has for them,
    # so that four full sessions fit, and never less than one file.
    max_held_mb: int | None = Field(default=None, ge=1, le=100_000)
    # And files. A person uploads dozens at most; each costs some memory of its own, however small.
    max_held_files: int = Field(default=100, ge=1, le=10_000)

    # Whether the app reaches anything outside the stack, and what stands in between where it does.
    egress: Literal["closed", "open"] = "closed"
    https_proxy: Annotated[str, AfterValidator(_proxy)] = ""
    http_proxy: Annotated[str, AfterValidator(_proxy)] = ""
    no_proxy: str = ""
    # EGRESS_CA of .env, mounted; empty where none is set.
    egress_ca: Path = Path("/etc/gatehouse/egress-ca.crt")

    # Who signs people in: the stack's own Keycloak beside the providers of the author's [auth], or those alone.
    identity: Literal["", "external"] = ""

    # How long a session lives without its user acting, and at most; and how old the provider's last word may get.
    idle: Duration = timedelta(hours=2)
    absolute: Duration = timedelta(hours=12)
    # For a provider without refresh tokens, which can't be asked in the background.
    reauth: Duration = timedelta(hours=1)
    recheck: Duration = timedelta(seconds=60)
    # Sessions of one account; one more ends the oldest.
    max_sessions: int = Field(default=20, ge=1, le=1000)
    # Tabs of all users that this process serves at a time; one more is asked to come back.
    max_tabs: int = Field(default=500, ge=1, le=10_000)
    # Megabytes of one message of a tab. Streamlit refuses an event over 25 in its own way (server.maxWidgetStateSize);
    # beyond this the connection closes unread.
    max_message_mb: int = Field(default=32, ge=1, le=1000)

    # After which a run of a script is stopped; by default it may go on, as a page for a wall does.
    run_limit: Duration | None = None

    secrets_dir: Path = Path("/run/secrets")
    # Name of the mounted folder on the host, for messages: inside the container it is not known.
    secrets_folder: str = Field(default="app", pattern=r"^[a-z]+$")
    app_dir: Path = Path("/srv/app")
    # The one file of an app that is no folder.
    app_script: str = Field(default="", pattern=r"^[^/]*\.py$|^$")
    # Where the packages of the author's requirements.txt are (Dockerfile).
    packages_dir: Path = Path("/opt/author")
    runtime_dir: Path = Path("/run/gatehouse")

    database_host: str = Field(default=INSIDE, min_length=1)
    database_port: int = Field(default=5432, ge=1, le=65535)

    @model_validator(mode="after")
    def _idle_within_absolute(self) -> Settings:
        if self.idle > self.absolute:
            raise ValueError("IDLE is longer than ABSOLUTE; make it at most as long in .env")
        return self

    @model_validator(mode="after")
    def _dev_on_this_machine(self) -> Settings:
        if self.dev and self.domain != "localhost":
            raise ValueError("DEV is for DOMAIN=localhost alone, as errors are shown in full; use `make up`")
        return self

    def _url(self, name: str) -> str:
        port = "" if self.port == 443 else f":{self.port}"
        return f"https://{name}.{self.domain}{port}"

    @property
    def app_url(self) -> str:
        """Public origin of the app, without a trailing slash."""
        return self._url("app")

    @property
    def id_url(self) -> str:
        """Public origin of the identity provider, without a trailing slash."""
        return self._url("id")

    @property
    def issuer(self) -> str:
        """OIDC issuer, as it stands in every token's `iss`."""
        return f"{self.id_url}/realms/{self.realm}"

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser after a sign-in: Streamlit's own callback path."""
        return f"{self.app_url}/oauth2callback"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings, read from the environment once.

    Raises:
        SettingsError: with one line per wrong value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = []
        for fault in error.errors():
            if not fault["loc"]:
                problems.append(fault["msg"].removeprefix("Value error, "))
                continue
            name = "_".join(str(part) for part in fault["loc"]).upper()
            given = _without_password(str(fault["input"]))
            why = fault["msg"].removeprefix("Value error, ")
            # One line, whatever was given.
            shown = given if given.isprintable() else repr(given)
            problems.append(f"{name}={shown}: {why[0].lower()}{why[1:]}; correct it in .env")
        raise SettingsError(*problems) from None


def _without_password(value: str) -> str:
    return re.sub(r"//[^/]*@", "//…@", value)


def secret_path(name: str) -> Path:
    """Path of the secret file `name` inside this container."""
    return settings().secrets_dir / name


def read_secret(name: str, pattern: re.Pattern[str] = GENERATED) -> str:
    """Return the value in the secret file `name`, without its one optional trailing newline.

    Args:
        name: file name in the service's own folder of secrets.
        pattern: what the whole value must match.

    Raises:
        SecretError: if it is missing, unreadable, too open, not ours, empty or malformed.
    """
    remake = "put the right one back, or delete it and run `docker compose up`, which makes a new one"
    value = read_secret_file(name).removesuffix("\n").removesuffix("\r")
    if not value:
        raise _fault(name, "is empty", remake)
    if not pattern.fullmatch(value):
        raise _fault(name, "does not have the form expected of it", remake)
    return value


def read_secret_file(name: str) -> str:
    """Return the whole text of the secret file `name`, after checking that nobody else can read or write it.

    Raises:
        SecretError: if it is missing, unreadable, too open, not ours, too large or not text.
    """
    uid = os.geteuid()
    own = f"run `chown {uid}` and `chmod 0400` on it"
    try:
        # Non-blocking, so that a FIFO in its place cannot hang the start.
        descriptor = os.open(secret_path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _fault(name, "is missing", "run `docker compose up`, which makes it") from None
    except OSError as error:
        raise _fault(name, f"cannot be read ({error.strerror})", own) from None
    with open(descriptor, "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise _fault(name, "is not a file", "remove it and run `docker compose up`")
        if info.st_mode & 0o077:
            raise _fault(name, f"is too open (mode {stat.S_IMODE(info.st_mode):04o})", own)
        if info.st_uid != uid:
            raise _fault(name, f"belongs to uid {info.st_uid}, not {uid}", own)
        content = file.read(_MAX_SECRET_BYTES + 1)
    if len(content) > _MAX_SECRET_BYTES:
        raise _fault(name, f"is larger than {_MAX_SECRET_BYTES} bytes", "put the right one in its place")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _fault(name, "is not UTF-8 text", "put the right one in its place") from None


def _fault(name: str, fault: str, remedy: str) -> SecretError:
    return SecretError(f"secrets/{settings().secrets_folder}/{name}: {fault}; {remedy}")
