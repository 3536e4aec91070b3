from __future__ import annotations

from contextlib import ExitStack

import pytest

from gatehouse.gate.upload_limits import UploadLimits
from gatehouse.gate.upload_room import Holder, Refusal, Room

LIMITS = UploadLimits(session=100, session_files=3, user=150, user_files=5, process=200)
SAM = Holder("sam-laptop", ("https://id", "sam"))
SAM_PHONE = Holder("sam-phone", ("https://id", "sam"))
MIA = Holder("mia", ("https://id", "mia"))


class Streamlit:
    """What it holds, and a room that counts it."""

    def __init__(self) -> None:
        self.sizes: dict[str, list[int]] = {}
        self.room = Room(LIMITS, lambda: self.sizes)

    def upload(self, stream: str, holder: Holder, size: int) -> None:
        with self.room.claim(stream, holder, size):
            self.sizes.setdefault(stream, []).append(size)


@pytest.fixture
def held() -> Streamlit:
    return Streamlit()


def refused(held: Streamlit, stream: str, holder: Holder, size: int) -> Refusal:
    with pytest.raises(Refusal) as caught:
        held.upload(stream, holder, size)
    return caught.value


def test_session_holds_so_many_bytes_in_all_its_tabs(held: Streamlit) -> None:
    held.upload("tab 1", SAM, 60)
    held.upload("tab 2", SAM, 40)
    refusal = refused(held, "tab 2", SAM, 1)
    assert (refusal.status, refusal.limit, refusal.asked, refusal.allowed) == (429, "session", 101, 100)
    assert "remove some" in str(refusal).lower()


def test_session_holds_so_many_files(held: Streamlit) -> None:
    for _ in range(3):
        held.upload("tab", SAM, 0)
    assert refused(held, "tab", SAM, 0).limit == "session files"


def test_user_holds_so_much_in_all_sessions(held: Streamlit) -> None:
    held.upload("tab 1", SAM, 90)
    held.upload("tab 2", SAM_PHONE, 60)
    assert refused(held, "tab 2", SAM_PHONE, 1).limit == "user"
    held.upload("tab 3", MIA, 50)


def test_user_holds_so_many_files_in_all_sessions(held: Streamlit) -> None:
    for stream, holder in (("tab 1", SAM), ("tab 2", SAM_PHONE)):
        held.upload(stream, holder, 1)
        held.upload(stream, holder, 1)
    held.upload("tab 1", SAM, 1)
    assert refused(held, "tab 2", SAM_PHONE, 1).limit == "user files"


def test_process_holds_so_much_of_everybody(held: Streamlit) -> None:
    held.upload("tab 1", SAM, 100)
    held.upload("tab 2", MIA, 100)
    refusal = refused(held, "tab 3", Holder("tom", ("https://id", "tom")), 1)
    assert (refusal.status, refusal.limit) == (503, "process")


def test_files_that_nobody_here_uploaded_count_for_the_process(held: Streamlit) -> None:
    held.sizes["unknown"] = [180]
    assert refused(held, "tab", SAM, 30).limit == "process"


def test_uploads_on_their_way_count_until_they_are_over(held: Streamlit) -> None:
    with ExitStack() as open_uploads:
        open_uploads.enter_context(held.room.claim("tab 1", SAM, 100))
        assert refused(held, "tab 2", SAM, 1).limit == "session"
    held.upload("tab 2", SAM, 100)


def test_upload_that_fails_gives_its_room_back(held: Streamlit) -> None:
    with pytest.raises(OSError), held.room.claim("tab", SAM, 100):  # noqa: PT011
        raise OSError
    held.upload("tab", SAM, 100)


def test_upload_of_unknown_size_is_counted_as_it_grows(held: Streamlit) -> None:
    with held.room.claim("tab", SAM, 0) as claim:
        held.room.grow(claim, 70)
        held.room.grow(claim, 50)
        assert refused(held, "tab 2", SAM, 40).limit == "session"
        held.room.grow(claim, 100)
        with pytest.raises(Refusal):
            held.room.grow(claim, 101)


def test_room_comes_back_when_streamlit_lets_go(held: Streamlit) -> None:
    held.upload("tab", SAM, 100)
    held.sizes.clear()
    held.upload("tab 2", SAM, 100)


def test_question_before_sizes_are_known_is_refused_only_when_nothing_fits(held: Streamlit) -> None:
    held.room.look(SAM, 3)
    with pytest.raises(Refusal):
        held.room.look(SAM, 4)
    held.upload("tab", SAM, 99)
    held.room.look(SAM, 1)
    held.upload("tab", SAM, 1)
    with pytest.raises(Refusal):
        held.room.look(SAM, 1)
