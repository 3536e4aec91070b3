from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from gatehouse.gate.multipart_file import MultipartFile, NotOneFile, TooLarge

KIND = 'multipart/form-data; boundary="edge"'
MEBIBYTE = 1024 * 1024


def part(data: bytes, name: str | None = "a.csv", kind: str = "text/csv") -> bytes:
    ending = f'; filename="{name}"' if name is not None else ""
    head = f'--edge\r\nContent-Disposition: form-data; name="x"{ending}\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(body: bytes, *, limit: int = 1000, size: int = 65536) -> MultipartFile:
    file = MultipartFile(KIND, limit)
    for piece in pieces(body, size):
        file.write(piece)
    return file


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
def test_file_arrives_whole_however_it_is_cut(size: int) -> None:
    data = b"a\r\n--edg\r\n--edgy\r\n" * 9
    file = read(part(b"word", name=None) + part(data, "dir/é x.csv") + b"--edge--\r\n", size=size)
    assert (file.finish(), file.name, file.type) == (data, "dir/é x.csv", "text/csv")


def test_empty_file_is_a_file() -> None:
    assert read(part(b"") + b"--edge--\r\n").finish() == b""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edge--\r\n",
        b"no form at all",
        part(b"word", name=None) + b"--edge--\r\n",
        part(b"one") + part(b"two") + b"--edge--\r\n",
        part(b"cut off"),
        part(b"cut off")[:30],
        b"--edge\r\n" + b"X: " + b"x" * 10_000 + b"\r\n\r\n\r\n--edge--\r\n",
        b"--edge\r\n" + b"X: y\r\n" * 1000 + b"\r\n\r\n--edge--\r\n",
    ],
)
def test_anything_but_one_whole_file_is_refused(body: bytes) -> None:
    with pytest.raises(NotOneFile):
        read(body).finish()


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", f"multipart/form-data; boundary={'x' * 999}"]
)
def test_anything_but_a_form_is_refused(kind: str) -> None:
    with pytest.raises(NotOneFile):
        MultipartFile(kind, 10)


def test_limit_is_the_files_to_the_byte() -> None:
    assert len(read(part(b"x" * 10) + b"--edge--\r\n", limit=10).finish()) == 10
    with pytest.raises(TooLarge):
        read(part(b"x" * 11), limit=10)


def test_file_is_held_once() -> None:
    body = memoryview(part(b"x" * (32 * MEBIBYTE)) + b"--edge--\r\n")
    tracemalloc.start()
    try:
        file = MultipartFile(KIND, 64 * MEBIBYTE)
        for start in range(0, len(body), 65536):
            file.write(bytes(body[start : start + 65536]))
        data = file.finish()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data) == 32 * MEBIBYTE
    assert held < 1.05 * len(data)
    # An eighth more is asked for while it grows; what is not written to is not taken from the machine.
    assert peak < 1.2 * len(data)
