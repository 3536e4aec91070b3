"""How much of uploads a session, a user and this process may hold: what the settings say, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gatehouse.settings import Settings, StartError

MEBIBYTE = 1024 * 1024

_PERCENT = 40
"""Of the process's memory. Streamlit, pandas and the gate take some 250 MB of 1 GiB, and scripts work on the rest."""


@dataclass(frozen=True)
class UploadLimits:
    """In bytes and files. A user is all sessions of one account that this process serves."""

    session: int
    session_files: int
    user: int
    user_files: int
    process: int

    @classmethod
    def of(cls, settings: Settings, memory: int) -> Self:
        """Return what follows from the settings and from the memory that the process has, in bytes.

        Raises:
            StartError: if the largest file, or what one session may hold, does not fit.
        """
        process = memory * _PERCENT // 100
        file = settings.max_upload_mb * MEBIBYTE
        wanted = {"MAX_UPLOAD_MB": file, "MAX_HELD_MB": (settings.max_held_mb or 0) * MEBIBYTE}
        problems = [
            f"{name}={size // MEBIBYTE}: uploads have {process // MEBIBYTE} MB, {_PERCENT} % of the app's memory; "
            f"make it smaller, or APP_MEMORY at least {-(-size * 100 // (_PERCENT * MEBIBYTE))}m; correct it in .env"
            for name, size in wanted.items()
            if size > process
        ]
        if problems:
            raise StartError(*problems)
        session = max(file, wanted["MAX_HELD_MB"] or process // 4)
        # One account cannot keep all others from uploading, unless a single session may hold as much.
        user = max(session, min(2 * session, process // 2))
        return cls(session, settings.max_held_files, user, 2 * settings.max_held_files, process)
