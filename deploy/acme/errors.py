"""What can go wrong between here and the authority, in one line that says what to do."""

from __future__ import annotations

import requests
from acme import errors, messages


class AcmeError(Exception):
    """No certificate this time; the message is for the operator."""


def words(error: Exception) -> str:
    """An error of the library's, or of what it stands on, as one line."""
    match error:
        case AcmeError():
            said = str(error)
        case errors.ValidationError():
            said = "; ".join(_authorization(failed) for failed in error.failed_authzrs)
        case errors.IssuanceError():
            said = f"the authority does not issue it: {_problem(error.error)}"
        case errors.TimeoutError():
            said = "the authority has not decided in time"
        case messages.Error():
            said = f"the authority refuses: {_problem(error)}"
        case requests.exceptions.SSLError():
            said = (
                "the authority's own certificate is not trusted; put the CA of a private one into "
                "secrets/provided/ca.crt, that of a TLS-inspecting proxy into the file that EGRESS_CA names"
            )
        case requests.exceptions.RequestException():
            host = error.request.url if error.request is not None else "the authority"
            said = f"{host} does not answer ({type(error).__name__}); see whether this machine's way out is open"
        case _:
            said = f"the authority's answer makes no sense ({type(error).__name__}); is ACME the URL of a directory?"
    return " ".join(said.split())[:600]


def _authorization(failed: messages.AuthorizationResource) -> str:
    name = failed.body.identifier.value
    reasons = [_problem(challenge.error) for challenge in failed.body.challenges if challenge.error is not None]
    return f"{name}: {', '.join(reasons) or 'not authorized, without a reason'}"


def _problem(error: messages.Error) -> str:
    kind = error.code or str(error.typ).rpartition(":")[2]
    return f"{error.detail or error.title or error.description or 'no reason given'} ({kind})"
