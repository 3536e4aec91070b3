"""A session that has ended is over: its tabs on every replica, its cookie for ever, the provider's own session too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus

from support.command import run
from support.person import NAVIGATION, Person
from support.stack import Stack
from support.tab import Tab, tab
from support.waiting import until

SignIn = Callable[[str], Person]


@pytest.fixture
def signed_in(stack: Stack) -> Iterator[SignIn]:
    people: list[Person] = []

    def sign_in(user: str) -> Person:
        person = Person(stack)
        people.append(person)
        person.sign_in(user)
        return person

    yield sign_in
    for person in people:
        person.close()


def session_id(stack: Stack, person: Person) -> str:
    assert person.cookie
    # The cookie's value is known here alone; the row holds its hash.
    return stack.sql(f"select id from gate.session where cookie_hash = sha256('{person.cookie}')")  # noqa: S608


def operator(stack: Stack, *words: str) -> str:
    return stack.exec("app", "python", "-m", "gatehouse.gate.sessions", *words).stdout


def running(opened: Tab) -> Tab:
    opened.rerun()
    opened.until("script_finished")
    return opened


def replicas(stack: Stack) -> list[str]:
    return [container["Id"] for container in stack.containers("app")]


def on_replica(person: Person, container: str) -> dict[str, str]:
    """The marks that lead a browser to this replica; nginx and the gate compute the name from its address."""
    networks = run(
        [
            "docker",
            "inspect",
            container,
            "--format",
            "{{range $name, $n := .NetworkSettings.Networks}}{{$name}}={{$n.IPAddress}} {{end}}",
        ]
    ).stdout.split()
    address = next(word.partition("=")[2] for word in networks if word.partition("=")[0].endswith("_apps"))
    name = sha256(address.encode()).hexdigest()[:16]
    token = person.http.cookies.get("_streamlit_xsrf")
    return {"cookies": f"__Host-gate={person.cookie}; __Host-replica={name}; _streamlit_xsrf={token}"}


def test_there_are_two_replicas(stack: Stack) -> None:
    assert len(replicas(stack)) == 2


def test_operator_ends_a_session_and_its_tabs_on_both_replicas_close_within_a_second(
    stack: Stack, signed_in: SignIn
) -> None:
    person = signed_in("finn")
    person.asks("/_stcore/health")
    first, second = replicas(stack)
    with tab(person, **on_replica(person, first)) as one, tab(person, **on_replica(person, second)) as other:
        running(one)
        running(other)
        ended = stack.exec("app", "python", "-c", END_AND_TELL, session_id(stack, person)).stdout
        for opened in (one, other):
            assert opened.farewell() == "/auth/signed-out?reason=operator&next=%2F"
            assert time.time() - float(ended) <= 1.0
    assert not person.is_in()


def test_who_signs_in_again_in_the_same_browser_goes_on_in_its_other_tabs(stack: Stack, signed_in: SignIn) -> None:
    """As when a second tab waited at the sign-in: it follows the first, whose session its own takes the place of."""
    person = signed_in("finn")
    with tab(person) as opened:
        running(opened)
        person.open("/auth/login?next=/")
        assert opened.farewell(5) == "/", "not to the page that says who was signed out"
    assert person.is_in()


# The moment counts from the commit, not from the start of the operator's interpreter.
END_AND_TELL = """
import sys, time
from gatehouse.gate.sessions import main
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    code = main(["end", sys.argv[1]])
print(time.time())
sys.exit(code)
"""


def test_cookie_kept_from_before_signing_out_opens_nothing_on_either_replica(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("mia")
    person.asks("/_stcore/health")
    kept = [on_replica(person, replica) for replica in replicas(stack)]
    person.http.get(f"{stack.app_url}/auth/logout", headers=NAVIGATION | {"Sec-Fetch-Site": "same-origin"})
    for jar in kept:
        answer = person.http.get(f"{stack.app_url}/_stcore/host-config", headers={"Cookie": jar["cookies"]})
        assert "allowedOrigins" not in answer.text
        upload = f"{stack.app_url}/_stcore/upload_file/x/y"
        assert person.http.put(upload, headers={"Cookie": jar["cookies"], "Origin": stack.app_url}).status_code == 401
        # The tab of a laptop that wakes up is told, and gets nothing else.
        with tab(person, **jar) as opened:
            assert opened.farewell() == "/auth/signed-out?reason=signed-out&next=%2F"
            assert len(opened.seen) == 1


def test_link_from_another_site_signs_nobody_out(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("priya")
    for site in ("cross-site", "same-site", "none"):
        page = person.http.get(f"{stack.app_url}/auth/logout", headers=NAVIGATION | {"Sec-Fetch-Site": site})
        assert page.status_code == 200
        assert "<form" in page.text
    refused = person.http.post(f"{stack.app_url}/auth/logout", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert person.is_in()
    out = person.http.post(f"{stack.app_url}/auth/logout", headers={"Origin": stack.app_url})
    assert out.status_code in {302, 303}
    assert not person.is_in()


def test_sign_out_goes_to_the_provider_with_a_hint_of_who(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("noor")
    out = person.http.get(f"{stack.app_url}/auth/logout", headers=NAVIGATION | {"Sec-Fetch-Site": "same-origin"})
    assert out.headers["location"].startswith(f"{stack.issuer}/protocol/openid-connect/logout?id_token_hint=")
    assert person.follow(out).url.path == "/auth/signed-out"
    assert 'name="password"' in person.open().text, "asked for the password again"


def test_operators_ending_reaches_the_provider(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("finn")
    operator(stack, "end", session_id(stack, person))
    state = f"select provider_logout from gate.session where id = '{session_id(stack, person)}'"  # noqa: S608
    until(lambda: stack.sql(state) == "done", 20)
    said = person.http.get(f"{stack.app_url}/", headers=NAVIGATION)
    assert said.headers["location"] == "/auth/signed-out?reason=operator&next=%2F"
    again = person.http.get(f"{stack.app_url}/auth/login", headers=NAVIGATION)
    assert 'name="password"' in person.follow(again).text


def test_end_at_the_provider_closes_the_tab_within_a_second(stack: Stack, signed_in: SignIn) -> None:
    """The provider's own administrator ends the sessions of a user: Keycloak posts a logout token."""
    person = signed_in("mia")
    with tab(person) as opened:
        running(opened)
        stack.job("reconcile", "python", "-m", "deploy.keycloak.users", "disable", "mia")
        started = time.monotonic()
        place = opened.farewell(timeout=70)
        took = time.monotonic() - started
        stack.job("reconcile", "python", "-m", "deploy.keycloak.users", "enable", "mia")
    assert place in {"/auth/signed-out?reason=provider&next=%2F", "/auth/signed-out?reason=disabled&next=%2F"}
    assert took <= 61
    assert not person.is_in()


