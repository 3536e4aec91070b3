"""What scripts hand out by address, exports and deferred downloads, is for the session that they made it for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse

from support.abroad import Abroad
from support.person import Person
from support.tab import Tab, tab


@pytest.fixture(scope="module")
def two(abroad: Abroad) -> Iterator[tuple[Person, Person]]:
    """Two people on one replica."""
    first, second = abroad.person(), abroad.person()
    for someone, user in ((first, "ann"), (second, "bob")):
        abroad.sign_in(someone, "microsoft", user)
    first.asks("/_stcore/health")
    replica = first.http.cookies.get("__Host-replica") or ""
    second.http.cookies.set("__Host-replica", replica, domain="app.localhost", path="/")
    yield first, second
    first.close()
    second.close()


def address(shown: str) -> str:
    found = re.search(r'url: "(/media/[^"]+)"', shown)
    assert found, shown
    return found[1]


def test_each_export_is_its_own_and_nobody_elses(two: tuple[Person, Person]) -> None:
    """Alike in length, beginning and end, as what a cache key might be made of."""
    first, second = two
    with tab(first) as one, tab(second) as other:
        own, others = address(one.run("show=export")), address(other.run("show=export"))
        assert own != others
        assert b"ann@company.com" in first.asks(own).content
        assert b"bob@company.com" in second.asks(others).content
        for person, path in ((first, others), (second, own)):
            for method in ("GET", "HEAD"):
                answer = person.asks(path, method)
                assert answer.status_code == 404
                assert b"company.com" not in answer.content


def deferred_id(opened: Tab) -> str:
    """What a download button sends whose content is made after the click."""
    found = re.search(r'deferred_file_id: "([^"]+)"', opened.run("show=deferred"))
    assert found, opened.shown()
    return found[1]


def click(opened: Tab, file_id: str, stream: str) -> BackendOperationResponse:
    message = BackMsg()
    message.backend_operation_request.request_id = "r"
    message.backend_operation_request.session_id = stream
    message.backend_operation_request.deferred_file.file_id = file_id
    opened.send(message)
    return opened.until("backend_operation_response").backend_operation_response


def test_deferred_download_is_its_own_and_nobody_elses(two: tuple[Person, Person]) -> None:
    first, second = two
    with tab(first) as one:
        answer = click(one, deferred_id(one), one.session_id)
        assert not answer.error_msg
        path = answer.deferred_file.url
        assert first.asks(path).content == b"made for ann@company.com"
        assert second.asks(path).status_code == 404


def test_deferred_download_of_anothers_cannot_be_asked_for(two: tuple[Person, Person]) -> None:
    first, second = two
    with tab(first) as one, tab(second) as other:
        file_id = deferred_id(one)
        other.run()
        for stream in (other.session_id, one.session_id):
            answer = click(other, file_id, stream)
            assert answer.error_msg
            assert not answer.deferred_file.url
