"""Free ports for a stack of a test's own."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on.

    Below 32768, where Linux starts to hand out ports to outgoing connections (ip_local_port_range), so that none of
    those takes it before the stack does.
    """
    for port in random.sample(range(20000, 32000), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 32000")
