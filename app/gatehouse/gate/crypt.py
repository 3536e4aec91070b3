"""The keys that encrypt what only the gate may read: tokens at rest, and the cookie of a sign-in under way."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet

from gatehouse.settings import read_secret, secret_path

_CURRENT = "session_key"
_PREVIOUS = "session_key_previous"


def keys() -> MultiFernet:
    """Return the current key, which encrypts, and the previous one if there is any, which only decrypts.

    Keep the previous one for the absolute limit of a session and a day: so long lives what it encrypted.

    Raises:
        SecretError: if a key is missing, too open or malformed.
    """
    names = [_CURRENT, *([_PREVIOUS] if secret_path(_PREVIOUS).exists() else [])]
    # A key is the padded base64 of 32 bytes (https://github.com/fernet/spec), a secret the same without padding.
    return MultiFernet([Fernet(f"{read_secret(name)}=") for name in names])
