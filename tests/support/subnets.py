"""Address ranges for the networks of a stack of a test's own.

An engine with its defaults hands out 31 ranges, fewer where the machine has routes there
(https://docs.docker.com/reference/cli/dockerd/, default-address-pools). A stack takes seven, and several run beside
each other in a run of the tests, so they bring their own.
"""

from __future__ import annotations

import json
import random
import re
from ipaddress import IPv4Network, ip_network

from support.command import ROOT, run

_RANGE = IPv4Network("198.18.0.0/15")
"""For tests of networks; no real one has it (RFC 2544, RFC 6890)."""


def networks_of_compose() -> list[str]:
    """The names of the networks in compose.yaml, those that a setting leaves out too."""
    section = (ROOT / "compose.yaml").read_text(encoding="utf-8").split("\nnetworks:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+):", section, re.MULTILINE)


def free_subnets(count: int) -> list[dict[str, str]]:
    """So many ranges of 61 addresses that no network of the engine has, with a gateway, as Compose writes them."""
    taken = _taken()
    ranges = list(_RANGE.subnets(new_prefix=26))
    free = (one for one in random.sample(ranges, len(ranges)) if not any(one.overlaps(other) for other in taken))
    chosen = [next(free) for _ in range(count)]
    # The engine names no gateway to who asks unless it was told one.
    return [{"subnet": str(one), "gateway": str(one[1])} for one in chosen]


def _taken() -> list[IPv4Network]:
    ids = run(["docker", "network", "ls", "--quiet"]).stdout.split()
    # One may go while we look.
    found = json.loads(run(["docker", "network", "inspect", *ids], check=False).stdout)
    subnets = [ip_network(one["Subnet"]) for network in found for one in network["IPAM"]["Config"] or []]
    return [one for one in subnets if isinstance(one, IPv4Network)]
