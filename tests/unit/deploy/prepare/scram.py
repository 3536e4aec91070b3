"""What Postgres checks when a client signs in, so that a test can tell whether a verifier is a password's."""

from __future__ import annotations

import base64
import hashlib
import hmac


def proves(verifier: bytes, password: bytes) -> bool:
    """Whether the SCRAM-SHA-256 verifier was made from the password (RFC 5803, RFC 7677)."""
    _, parameters, keys = verifier.decode().split("$")
    iterations, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt), int(iterations))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return keys == ":".join(base64.b64encode(key).decode() for key in (stored, server))
