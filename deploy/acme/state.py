"""What is remembered between two rounds, and when the next one may ask the authority: never in a tight loop.

Light to import: the health check reads it every minute.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

# Let's Encrypt allows five failed authorizations of a name in an hour (https://letsencrypt.org/docs/rate-limits/).
HOUR, MOST_AN_HOUR = 3600.0, 4
FIRST_PAUSE, LONGEST_PAUSE = 900.0, 12 * HOUR  # seconds; doubled with each failure in a row
LAST_DAYS = 7 * 24 * HOUR  # a certificate that ends within them, and could not be renewed, is an emergency


@dataclass(frozen=True)
class State:
    """Moments are seconds since the epoch; 0 is never."""

    directory: str = ""  # whose certificate is held
    ends: float = 0
    renew_at: float = 0
    look_at: float = 0  # when the authority is asked again for its advice on renewal (RFC 9773)
    asked: list[float] = field(default_factory=list)  # for certificates, in the last hour
    failures: int = 0  # in a row
    failed_at: float = 0
    failure: str = ""

    def may_ask_at(self, *, patient: bool) -> float:
        """When the authority may be asked for a certificate.

        Args:
            patient: wait as long as the failures so far suggest. An operator who has mended something need not, but the
                limit for an hour holds for everybody, and a restart does not reset it.
        """
        earliest = self.asked[-MOST_AN_HOUR] + HOUR if len(self.asked) >= MOST_AN_HOUR else 0.0
        if patient and self.failures:
            earliest = max(earliest, self.failed_at + min(FIRST_PAUSE * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE))
        return earliest

    def asking(self, now: float) -> State:
        """An authority is about to be asked; kept before it is, so that a kill in between counts too."""
        return replace(self, asked=[*(moment for moment in self.asked if now - HOUR < moment <= now), now])

    def failing(self, now: float, failure: str) -> State:
        """It could not be done."""
        return replace(self, failures=self.failures + 1, failed_at=now, failure=failure)

    def holding(self, directory: str, ends: float, renew_at: float, look_at: float) -> State:
        """A certificate is there."""
        return State(directory, ends, renew_at, look_at, self.asked)

    def emergency(self, now: float) -> bool:
        """Whether there is no certificate, or soon will be none."""
        return self.ends - now <= 0 or (self.failures > 0 and self.ends - now < LAST_DAYS)

    def report(self, now: float) -> str:
        """One line for the operator."""
        held = f"until {day(self.ends)}" if self.ends > now else "none yet" if not self.ends else "ended"
        if not self.failures:
            return f"{held}, renewed from {day(self.renew_at)}" if self.ends > now else f"{held}, being asked for"
        times = f", {self.failures} times in a row" if self.failures > 1 else ""
        then = minute(max(self.may_ask_at(patient=True), now))
        return f"{held}; failed at {minute(self.failed_at)}{times}: {self.failure}; next try at {then}"


def day(moment: float) -> str:
    """A moment as a date."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def minute(moment: float) -> str:
    """A moment as date and time."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def load(path: Path) -> State:
    """What was kept; a new state where there is none, or none that can be read."""
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return State()


def save(path: Path, state: State) -> None:
    """Keep a state. Raises OSError."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps(asdict(state)), encoding="utf-8")
    temporary.rename(path)
