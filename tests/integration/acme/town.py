"""The services that a certificate takes, as compose.yaml runs them; around them Pebble, and Knot for the names."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import httpx
from cryptography import x509

from deploy.prepare import certificates
from support.command import ROOT, run
from support.http import tls_context
from support.stack import Stack
from support.waiting import until

DOMAIN = "gate.test"
NAMES = (f"app.{DOMAIN}", f"id.{DOMAIN}")
_IMAGE = f"gatehouse-pebble:{os.environ.get('TAG', 'local')}"
_START = "mkdir /tmp/knot && cp /world/zone /tmp/knot/ && knotd --daemonize --config=/world/knot.conf && exec pebble"

_KNOT = """
server:
    listen: 0.0.0.0@53
    rundir: /tmp/knot
database:
    storage: /tmp/knot
log:
  - target: stderr
    any: warning
key:
  - id: gatehouse
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: gatehouse
    key: gatehouse
    action: update
zone:
  - domain: gate.test
    storage: /tmp/knot
    file: zone
    acl: gatehouse
"""

# The challenge of one name is delegated, as it is where the public zone takes no updates.
_ZONE = """
$ORIGIN gate.test.
$TTL 1
@ SOA ns hostmaster 1 60 60 600 1
@ NS ns
ns A {world}
app A {nginx}
id A {nginx}
_acme-challenge.id CNAME id.challenges.gate.test.
"""


class Town:
    """One project with prepare, renew, nginx and acme, under gate.test."""

    def __init__(self, stack: Stack) -> None:
        """Args: stack: nothing of it runs yet."""
        self.stack, self.folder = stack, stack.directory / "world"
        self.folder.mkdir()
        self.dns_secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.account = {"key_id": "kid-1", "hmac_key": secrets.token_urlsafe(48)}
        self.provided = stack.secrets / "provided"
        self._pebble = ""
        stack.write_settings(
            DOMAIN=DOMAIN,
            ACME="https://pebble:14000/dir",
            ACME_EMAIL="ops@gate.test",
            EGRESS_CA=str(self.folder / "ca.crt"),
        )

    def start(self) -> None:
        """nginx with the local CA's certificate, and the world; acme is not started yet."""
        key = certificates.new_key()
        now = datetime.now(UTC).replace(microsecond=0)
        authority = certificates.Pair(key, certificates.new_authority(key, "pebble", now))
        leaf = certificates.new_leaf(authority, ("pebble",), now)
        self._write("ca.crt", certificates.certificate_pem(authority.certificate))
        self._write("pebble.crt", certificates.certificate_pem(leaf.certificate))
        self._write("pebble.key", certificates.key_pem(leaf.key))
        self.stack.job("prepare")
        self.up("nginx", "renew")
        self._start_world()
        (self.provided / "ca.crt").write_bytes(self.root)
        (self.provided / "ca.crt").chmod(0o400)
        self.stack.job("prepare")
        self.stack.name_servers["acme"] = self._address(self._pebble)

    def _start_world(self) -> None:
        network = f"{self.stack.project}_edge"
        settings = {
            "listenAddress": "0.0.0.0:14000",
            "managementListenAddress": "0.0.0.0:15000",
            "certificate": "/world/pebble.crt",
            "privateKey": "/world/pebble.key",
            "httpPort": int(self.stack.settings["HTTP_PORT"]),
            "tlsPort": int(self.stack.settings["PORT"]),
            "externalAccountBindingRequired": True,
            "externalAccountMACKeys": {self.account["key_id"]: self.account["hmac_key"]},
            "keyAlgorithm": "ecdsa",
            "retryAfter": {"authz": 1, "order": 1},
        }
        self._write("pebble.json", json.dumps({"pebble": settings}).encode())
        self._write("knot.conf", _KNOT.format(secret=self.dns_secret).encode())
        # Its own address is known when it runs.
        start = 'sed -i "s/WORLD/$(hostname -i)/" /tmp/knot/zone'
        command = _START.replace(" && knotd", f" && {start} && knotd")
        addresses = {"world": "WORLD", "nginx": self.nginx_address}
        self._write("zone", _ZONE.format(**addresses).encode())
        labels = [f"--label=com.docker.compose.project={self.stack.project}"]
        labels += [f"--label=com.docker.compose.project.working_dir={ROOT}"]
        options = [f"--network={network}", "--network-alias=pebble", "--sysctl=net.ipv4.ip_unprivileged_port_start=0"]
        options += ["--env=PEBBLE_VA_NOSLEEP=1", "--env=PEBBLE_AUTHZREUSE=0", f"--volume={self.folder}:/world:ro"]
        pebble = f"{command} -config /world/pebble.json -dnsserver 127.0.0.1:53"
        started = run(["docker", "run", "--detach", "--init", *labels, *options, _IMAGE, "bash", "-c", pebble])
        self._pebble = started.stdout.strip()
        until(lambda: "ACME directory available" in self.world_log(), 20)

    def up(self, *services: str) -> None:
        """Start services without what they depend on, and wait until they are healthy."""
        self.stack.compose("--progress", "quiet", "up", "--detach", "--no-deps", "--no-build", "--wait", *services)

    def begin(self) -> None:
        """Start acme, new or with changed settings, and don't wait for it."""
        self.stack.compose("--progress", "quiet", "up", "--detach", "--no-deps", "--no-build", "acme")

    def remove(self) -> None:
        """Take the world down; the project is taken down by its owner."""
        if self._pebble:
            run(["docker", "rm", "--force", "--volumes", self._pebble])

    @cached_property
    def root(self) -> bytes:
        """The root that Pebble has made for itself."""
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        context.check_hostname = False  # it is asked by its address
        with httpx.Client(verify=context, trust_env=False) as client:
            return client.get(f"https://{self._address(self._pebble)}:15000/roots/0").content

    def world_log(self) -> str:
        """What Pebble and Knot have said."""
        said = run(["docker", "logs", self._pebble])
        return said.stdout + said.stderr

    def orders(self) -> int:
        """So many certificates Pebble was asked for."""
        return self.world_log().count("POST /order-plz ->")

    def validations(self, saying: str = "Pulled a task") -> int:
        """So many times it looked at a name; those alone whose line says so."""
        return self.world_log().count(saying)

    def say(self, **tables: dict[str, str]) -> None:
        """Write provided/acme.toml, as an operator would, and let renew or the next start hand it over."""
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in tables.items()
        )
        file = self.provided / "acme.toml"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        self.stack.job("prepare")

    @property
    def dns(self) -> dict[str, str]:
        """The table [dns] of the name server's operator."""
        return {"server": "pebble", "key_name": "gatehouse", "key_secret": self.dns_secret}

    def address_of(self, name: str, address: str = "") -> None:
        """Have a name lead there, or nowhere, as the zone's operator."""
        key = dns.tsig.Key("gatehouse", base64.b64decode(self.dns_secret), "hmac-sha256")
        update = dns.update.UpdateMessage(DOMAIN, keyring=key)
        update.delete(f"{name}.", "A")
        if address:
            update.add(f"{name}.", 1, "A", address)
        answer = dns.query.tcp(update, self._address(self._pebble), 5)
        assert answer.rcode() == dns.rcode.NOERROR, answer

    @property
    def nginx_address(self) -> str:
        """Where the authority finds nginx."""
        found: str = self.stack.container("nginx")["NetworkSettings"]["Networks"][f"{self.stack.project}_edge"][
            "IPAddress"
        ]
        return found

    def has_record(self, name: str) -> bool:
        """Whether the zone has a TXT record there."""
        answer = dns.query.tcp(dns.message.make_query(name, "TXT"), self._address(self._pebble), 5)
        return any(found.rdtype == dns.rdatatype.TXT for found in answer.answer)

    def expire(self) -> None:
        """Let the certificate be due, and acme look at once; what it has asked for in this hour is forgotten."""
        file = self.stack.secrets / "acme" / "state.json"
        state = json.loads(file.read_text(encoding="utf-8")) | {"renew_at": 1, "asked": []}
        file.write_text(json.dumps(state), encoding="utf-8")
        self.stack.compose("restart", "--no-deps", "--timeout", "1", "acme")

    def report(self) -> tuple[int, str]:
        """What the health check says."""
        said = self.stack.exec("acme", "python", "-m", "deploy.acme.report", check=False)
        return said.returncode, said.stdout.strip()

    def held(self) -> int:
        """Serial number of the certificate that acme has got; 0 for none."""
        with suppress(FileNotFoundError):
            return x509.load_pem_x509_certificates((self.stack.secrets / "acme" / "tls.pem").read_bytes())[
                0
            ].serial_number
        return 0

    def served(self, *authorities: Path, name: str = NAMES[0]) -> int:
        """Serial number of what nginx serves to a client that trusts these alone; 0 when it is refused."""
        address = ("127.0.0.1", int(self.stack.settings["PORT"]))
        with socket.create_connection(address, 5) as connection:
            try:
                with tls_context(*authorities).wrap_socket(connection, server_hostname=name) as tls:
                    return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"").serial_number
            except ssl.SSLCertVerificationError:
                return 0

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(0o644)  # the world has a user of its own

    @staticmethod
    def _address(container: str) -> str:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return run(["docker", "inspect", "--format", form, container]).stdout.strip()
