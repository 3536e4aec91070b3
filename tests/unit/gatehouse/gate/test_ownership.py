"""Media by owner, and what of Streamlit's insides that relies on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from streamlit import runtime
from streamlit.runtime import memory_media_file_storage
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError

from gatehouse.gate import ownership

HALF = 1024 * 1024
Owner: TypeAlias = Callable[[str], object]


@pytest.fixture
def storage() -> ownership.OwnedMedia:
    return ownership.OwnedMedia("/media")


@pytest.fixture
def owner() -> Iterator[Owner]:
    """Sets whose script is running."""
    token = ownership.serving.set(None)
    yield ownership.serving.set
    ownership.serving.reset(token)


def export(middle: bytes) -> bytes:
    """Two megabytes that differ in the middle alone, where Streamlit's own id does not look."""
    return b"a" * (HALF // 2) + middle + b"b" * (2 * HALF - HALF // 2 - len(middle))


def test_two_users_exports_of_equal_length_get_their_own_bytes(storage: ownership.OwnedMedia, owner: Owner) -> None:
    made = {}
    for name in ("sam", "mia"):
        owner(name)
        made[name] = storage.load_and_get_id(export(name.encode()), "text/csv", MediaFileKind.DOWNLOADABLE, "x.csv")
    assert made["sam"] != made["mia"]
    assert storage.get_file(f"{made['sam']}.csv").content == export(b"sam")
    assert storage.get_file(f"{made['mia']}.csv").content == export(b"mia")


def test_same_bytes_of_two_users_are_two_files(storage: ownership.OwnedMedia, owner: Owner) -> None:
    ids = set()
    for name in ("sam", "mia"):
        owner(name)
        ids.add(storage.load_and_get_id(b"same", "image/png", MediaFileKind.MEDIA))
    assert len(ids) == 2


def test_file_belongs_to_its_maker_alone(storage: ownership.OwnedMedia, owner: Owner) -> None:
    owner("sam")
    file_id = storage.load_and_get_id(b"x", "image/png", MediaFileKind.MEDIA)
    assert ownership.owns_media(f"{file_id}.png", "sam")
    assert not ownership.owns_media(f"{file_id}.png", "mia")
    storage.delete_file(file_id)
    assert not ownership.owns_media(f"{file_id}.png", "sam")
    assert not ownership.owns_media("never-made.png", "sam")


def test_file_made_outside_any_session_is_nobodys(storage: ownership.OwnedMedia, owner: Owner) -> None:
    file_id = storage.load_and_get_id(b"x", "image/png", MediaFileKind.MEDIA)
    assert not ownership.owns_media(f"{file_id}.png", "sam")
    assert not ownership.owns_media(f"{file_id}.png", "")


def test_missing_path_is_streamlits_own_error(storage: ownership.OwnedMedia, owner: Owner) -> None:
    with pytest.raises(MediaFileStorageError):
        storage.load_and_get_id("/nowhere/at/all.png", "image/png", MediaFileKind.MEDIA)


def test_deferred_download_is_run_for_its_own_stream_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Runtime:
        media_file_mgr = MediaFileManager(ownership.OwnedMedia("/media"))

    monkeypatch.setattr(runtime, "get_instance", Runtime)
    file_id = Runtime.media_file_mgr.add_deferred(lambda: b"data", "text/plain", "here")
    stream = Runtime.media_file_mgr._deferred_callables[file_id]["session_id"]  # noqa: SLF001 -- what is pinned
    assert ownership.owns_deferred(file_id, stream)
    assert not ownership.owns_deferred(file_id, "another")
    assert not ownership.owns_deferred("unknown", stream)


def test_streamlit_makes_its_storage_by_the_name_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_media_file_storage, "MemoryMediaFileStorage", ownership.OwnedMedia)
    source = (memory_media_file_storage.__file__ or "").replace(
        "runtime/memory_media_file_storage", "web/server/starlette/starlette_app"
    )
    text = open(source, encoding="utf-8").read()  # noqa: SIM115
    inside = text[text.index("def _create_runtime") :]
    assert "from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage" in inside
