"""What may stand in a provider's table: Streamlit's keys, Authlib's and httpx's that Streamlit passes on, and ours."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import ErrorDetails

AuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]

# Each of these is the gate's own in every request; another value would undo a check.
_OWN = frozenset(
    {"state", "nonce", "redirect_uri", "client_id", "client_secret", "response_type", "response_mode"}
    | {"code", "code_verifier", "code_challenge", "code_challenge_method", "grant_type", "request", "request_uri"}
)
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def secure_url(value: str) -> str:
    """Accept an absolute https URL without a fragment; http only to this machine itself.

    Raises:
        ValueError: saying so.
    """
    try:
        parts = urlsplit(value)
        fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        fine = fine and bool(parts.hostname) and parts.username is None and not parts.fragment and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not value.isprintable() or " " in value:
        raise ValueError("must be an absolute https:// URL; correct it")
    return value


def _visible(value: str) -> str:
    # RFC 6749 appendix A.1 and A.2; anything else cannot be sent in HTTP's Basic scheme.
    if not _VISIBLE.fullmatch(value):
        raise ValueError("may hold only visible ASCII characters; copy it again")
    return value


def _logo(value: str) -> str:
    odd = value.startswith("//") or "\\" in value or ":" in value or ".." in value.split("/")
    if not value or odd or not value.isprintable():
        raise ValueError("must be the path of an image, not a URL; correct it")
    return value


def _parameter(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _scope(value: object) -> object:
    return " ".join(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else value


def _checked(value: bool | str) -> bool | str:  # noqa: FBT001 - httpx's
    if value is False or value == "":
        raise ValueError("unchecked, anybody could pose as the provider; write true or the path of a CA's certificate")
    return value


def _openid(value: str) -> str:
    if "openid" not in value.split():
        raise ValueError('must contain "openid": without it no provider says who somebody is; add it')
    return value


def _not_own(parameters: dict[str, Any]) -> dict[str, Any]:
    if own := sorted(_OWN & set(parameters)):
        raise ValueError(f"{own[0]} is set by the platform; remove it")
    return parameters


_Url = Annotated[str, AfterValidator(secure_url)]
_Parameter = Annotated[str, BeforeValidator(_parameter)]
_Parameters = Annotated[dict[str, _Parameter | list[_Parameter]], AfterValidator(_not_own)]


class ClientKwargs(BaseModel):
    """`client_kwargs`: options of the HTTP client, and anything else as a parameter of the authorization request."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    scope: Annotated[str, BeforeValidator(_scope), AfterValidator(_openid)] = "openid email profile"
    prompt: str = "select_account"
    token_endpoint_auth_method: AuthMethod | None = None
    revocation_endpoint_auth_method: AuthMethod | None = None
    # Authlib's, and what they say is so anyway.
    code_challenge_method: Literal["S256"] = "S256"
    response_type: Literal["code"] = "code"
    response_mode: Literal["query"] = "query"
    follow_redirects: Literal[False] = False
    max_redirects: int = 0
    token_placement: Literal["header"] = "header"  # noqa: S105 - a place
    leeway: float = 0
    # httpx's.
    headers: dict[str, str] = Field(default_factory=dict)
    verify: Annotated[bool | str, AfterValidator(_checked)] = True
    cert: str | list[str] | None = None
    proxy: str | None = None
    timeout: float = Field(default=10, gt=0)
    trust_env: StrictBool = True
    http1: StrictBool = True
    http2: Literal[False] = False

    authorize: _Parameters = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sort(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        known = {name: value for name, value in given.items() if name in cls.model_fields and name != "authorize"}
        return known | {"authorize": {name: value for name, value in given.items() if name not in known}}

    @model_validator(mode="after")
    def _trust(self) -> ClientKwargs:
        self.http()
        return self

    def http(self) -> dict[str, Any]:
        """Return keyword arguments for httpx.AsyncClient.

        Raises:
            ValueError: if a file of certificates cannot be read.
        """
        options = self.model_dump(include={"headers", "proxy", "timeout", "trust_env", "http1"})
        if self.verify is True and self.cert is None:
            return options
        try:
            # A path of None means the system's, or SSL_CERT_FILE's.
            path = Path(self.verify) if isinstance(self.verify, str) else None
            folder = path is not None and path.is_dir()
            context = ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
            if self.cert is not None:
                context.load_cert_chain(*([self.cert] if isinstance(self.cert, str) else self.cert))
        except (OSError, TypeError):
            raise ValueError("verify or cert: no readable PEM file is there; correct it") from None
        return options | {"verify": context}


class Table(BaseModel):
    """One provider's table."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    client_id: Annotated[str, Field(min_length=1), AfterValidator(_visible)]
    client_secret: Annotated[str, AfterValidator(_visible)]
    server_metadata_url: _Url
    client_kwargs: ClientKwargs = Field(default_factory=ClientKwargs)
    # Authlib's (OAUTH_CLIENT_PARAMS), which Streamlit passes on.
    authorize_url: _Url | None = None
    authorize_params: _Parameters = Field(default_factory=dict)
    access_token_url: _Url | None = None
    access_token_params: Annotated[dict[str, _Parameter], AfterValidator(_not_own)] = Field(default_factory=dict)
    refresh_token_url: _Url | None = None
    refresh_token_params: dict[str, Any] | None = None
    api_base_url: str | None = None
    token_endpoint_auth_method: AuthMethod | None = None
    # Ours.
    title: Annotated[str, Field(max_length=60)] | None = None
    logo: Annotated[str, AfterValidator(_logo)] | None = None
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    email_trusted: StrictBool = False
    issuer: _Url | None = None

    @model_validator(mode="after")
    def _has_secret(self) -> Table:
        method = self.token_endpoint_auth_method or self.client_kwargs.token_endpoint_auth_method
        if not self.client_secret and method != "none":
            raise ValueError("client_secret: is empty; set it")
        return self


_WORDS = {
    "missing": "is missing; add it",
    "extra_forbidden": "is no key known here; correct or remove it",
    "string_type": "must be text in quotes; correct it",
    "string_too_short": "is empty; set it",
    "string_too_long": "is too long; shorten it",
    "string_pattern_mismatch": "must be written like #1f6feb; correct it",
    "bool_type": "must be true or false; correct it",
    "model_type": "must be a table; correct it",
    "dict_type": "must be a table; correct it",
}
_SPECIAL = {
    "follow_redirects": "no redirect of a provider is followed; remove it",
    "http2": "HTTP/2 is not spoken here; remove it",
}


def line_of(fault: ErrorDetails) -> str:
    """Return the key that is wrong, what is wrong with it, and the remedy; never the value."""
    # Below the second name are pydantic's own words for what it tried.
    key = ".".join([str(part) for part in fault["loc"] if part != "authorize"][:2])
    return f"{key}: {_words_of(fault)}" if key else _words_of(fault)


def _words_of(fault: ErrorDetails) -> str:
    if fault["type"] == "value_error":
        return fault["msg"].removeprefix("Value error, ")
    special = next((_SPECIAL[str(part)] for part in fault["loc"] if part in _SPECIAL), None)
    if special:
        return special
    return _WORDS.get(fault["type"]) or f"{fault['msg'][0].lower()}{fault['msg'][1:]}; correct it"