def test_operator_sees_who_is_signed_in(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("sam")
    listed = operator(stack, "list")
    assert session_id(stack, person) in listed
    assert "sam@example.com" in listed
    assert str(person.cookie) not in listed
    assert operator(stack, "end-user", "sam@example.com").startswith("user sam@example.com: ")
    assert not person.is_in()


def test_signing_in_again_ends_the_session_before(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("sam")
    before = person.cookie
    person.follow(person.http.get(f"{stack.app_url}/auth/login", headers=NAVIGATION))
    assert person.cookie != before
    assert person.is_in()
    old = person.http.get(f"{stack.app_url}/_stcore/host-config", headers={"Cookie": f"__Host-gate={before}"})
    assert "allowedOrigins" not in old.text


@pytest.mark.parametrize(
    "value", ["", "A" * 43, "A" * 4000, "\xff\xfe", "../..", "A" * 43 + ";", "'; drop table gate.session; --"]
)
def test_made_up_cookies_are_strangers(stack: Stack, value: str) -> None:
    with stack.http() as http:
        headers = [(name.encode(), text.encode()) for name, text in NAVIGATION.items()]
        answer = http.get(
            f"{stack.app_url}/", headers=[*headers, (b"Cookie", f"__Host-gate={value}".encode("latin-1"))]
        )
        assert answer.status_code in {302, 400}


def test_websocket_of_a_foreign_page_or_with_a_wrong_token_is_refused(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("sam")
    person.asks("/_stcore/health")
    for wrong in (
        {"origin": "https://evil.example"},
        {"origin": stack.app_url.replace("https", "http")},
        {"origin": stack.id_url},
        {"token": "2|00000000|00000000000000000000000000000000|1"},
        {"token": "none"},
    ):
        with pytest.raises(InvalidStatus) as refused, tab(person, **wrong):
            pass
        assert refused.value.response.status_code == 403, wrong


def test_message_that_clears_the_caches_of_all_is_refused(stack: Stack, signed_in: SignIn) -> None:
    person = signed_in("sam")
    with tab(person) as opened:
        running(opened)
        message = BackMsg()
        message.clear_cache = True
        opened.send(message)
        opened.rerun()
        opened.until("script_finished")
    assert "message refused" in stack.logs("app")


@pytest.mark.parametrize("login", ["app_a", "readonly", "migrator"])
def test_no_login_of_the_apps_reaches_a_session(stack: Stack, login: str) -> None:
    for statement in (
        "select * from gate.session",
        "insert into gate.session (id) values (gen_random_uuid())",
        "update gate.session set ended_at = null",
        "delete from gate.event",
    ):
        tried = stack.exec(
            "postgres",
            "psql",
            "--username=postgres",
            "--dbname=app",
            "--command",
            f"set role {login}; {statement}",
            check=False,
        )
        assert "permission denied" in tried.stderr, statement
