"""The platform's share of what Streamlit reads at start: config.toml, secrets.toml and CA bundle, in memory only."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import tomli_w

from gatehouse.settings import CERTIFICATES, SecretError, Settings, StartError, read_secret

_SYSTEM_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def platform_options(settings: Settings) -> dict[str, object]:
    """Return the options of Streamlit that the platform sets, by dotted name."""
    host = f"app.{settings.domain}"
    dev = bool(settings.dev)
    return {
        "browser.gatherUsageStats": False,
        "browser.serverAddress": host,
        "browser.serverPort": settings.port,
        # Origins that may control the page by postMessage: by default those of Streamlit's own cloud.
        "client.allowedOrigins": [],
        "client.showErrorDetails": "full" if dev else "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        # Rich prints tracebacks past the loggers, so past the JSON.
        "logger.enableRich": False,
        # After each run of a script. The author may want it; else gatehouse/collecting.py does it.
        "runner.postScriptGC": False,
        # The default also reads secrets.toml beside the script, where the last file wins.
        "secrets.files": [str(settings.runtime_dir / ".streamlit/secrets.toml")],
        "server.allowRunOnSave": dev,
        "server.allowedHosts": [host],
        "server.disconnectedSessionTTL": 120,
        "server.enableAgentApi": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        # Its polling looks at 20 files a second, and would look at ours too: they are on PYTHONPATH.
        "server.fileWatcherType": "watchdog" if dev else "none",
        "server.folderWatchBlacklist": [str(Path(__file__).parent)],
        "server.headless": True,
        "server.maxUploadSize": settings.max_upload_mb,
        "server.port": 8501,
        "server.runOnSave": dev,
        "server.scriptHealthCheckEnabled": False,
    }


def write_config(settings: Settings) -> None:
    """Write the platform's config.toml where Streamlit looks first (HOME); what the author's may add comes after it."""
    tables: dict[str, dict[str, object]] = {}
    for option, value in platform_options(settings).items():
        section, _, key = option.partition(".")
        tables.setdefault(section, {})[key] = value
    _write_private(settings.runtime_dir / ".streamlit/config.toml", tomli_w.dumps(tables))


def platform_auth(settings: Settings) -> dict[str, str]:
    """Return the platform's share of the [auth] table that Streamlit documents (docs.streamlit.io, st.login).

    Raises:
        StartError: with one line for each of its secrets that is not right.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    external = settings.identity == "external"
    for name in ("cookie_secret",) if external else ("client_secret", "cookie_secret"):
        try:
            values[name] = read_secret(name)
        except SecretError as error:
            problems += error.problems
    if problems:
        raise StartError(*problems)
    values["redirect_uri"] = settings.redirect_uri
    if not external:
        values["client_id"] = settings.app_name
        values["server_metadata_url"] = f"{settings.issuer}/.well-known/openid-configuration"
    return values


def write_secrets(settings: Settings, author: Mapping[str, object], auth: Mapping[str, str]) -> bool:
    """Write secrets.toml: the author's entries, and the platform's [auth], which wins where both speak.

    Returns:
        Whether that is something else than was there.
    """
    theirs = author.get("auth", {})
    merged = {**author, "auth": {**(theirs if isinstance(theirs, dict) else {}), **auth}}
    path, text = settings.runtime_dir / ".streamlit/secrets.toml", tomli_w.dumps(merged)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    _write_private(path, text)
    return True


def write_ca_bundle(settings: Settings) -> Path:
    """Write the system's CAs, the identity provider's and EGRESS_CA's into one file and return its path.

    Raises:
        StartError: if one of the first two is missing, or one holds no certificate.
    """
    issuer = read_secret("issuer_ca.crt", CERTIFICATES)
    try:
        ssl.create_default_context(cadata=issuer)
    except ssl.SSLError:
        path = f"secrets/{settings.secrets_folder}/issuer_ca.crt"
        raise SecretError(f"{path}: holds no valid certificate; put the right one back") from None
    try:
        system = _SYSTEM_CA_BUNDLE.read_text(encoding="ascii", errors="ignore")
    except OSError as error:
        raise StartError(f"{_SYSTEM_CA_BUNDLE}: {error.strerror}; install the package ca-certificates") from None
    bundle = settings.runtime_dir / "ca.crt"
    _write_private(bundle, f"{system.rstrip()}\n{issuer}\n{_company_ca(settings.egress_ca)}\n")
    return bundle


def _company_ca(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii", errors="ignore")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StartError(f"EGRESS_CA: cannot be read ({error.strerror}); `chmod a+r` it, or correct .env") from None
    if not text.strip():
        return ""
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise StartError("EGRESS_CA: holds no valid certificate; name a file of PEM certificates in .env") from None
    return text


def _write_private(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Streamlit reads it when it changes, and must not find half of it.
        new = path.with_name(f".{path.name}.new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as error:
        why = f"{path}: cannot be written ({error.strerror})"
        raise StartError(f"{why}; mount a tmpfs there that belongs to uid {os.geteuid()}") from None
