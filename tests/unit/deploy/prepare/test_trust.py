"""`make trust`: this machine takes our certificates for DOMAIN, and stops to when asked."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

from unit.deploy.prepare.trees import Secrets

DOMAIN = "trust.example"
ROOT = Path(__file__).parents[4]
SCRIPT = ROOT / "deploy/prepare/trust.sh"
STEPS = f"""
tar --extract --directory / && export DOMAIN={DOMAIN} SECRETS=/secrets
ask() {{
  openssl verify -verify_hostname "app.$DOMAIN" /secrets/nginx/tls.crt > /dev/null 2>&1 && said=accepted || said=refused
  echo "app.$DOMAIN $1: $said"
}}
ask before && /repo/deploy/prepare/trust.sh && ask trusted && /repo/deploy/prepare/trust.sh --remove && ask removed
"""


def trust(tree: Secrets, *options: str, user: str | None = None, domain: str = DOMAIN) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "DOMAIN": domain, "SECRETS": str(tree.root)}
    done = subprocess.run([SCRIPT, *options], env=environment, user=user, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_machine_trusts_our_names_until_told_otherwise(tree: Secrets) -> None:
    # A container stands for the machine: the one that runs the tests keeps its own trust store untouched.
    tree.prepare(DOMAIN)
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w") as archive:
        for script in ("deploy/prepare/trust.sh", "deploy/engine/messages.sh"):
            archive.add(ROOT / script, f"repo/{script}")
        archive.add(tree.root, "secrets")
    machine = [
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--network",
        "none",
        "gatehouse-base:trixie",
        "bash",
        "-c",
        STEPS,
    ]
    done = subprocess.run(machine, input=files.getvalue(), capture_output=True, check=False)
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert f"DNS:{DOMAIN}" in said
    assert [line for line in said.splitlines() if line.startswith("app.")] == [
        f"app.{DOMAIN} before: refused",
        f"app.{DOMAIN} trusted: accepted",
        f"app.{DOMAIN} removed: refused",
    ]


def test_only_root_may(tree: Secrets) -> None:
    assert trust(tree, user="nobody") == (1, "Error: only root may change the trust store; run: sudo make trust\n")


def test_an_authority_that_was_never_made_is_told(tree: Secrets) -> None:
    code, said = trust(tree, domain="never.example")
    assert code == 1
    assert said.endswith("no certificate was made for DOMAIN=never.example yet; run: make up\n")


def test_an_unknown_option_is_told(tree: Secrets) -> None:
    assert trust(tree, "--undo") == (1, "Error: unknown option --undo; usage: trust.sh [--remove]\n")


def test_the_operators_own_certificate_needs_no_trust(tree: Secrets) -> None:
    tree.put("provided/tls.crt", b"x")
    code, said = trust(tree)
    assert code == 0
    assert "you provide your own certificate" in said
