"""What the library raises becomes one line that a person can act on."""

from __future__ import annotations

import pytest
import requests
from acme import errors, messages

from deploy.acme.errors import AcmeError, words

LIMIT = messages.Error.with_code("rateLimited", detail="too many certificates\nalready issued")
REQUEST = requests.Request("GET", "https://ca.example/directory").prepare()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AcmeError("dns-01 needs [dns]"), "dns-01 needs [dns]"),
        (LIMIT, "the authority refuses: too many certificates already issued (rateLimited)"),
        (errors.IssuanceError(LIMIT), "the authority does not issue it: too many certificates already issued"),
        (errors.TimeoutError(), "the authority has not decided in time"),
        (requests.exceptions.SSLError(request=REQUEST), "the authority's own certificate is not trusted; put the CA"),
        (
            requests.exceptions.ConnectTimeout(request=REQUEST),
            "https://ca.example/directory does not answer (ConnectTimeout); see whether this machine's way out is open",
        ),
        (KeyError("newNonce"), "the authority's answer makes no sense (KeyError); is ACME the URL of a directory?"),
        (AcmeError("x" * 5000), "x" * 600),
    ],
)
def test_words(error: Exception, said: str) -> None:
    line = words(error)
    assert line.startswith(said)
    assert "\n" not in line
    assert len(line) <= 600
