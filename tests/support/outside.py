"""A Postgres that is none of the stack's: with a certificate and an administrator of its own, as a company runs it."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.prepare.certificates import certificate_pem, key_pem
from support.command import ROOT, run
from support.waiting import until

IMAGE = f"gatehouse-postgres:{os.environ.get('TAG', 'local')}"
HBA = "local all postgres peer\nhostssl all all all scram-sha-256\nhost all all all reject\n"
ADMINISTRATOR = "dba"
PASSWORD = 'it\'s: a \\ "passphrase" of $HOME'
_UID = 999


class Outside:
    """The server. `network`: empty for the engine's default one; on another it has the name that is given."""

    def __init__(self, folder: Path, project: str, name: str = "", network: str = "") -> None:
        """Start it, with an administrator who is no superuser. `project`: the label by which it is swept."""
        folder.mkdir()
        self._folder = folder
        (folder / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        words = ["--detach", "--init", "--volume=/var/lib/postgresql"]
        labels = {"com.docker.compose.project": project, "com.docker.compose.project.working_dir": str(ROOT)}
        words += [f"--label={key}={value}" for key, value in labels.items()]
        words += [f"--volume={folder}/pg_hba.conf:/etc/gatehouse/postgres/pg_hba.conf:ro"]
        words += [f"--volume={folder}/secrets:/run/secrets:ro", "--env=SECRETS_FOLDER=outside"]
        words += [f"--network={network}", f"--network-alias={name}"] if network else []
        (folder / "secrets").mkdir()
        # Its certificate may be for its address, which is known when it is there.
        waits = "until [[ -r /run/secrets/server.crt ]]; do sleep 0.1; done; exec /etc/gatehouse/postgres/entrypoint.sh"
        self.id = run(["docker", "run", *words, "--entrypoint=bash", IMAGE, "-c", waits]).stdout.strip()
        try:
            self.address = run(
                ["docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", self.id]
            ).stdout.strip()
            self.host = name or self.address
            self.ca = self._certificates()
            until(self._answers, 120)
            self.sql(f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE CREATEDB PASSWORD {quoted(PASSWORD)}")
        except BaseException:
            self.remove()
            raise

    def _certificates(self) -> str:
        """Sign a certificate for the server's name by a CA of its own, whose PEM is returned."""
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A company's CA")])
        key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        base = x509.CertificateBuilder().issuer_name(subject).not_valid_before(now - timedelta(days=1))
        base = base.not_valid_after(now + timedelta(days=30))
        authority = (
            base.subject_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        name: x509.GeneralName = x509.DNSName(self.host)
        if self.host == self.address:
            name = x509.IPAddress(ipaddress.ip_address(self.address))
        leaf = (
            base.subject_name(x509.Name([]))
            .public_key(leaf_key.public_key())
            .serial_number(2)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .sign(key, hashes.SHA256())
        )
        for file, content in (("server.key", key_pem(leaf_key)), ("server.crt", certificate_pem(leaf))):
            place = self._folder / "secrets" / f".{file}"
            place.write_bytes(content)
            place.chmod(0o400)
            os.chown(place, _UID, _UID)
            place.rename(place.with_name(file))
        os.chown(self._folder / "secrets", _UID, _UID)
        return certificate_pem(authority).decode()

    def _answers(self) -> bool:
        return run(["docker", "exec", self.id, "psql", "-U", "postgres", "-c", "SELECT"], check=False).returncode == 0

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What `statement` answers the superuser."""
        words = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database]
        return run(["docker", "exec", "--interactive", self.id, *words], stdin=statement).stdout.strip()

    def remove(self) -> None:
        """End it, with its data."""
        run(["docker", "rm", "--force", "--volumes", self.id], check=False)


def quoted(text: str) -> str:
    """As a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
