"""A Postgres outside the cluster: where it is, and by whose certificate it is known. Nothing of it is secret."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from deploy.prepare.certificates import certificate_pem, load_certificates

_LIKE = "write it like postgresql://db.example.com:5432"
# It stands in Keycloak's configuration as it is.
_HOST = re.compile(r"[a-z0-9-]+([.][a-z0-9-]+)+")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,62}")


class Database(BaseModel):
    """`url`: with the administrator's name where that is not postgres. `ca`: in the file a path, here the PEM in it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: str
    ca: str

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            url = urlsplit(value)
            host, port = url.hostname or "", url.port
        except ValueError:
            raise ValueError(f"is no address; {_LIKE}") from None
        if url.password is not None:
            raise ValueError("holds a password; take it out, and put it where docs/scaling.md says")
        if url.scheme not in ("postgresql", "postgres") or not host or port == 0:
            raise ValueError(f"is no address of a Postgres; {_LIKE}")
        if url.path not in ("", "/") or url.query or url.fragment:
            raise ValueError(f"says more than where it is; the names of the databases are fixed: {_LIKE}")
        if not _HOST.fullmatch(host) or _loopback(host):
            raise ValueError(f"is not what containers on every node find; use its whole name, or IPv4 address: {_LIKE}")
        if not _USER.fullmatch(unquote(url.username or "postgres")):
            raise ValueError("names an administrator that no Postgres has; correct it")
        return value

    @field_validator("ca")
    @classmethod
    def _certificates(cls, value: str, info: ValidationInfo) -> str:
        path = Path((info.context or {})["folder"]) / value
        try:
            found = load_certificates(path.read_bytes())
        except OSError as fault:
            raise ValueError(f"{path} cannot be read ({fault.strerror}); put the CA of the database there") from None
        except ValueError:
            raise ValueError(f"{path} is no certificate in PEM; put the CA of the database there") from None
        return b"".join(map(certificate_pem, found)).decode("ascii")

    @property
    def variables(self) -> dict[str, str]:
        """Where it is, as the containers' environment says it."""
        url = urlsplit(self.url)
        return {"DATABASE_HOST": url.hostname or "", "DATABASE_PORT": str(url.port or 5432)}

    @property
    def administrator(self) -> str:
        """Who may make roles and databases."""
        return unquote(urlsplit(self.url).username or "postgres")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
