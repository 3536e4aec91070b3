"""What the author brings: the entry script, Streamlit configuration and secrets. Read and refused, never changed."""

from __future__ import annotations

import re
import tokenize
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from gatehouse.settings import StartError, read_secret_file, secret_path
from gatehouse.toml_lines import line_of

SCRIPT_NAMES = ("main.py", "streamlit_app.py", "app.py")

# What an author may decide: looks and the way the script runs. Everything else belongs to the platform.
_AUTHOR_SECTIONS = ("theme", "runner", "magic")
_AUTHOR_OPTIONS = frozenset(
    {
        "client.disableDataExport",
        "client.showSidebarNavigation",
        "client.toolbarMode",
        "server.enableStaticServing",
        "server.maxUploadSize",
    }
)

_POSITION = re.compile(r"\(at (line \d+, column \d+|end of document)\)")


def entry_script(app_dir: Path, only: str = "") -> Path:
    """Return the script that Streamlit runs: the first of `SCRIPT_NAMES` in the author's folder, or `only` that."""
    names = (only,) if only else SCRIPT_NAMES
    for name in names:
        if (app_dir / name).is_file():
            return app_dir / name
    raise StartError(f"app folder (APP): no script to run; looked for {', '.join(names)} at its top; add one")


def check_script(script: Path) -> None:
    """Refuse an entry script that is no Python: Streamlit would show its lines to everybody, whatever it is told.

    Of another page it shows what `client.showErrorDetails` allows, as of any error.
    """
    try:
        with tokenize.open(script) as file, warnings.catch_warnings(action="ignore"):
            compile(file.read(), script.name, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f" line {error.lineno}:" if error.lineno else ""
        raise StartError(f"app folder: {script.name}:{line} {error.msg}; correct it") from None
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise StartError(f"app folder: {script.name}: cannot be read as Python, {error}; correct it") from None


def refuse_secrets_beside_code(app_dir: Path) -> None:
    """Refuse a secrets.toml in the author's folder: it would end up in the image and in git."""
    if (app_dir / ".streamlit/secrets.toml").exists():
        raise StartError(
            "app folder: .streamlit/secrets.toml: not beside code; move it to secrets/provided/secrets.toml"
        )


def author_secrets() -> dict[str, object]:
    """Return the author's Streamlit secrets, or nothing if there are none.

    Raises:
        StartError: if the file is no valid TOML; names line and column, never the text.
    """
    if not secret_path("author.toml").exists():
        return {}
    secrets = _parse_toml(read_secret_file("author.toml"), "secrets/provided/secrets.toml")
    if not isinstance(secrets.get("auth", {}), dict):
        raise StartError("secrets/provided/secrets.toml: `auth` is not a table; write [auth]")
    return secrets


def check_author_config(app_dir: Path, platform: Mapping[str, object]) -> None:
    """Check the author's config.toml, which Streamlit reads after the platform's and lets win.

    Args:
        app_dir: the author's folder.
        platform: the platform's options by dotted name; repeating one of them with the same value is harmless.

    Raises:
        StartError: with one line for each option that is not the author's to set.
    """
    where = "app folder: .streamlit/config.toml"
    try:
        text = (app_dir / ".streamlit/config.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise StartError(f"{where}: cannot be read as UTF-8 text; correct it") from None
    problems = []
    for keys, value in _options(_parse_toml(text, where)):
        option = ".".join(keys)
        fault = None if option in platform and platform[option] == value else _fault_of(option, value, platform)
        if fault:
            problems.append(f"{where}: line {line_of(text, keys)}: {option}: {fault}")
    if problems:
        raise StartError(*problems)


def is_authors(option: str) -> bool:
    """Tell whether the author may set this option of Streamlit, such as `theme.base`."""
    return option in _AUTHOR_OPTIONS or option.partition(".")[0] in _AUTHOR_SECTIONS


def _fault_of(option: str, value: object, platform: Mapping[str, object]) -> str | None:
    if not is_authors(option):
        return "is set by the platform; remove it"
    if option == "client.toolbarMode" and value not in {"minimal", "viewer"}:
        return "must be minimal or viewer"
    limit = platform["server.maxUploadSize"]
    if option == "server.maxUploadSize" and not (type(value) is int and isinstance(limit, int) and 1 <= value <= limit):
        return f"must be a whole number of megabytes from 1 to {limit}, the MAX_UPLOAD_MB of .env"
    # A theme by URL is fetched by Streamlit while it starts; the app has no way out to the internet.
    if option == "theme.base" and "://" in str(value):
        return "must be light, dark or a file in the app folder, not a URL"
    return None


def _options(tables: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from _options(value, (*above, key))
        else:
            yield (*above, key), value


def _parse_toml(text: str, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The parser's own message may quote the text, and the text may be a secret.
        position = _POSITION.search(str(error))
        raise StartError(f"{where}: {position[1] if position else 'somewhere'}: not valid TOML; correct it") from None
