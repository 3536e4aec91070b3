"""A certificate by ACME from a real Pebble: first issue, renewal, failure, both challenges. In order, in one town."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from integration.acme.town import NAMES, Town
from support.http import LoopbackTransport, tls_context
from support.person import Person
from support.waiting import until


@pytest.fixture(scope="module")
def public(town: Town) -> Path:
    """What the public trusts: Pebble's root."""
    file = town.folder / "root.crt"
    file.write_bytes(town.root)
    return file


def taken(town: Town, public: Path) -> None:
    """Wait until nginx serves what acme has got, for both names."""
    for name in NAMES:
        until(lambda name=name: town.served(public, name=name) == town.held() != 0, 30)  # type: ignore[misc]


@pytest.fixture
def issued(town: Town, public: Path) -> int:
    """Serial number of a certificate that is there and served."""
    if not town.held():
        town.say(account=town.account)
        town.begin()
        until(lambda: town.held() != 0, 30)
    taken(town, public)
    return town.held()


def test_first_the_local_authority_and_then_a_reason_why_not_more(town: Town, public: Path) -> None:
    assert town.served(town.stack.ca) != 0
    assert town.served(public) == 0
    town.begin()
    until(lambda: "external account binding" in town.report()[1], 30)
    code, said = town.report()
    assert code == 1, "unhealthy: there is no certificate"
    assert said.startswith("none yet; failed at 20")
    assert "[account] in secrets/provided/acme.toml; next try at 20" in said
    assert "Error: no certificate by ACME: the authority asks for external account binding" in town.stack.logs("acme")
    assert town.served(town.stack.ca) != 0


def test_first_issue_follows_at_once_when_that_is_mended(town: Town, public: Path) -> None:
    town.say(account=town.account)
    until(lambda: town.held() != 0, 30)
    taken(town, public)
    assert town.served(town.stack.ca) == 0
    code, said = town.report()
    assert (code, said[:8]) == (0, "until 20")
    assert town.stack.exec("nginx", "ls", "/run/acme").stdout == ""
    # Inside, whoever asks for the issuer trusts both: nginx may come to serve either.
    inside = (town.stack.secrets / "app" / "issuer_ca.crt").read_bytes()
    assert town.root.strip() in inside
    assert town.stack.ca.read_bytes().strip() in inside


def test_a_restart_asks_for_nothing(town: Town, issued: int) -> None:
    before = town.orders()
    assert before > 0
    town.stack.compose("restart", "--no-deps", "--timeout", "1", "acme")
    town.up("acme")
    assert (town.orders(), town.held()) == (before, issued)


def test_the_plain_port_shows_answers_and_nothing_else(town: Town) -> None:
    base = f"http://127.0.0.1:{town.stack.settings['HTTP_PORT']}/.well-known/acme-challenge"
    file = town.stack.exec("acme", "bash", "-c", "umask 022; echo -n hello > /run/acme/token; ls -a /run/acme").stdout
    assert "token" in file

    def answer(method: str, path: str) -> tuple[int, str]:
        said = httpx.request(method, base + path, headers={"Host": NAMES[0]}, trust_env=False)
        return said.status_code, said.text

    assert answer("GET", "/token") == (200, "hello")
    assert answer("POST", "/token")[0] in {403, 405}
    for path in ("/", "", "/none", "/../acme-challenge/", "/..%2f..%2fetc/passwd"):
        assert answer("GET", path)[0] in {301, 400, 403, 404}, path
    # What a captured acme would try: nginx's own secrets by a link.
    town.stack.exec("acme", "ln", "--symbolic", "/run/secrets/tls.key", "/run/acme/link")
    assert answer("GET", "/link")[0] in {403, 404}
    town.stack.exec("acme", "rm", "/run/acme/token", "/run/acme/link")


@pytest.mark.usefixtures("issued")
def test_the_job_sees_its_own_secrets_alone_and_may_do_nothing(town: Town) -> None:
    seen = town.stack.exec("acme", "ls", "-A", "/run/secrets").stdout.split()
    assert set(seen) == {"account.key", "acme.toml", "ca.crt", "state.json", "tls.pem"}
    (container,) = town.stack.containers("acme")
    assert container["Config"]["User"] == "10004:10004"
    assert container["HostConfig"]["CapDrop"] == ["ALL"]
    assert not container["HostConfig"]["CapAdd"]
    assert list(container["NetworkSettings"]["Networks"]) == [f"{town.stack.project}_edge"]
    for name in ("account.key", "tls.pem"):
        assert (town.stack.secrets / "acme" / name).stat().st_mode & 0o777 == 0o400


@pytest.mark.drill
def test_renewal(town: Town, public: Path, issued: int) -> None:
    town.expire()
    until(lambda: town.held() not in {0, issued}, 30)
    taken(town, public)


def test_failure_keeps_the_old_one_loudly(town: Town, public: Path, issued: int) -> None:
    town.address_of(NAMES[0])
    try:
        town.expire()
        until(lambda: "failed at" in town.report()[1], 60)
        code, said = town.report()
        assert code == 0, "healthy: the old one is good for weeks"
        assert NAMES[0] in said
        assert said.startswith("until 20")
        (*_, told) = [line for line in town.stack.logs("acme").splitlines() if line.startswith("Error: ")]
        assert "the one of before stays until 20" in told
        assert town.held() == issued == town.served(public)
    finally:
        town.address_of(NAMES[0], town.nginx_address)


@pytest.mark.drill
def test_dns_with_a_key_that_may_not_is_told_and_nothing_is_validated(town: Town, issued: int) -> None:
    town.stack.write_settings(ACME_CHALLENGE="dns-01")
    town.say(account=town.account, dns=town.dns | {"key_name": "another"})
    before = town.validations()
    town.begin()
    town.expire()
    until(lambda: "pebble:53 does not take the key another" in town.report()[1], 60)
    assert (town.validations(), town.held()) == (before, issued)


@pytest.mark.drill
def test_dns(town: Town, public: Path, issued: int) -> None:
    town.stack.write_settings(ACME_CHALLENGE="dns-01")
    town.say(account=town.account, dns=town.dns)
    town.begin()
    before = town.validations("validate w/ HTTP")
    town.expire()
    until(lambda: town.held() not in {0, issued}, 60)
    taken(town, public)
    assert town.validations("validate w/ HTTP") == before
    assert not town.has_record(f"_acme-challenge.{NAMES[0]}.")
    assert not town.has_record("id.challenges.gate.test.")


@pytest.mark.drill
def test_the_whole_stack_lives_on_it(town: Town, public: Path, issued: int) -> None:
    town.stack.up()
    for name in NAMES:
        town.address_of(name, town.nginx_address)
    taken(town, public)
    added = ["add", "olga", "--email", "olga@gate.test", "--name", "Olga Berg"]
    said = town.stack.job("reconcile", "python", "-m", "deploy.keycloak.users", *added).stdout
    first, again = stranger(town, public), stranger(town, public)
    first.first_sign_in("olga", said.split()[-1], "a-passphrase-of-olgas-own-7")
    assert first.is_in()
    town.expire()
    until(lambda: town.held() not in {0, issued}, 60)
    taken(town, public)
    assert first.is_in()
    # The app asks the provider through the new certificate.
    again.follow(again.submit(again.open(), "olga", "a-passphrase-of-olgas-own-7"))
    assert again.is_in()


def stranger(town: Town, public: Path) -> Person:
    """Somebody who trusts Pebble's root alone, as the public would."""
    person = Person(town.stack)
    person.http.close()
    person.http = httpx.Client(transport=LoopbackTransport(tls_context(public)), timeout=30)
    return person
