"""acme.toml: a wrong key is named by its place, and no value of it is repeated."""

from __future__ import annotations

import pytest

from deploy.acme.options import parse

SECRET = "q83vEjRWeJCrze8SNFZ4kA=="
DNS = f'server = "ns1.example.org"\nkey_name = "gatehouse."\nkey_secret = "{SECRET}"\n'


def test_both_tables() -> None:
    found = parse(f'[account]\nkey_id = "kid-1"\nhmac_key = "{SECRET}"\n[dns]\n{DNS}'.encode())
    assert found.account
    assert found.account.key_id == "kid-1"
    assert found.dns
    assert (found.dns.server, found.dns.port, found.dns.key_algorithm) == ("ns1.example.org", 53, "hmac-sha256")
    assert parse(b"").dns is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[dns]\n", "dns.server field required; dns.key_name field required; dns.key_secret field required"),
        (f"[dns]\n{DNS}zone = 'x'\n", "dns.zone extra inputs are not permitted"),
        (f"[dns]\n{DNS}".replace("ns1", "ns1;"), "dns.server is not a name or address of a name server"),
        (f"[dns]\n{DNS}".replace("gatehouse.", "a b"), "dns.key_name is not the name of a key"),
        (f"[dns]\n{DNS}key_algorithm = 'hmac-md5'", "dns.key_algorithm input should be 'hmac-sha256', "),
        (f"[dns]\n{DNS}port = 0", "dns.port input should be greater than or equal to 1"),
        (f"[dns]\n{DNS}".replace(SECRET, "hunter2"), "dns.key_secret is not the base64 of a key of at least 16 bytes"),
        ('[account]\nkey_id = "a"\nhmac_key = "hunter2"', "account.hmac_key is not the base64 of a key"),
        ("[dns\nhunter2", "is not TOML at line 1, column 5"),
        ("\udcff", "is not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse(text.encode("utf-8", "surrogateescape"))
    assert str(refused.value).startswith(words)
    assert "hunter2" not in str(refused.value)
