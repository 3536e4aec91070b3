"""Copy what of the author's folder is for everybody: `python public_files.py APP OUT`. Part of nginx's image's build.

That is `static/public/`, where the author has turned Streamlit's static serving on, without hidden files. A link stops
the build: what it leads to may not be meant for everybody.
"""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PUBLIC = Path("static/public")


class PublicFilesError(Exception):
    """One line for each thing that is wrong."""


def copy(app: Path, out: Path) -> int:
    """Copy the public files of the folder `app` to the same places under `out`, readable by all; return their number.

    Raises:
        PublicFilesError: if one of them is a link or can't be read.
    """
    if not serves(app):
        return 0
    found = list(_files(app))
    problems = [
        f"{path}: is a link; put the file or folder itself there" for path in found if (app / path).is_symlink()
    ]
    if problems:
        raise PublicFilesError("\n".join(problems))
    for path in found:
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # With its time, from which nginx makes Last-Modified and ETag.
        shutil.copy2(app / path, target)
        target.chmod(0o644)
    return len(found)


def serves(app: Path) -> bool:
    """Tell whether the author has turned static serving on. A file that is no TOML is named at the app's start."""
    try:
        config = tomllib.loads((app / ".streamlit/config.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    server = config.get("server")
    return isinstance(server, dict) and server.get("enableStaticServing") is True


def _files(app: Path) -> Iterator[Path]:
    """Files and links, by their paths in the folder; what is behind a link is not looked at."""
    if (app / PUBLIC).is_symlink():
        yield PUBLIC
        return
    for folder, folders, names in os.walk(app / PUBLIC):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if (here / name).is_symlink()]
        for name in sorted(names) + linked:
            if not name.startswith("."):
                yield (here / name).relative_to(app)


def main() -> int:
    """Copy, and return the exit code."""
    app, out = map(Path, sys.argv[1:])
    try:
        count = copy(app, out)
    except (PublicFilesError, OSError) as problem:
        sys.stderr.writelines(f"Error: {line}\n" for line in str(problem).splitlines())
        return 1
    sys.stdout.write(f"{count} public files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
