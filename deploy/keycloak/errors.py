"""What stops one of Keycloak's jobs. Each text is one line for the operator: what is wrong, and the remedy."""

from __future__ import annotations


class JobError(Exception):
    """A job cannot go on. `reason` is what Keycloak said, if it was Keycloak that refused."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class RefusedError(JobError):
    """Keycloak does not accept a client's name and secret."""


class ConflictError(JobError):
    """What should be created exists already."""


class MissingError(JobError):
    """What is asked for does not exist."""
