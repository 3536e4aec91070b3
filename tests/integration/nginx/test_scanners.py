"""What the field's own scanners say: sslyze of TLS, h2spec of HTTP/2."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from integration.nginx.front import Front
from support.command import run

# https://ssl-config.mozilla.org/guidelines/6.0.json, "intermediate", as sslyze reads it; sslyze brings 5.7.
INTERMEDIATE = {
    "certificate_curves": ["prime256v1", "secp384r1"],
    "certificate_signatures": [
        *("sha256WithRSAEncryption", "ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512")
    ],
    "certificate_types": ["ecdsa", "rsa"],
    "ciphers": {
        "caddy": [],
        "go": [],
        "openssl": [],
        "iana": [
            f"TLS_ECDHE_{key}_WITH_{cipher}"
            for key in ("ECDSA", "RSA")
            for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
        ],
    },
    "ciphersuites": ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
    "dh_param_size": 2048,
    "ecdh_param_size": 256,
    "hsts_min_age": 63072000,
    "maximum_certificate_lifespan": 366,
    "ocsp_staple": True,
    "recommended_certificate_lifespan": 90,
    "rsa_key_size": 2048,
    "server_preferred_order": False,
    "tls_curves": ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"],
    "tls_versions": ["TLSv1.2", "TLSv1.3"],
}

# Each line is nginx's own, and none is a request that the app would read otherwise.
_KNOWN = (Path(__file__).parent / "h2spec.txt").read_text(encoding="utf-8").splitlines()
KNOWN = {line for line in _KNOWN if not line.startswith("#")}


@pytest.mark.parametrize("profile", ["6.0", "5.7"])
def test_sslyze_finds_mozillas_intermediate_profile(served: Front, tmp_path: Path, profile: str) -> None:
    wanted = tmp_path / "profile.json"
    wanted.write_text(json.dumps(INTERMEDIATE), encoding="utf-8")
    options = ["--custom_tls_config", str(wanted)] if profile == "6.0" else ["--mozilla_config", "intermediate"]
    names = [f"{name}.localhost:{served.port}{{127.0.0.1}}" for name in ("app", "id")]
    command = ["/opt/sslyze/bin/python", "-m", "sslyze", "--certinfo_ca_file", str(served.secrets.ca), *options, *names]
    result = run(command, check=False)
    verdicts = result.stdout[result.stdout.index("COMPLIANCE AGAINST") :]
    assert result.returncode == 0, verdicts
    assert verdicts.count("OK - Compliant") == 2


@pytest.mark.drill
def test_h2spec_finds_nothing_but_what_is_known_of_nginx(served: Front, tmp_path: Path) -> None:
    report = tmp_path / "h2spec.xml"
    options = ["-h", "app.localhost", "-p", str(served.port), "-t", "-k", "-P", "/h2spec", "-j", str(report)]
    run(["h2spec", *options], check=False, timeout=300)
    found, count = set[str](), 0
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own tool's
        count += 1
        if case.find("failure") is not None or case.find("error") is not None:
            found.add(f"{case.get('package')} {case.get('classname')}")
    assert count > 140
    assert not found - KNOWN, "\n".join(sorted(found - KNOWN))
