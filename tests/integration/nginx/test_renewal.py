"""A certificate that changes while nginx runs."""

from __future__ import annotations

import json
import socket
import time

from cryptography import x509

from deploy.prepare import certificates
from integration.nginx.front import Front, upstream
from support.waiting import until


def served_serial(front: Front) -> int:
    with (
        socket.create_connection(("127.0.0.1", front.port), 5) as connection,
        front.tls.wrap_socket(connection, server_hostname="app.localhost") as tls,
    ):
        return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"").serial_number


def test_renewed_certificate_is_taken_and_open_websockets_stay(lonely: Front) -> None:
    with upstream(lonely, "app", 8501):
        with lonely.websocket() as websocket:
            host = json.loads(websocket.recv(5))["host_name"]
            renewed = lonely.secrets.issue().certificate.serial_number
            until(lambda: served_serial(lonely) == renewed, 30)
            websocket.send("still here")
            assert websocket.recv(5) == "still here"
        assert lonely.get(lonely.app_url).json()["host_name"] == host
    assert "renewed, valid until" in lonely.container.get_logs()[0].decode()


def test_pair_that_cannot_be_served_is_refused_loudly_and_the_old_one_stays(lonely: Front) -> None:
    before = served_serial(lonely)
    other = lonely.secrets.leaf()
    lonely.secrets.write("tls.crt", certificates.certificate_pem(other.certificate))
    until(lambda: "stays in use" in lonely.logs()[1], 30)
    assert "Error: secrets/nginx/tls.key: not the key of tls.crt;" in lonely.logs()[1]
    assert served_serial(lonely) == before
    # The key that belongs to it arrives late.
    lonely.secrets.write("tls.key", certificates.key_pem(other.key))
    until(lambda: served_serial(lonely) == other.certificate.serial_number, 30)


def test_stops_at_once_and_cleanly(lonely: Front) -> None:
    container = lonely.container.get_wrapped_container()
    started = time.monotonic()
    container.stop(timeout=15)
    assert time.monotonic() - started < 5
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 0
