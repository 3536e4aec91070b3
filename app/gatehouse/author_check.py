"""Look at the author's folder before it is served: `python -m gatehouse.author_check`, a step of the image's build.

What would stop the start stops the build, and what ran before goes on. Settings and secrets are not there yet: what
depends on them is checked at the start alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from gatehouse.author_files import check_author_config, check_script, entry_script, refuse_secrets_beside_code
from gatehouse.data import migration_files
from gatehouse.data.migration_files import MigrationError
from gatehouse.gate.policy import read_policy
from gatehouse.settings import Settings, StartError, settings
from gatehouse.streamlit_files import platform_options

_LARGEST_UPLOAD = 2000  # that MAX_UPLOAD_MB may be


def problems(config: Settings) -> list[str]:
    """Return one line for each thing that is wrong in the author's folder."""
    found: list[str] = []

    def attempt(step: Callable[[], object]) -> None:
        try:
            step()
        except StartError as error:
            found.extend(error.problems)
        except MigrationError as error:
            found.extend(f"app folder: migrations/{line}" for line in str(error).splitlines())

    options = platform_options(config.model_copy(update={"max_upload_mb": _LARGEST_UPLOAD}))
    attempt(lambda: check_script(entry_script(config.app_dir, config.app_script)))
    attempt(lambda: refuse_secrets_beside_code(config.app_dir))
    attempt(lambda: check_author_config(config.app_dir, options))
    attempt(lambda: read_policy(config.app_dir, None))
    attempt(lambda: migration_files.read(config.app_dir / "migrations"))
    return found


def main() -> int:
    """Print what is wrong; the exit code."""
    found = problems(settings())
    sys.stderr.writelines(f"Error: {line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
