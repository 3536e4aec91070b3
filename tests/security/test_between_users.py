"""What one signed-in person's session made is not another's, even for who knows where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.person import Person
from support.stack import Stack
from support.tab import tab


@pytest.fixture(scope="module")
def two(stack: Stack) -> Iterator[tuple[Person, Person]]:
    owner, other = Person(stack), Person(stack)
    owner.sign_in("sam")
    other.sign_in("mia")
    yield owner, other
    owner.close()
    other.close()


def put(person: Person, stream: str, method: str = "PUT") -> int:
    """Upload to, or delete from, a Streamlit session, with everything that Streamlit itself asks for."""
    token = (person.http.cookies.get("_streamlit_xsrf") or "").strip('"')
    return person.http.request(
        method,
        f"{person.stack.app_url}/_stcore/upload_file/{stream}/made-up-id",
        files={"file": ("a.txt", b"data")} if method == "PUT" else None,
        headers={"Origin": person.stack.app_url, "X-Xsrftoken": token},
    ).status_code


def test_uploads_belong_to_the_session_that_asked_for_them(two: tuple[Person, Person]) -> None:
    owner, other = two
    with tab(owner) as opened:
        opened.rerun()
        opened.until("script_finished")
        assert opened.session_id
        # On whichever replica the other is: its own does not know the stream, the owner's does not let it in.
        replica = owner.http.cookies.get("__Host-replica")
        other.http.cookies.set("__Host-replica", replica or "", domain="app.localhost")
        other.asks("/_stcore/health")
        assert put(other, opened.session_id) == 404
        assert put(other, opened.session_id, "DELETE") == 404
        assert put(owner, opened.session_id) == 204
        assert put(owner, opened.session_id, "DELETE") == 204


def test_upload_from_another_site_is_refused(two: tuple[Person, Person]) -> None:
    owner, _ = two
    answer = owner.http.put(
        f"{owner.stack.app_url}/_stcore/upload_file/x/y", headers={"Origin": "https://evil.example"}, content=b"x"
    )
    assert answer.status_code == 403
