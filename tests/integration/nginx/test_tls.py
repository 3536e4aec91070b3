"""TLS as a scanner sees it: protocols, suites, groups and names."""

from __future__ import annotations

import socket
import ssl

import pytest

from integration.nginx.front import Front


def handshake(front: Front, context: ssl.SSLContext, name: str | None) -> ssl.SSLSocket:
    return context.wrap_socket(socket.create_connection(("127.0.0.1", front.port), 5), server_hostname=name)


@pytest.mark.parametrize("name", ["app.localhost", "id.localhost"])
def test_both_names_have_a_certificate(served: Front, name: str) -> None:
    context = served.tls
    context.set_alpn_protocols(["h2", "http/1.1"])
    with handshake(served, context, name) as connection:
        assert connection.version() == "TLSv1.3"
        assert connection.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("name", ["evil.example", "localhost", "sub.app.localhost", None])
def test_unknown_or_missing_name_gets_no_handshake(served: Front, name: str | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        handshake(served, context, name)


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_protocols_are_refused(served: Front, version: str) -> None:
    # Security level 0, so that it is the server that refuses.
    answer = served.openssl("-servername", "app.localhost", version, "-cipher", "ALL:@SECLEVEL=0")
    assert "alert protocol version" in answer


@pytest.mark.parametrize(
    ("suite", "accepted"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", True),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
        ("ECDHE-ECDSA-AES128-SHA", False),
        ("ECDHE-ECDSA-AES256-SHA384", False),
        ("ECDHE-ECDSA-AES128-CCM", False),
    ],
)
def test_suites_of_tls_1_2_are_the_intermediate_profile(served: Front, suite: str, *, accepted: bool) -> None:
    answer = served.openssl("-servername", "app.localhost", "-tls1_2", "-cipher", suite)
    assert ("handshake failure" not in answer) is accepted
    assert (f"Cipher is {suite}" in answer) is accepted


@pytest.mark.parametrize("group", ["X25519MLKEM768", "X25519", "P-256", "P-384"])
def test_groups_are_offered(served: Front, group: str) -> None:
    assert "Cipher is TLS_" in served.openssl("-servername", "app.localhost", "-groups", group)


def test_other_groups_are_refused(served: Front) -> None:
    assert "handshake failure" in served.openssl("-servername", "app.localhost", "-groups", "P-521")


def test_post_quantum_group_is_preferred(served: Front) -> None:
    # A browser sends key shares (*) for both; its own order must not decide.
    answer = served.openssl("-servername", "app.localhost", "-groups", "*X25519:*X25519MLKEM768:P-256")
    assert "Negotiated TLS1.3 group: X25519MLKEM768" in answer


def test_no_session_ticket_in_tls_1_2(served: Front) -> None:
    assert "TLS session ticket" not in served.openssl("-servername", "app.localhost", "-tls1_2")


def test_a_session_is_taken_up_again_by_its_number(served: Front) -> None:
    said = served.openssl("-servername", "app.localhost", "-tls1_2", "-reconnect")
    assert said.count("Reused, TLSv1.2") == 5, said
