from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from gatehouse import uploads
from gatehouse.uploads import pdf_file
from unit.gatehouse.uploads.good_files import GOOD
from unit.gatehouse.uploads.making import pdf, picture, workbook


def image(content: bytes, name: str) -> uploads.Picture:
    return uploads.check(content, uploads.Image(), name=name)


def pixels(content: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(content))


def test_a_photo_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    before = GOOD["JPEG of a phone"].make()
    assert b"Phone" in before
    photo = image(before, "IMG_0001.jpg")
    after = pixels(photo.content)
    assert (photo.width, photo.height) == after.size == (300, 400)
    assert (photo.mime, photo.name) == ("image/jpeg", "IMG_0001.jpg")
    assert not after.getexif()
    assert b"Phone" not in photo.content
    assert getattr(after, "n_frames", 1) == 1


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_nothing_of_an_image_is_kept_but_its_pixels(form: str) -> None:
    options: dict[str, Any] = {"comment": b"<script>"} if form == "jpeg" else {}
    content = picture(form, exif=PIL.Image.Exif().tobytes(), icc_profile=b"<script>" * 20, **options)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("evil.php", "<?php")
    both = content + b"<script>alert(1)</script>" + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(both))
    kept = image(both, f"a.{form}").content
    assert not zipfile.is_zipfile(io.BytesIO(kept))
    assert b"<script>" not in kept
    assert pixels(kept).size == (40, 30)


@pytest.mark.parametrize(
    ("case", "mode"),
    [("PNG with transparency", "RGBA"), ("PNG of a palette", "RGB"), ("PNG in black and white", "1"), ("WebP", "RGB")],
)
def test_an_image_looks_as_before(case: str, mode: str) -> None:
    name, make = GOOD[case]
    kept = pixels(image(make(), name).content)
    assert kept.mode == mode
    before = pixels(make()).convert(mode)
    close = max(abs(a - b) for a, b in zip(before.convert("L").tobytes(), kept.convert("L").tobytes(), strict=True))
    assert close <= (8 if case == "WebP" else 0)


def test_only_the_formats_asked_for() -> None:
    with pytest.raises(uploads.Refused, match="Choose .png; "):
        uploads.check(picture("jpeg"), uploads.Image(formats=("png",)), name="a.jpg")


def test_a_pdf_is_kept_as_it_came() -> None:
    content = pdf(pages=3)
    document = uploads.check(content, uploads.Pdf(), name="Rechnung <März>.PDF")
    assert (document.content, document.pages, document.mime) == (content, 3, "application/pdf")
    assert document.name == "Rechnung _März_.pdf"


def test_files_have_random_numbers_to_be_stored_under() -> None:
    first, second = (uploads.check(pdf(), uploads.Pdf(), name="a.pdf") for _ in range(2))
    assert first.id != second.id
    assert first.again().id == first.id


def test_the_process_that_reads_a_pdf_sees_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader = tmp_path / "reader.py"
    reader.write_text(
        "import os, json; print(json.dumps({'pages': len([n for n in os.environ if n != 'LC_CTYPE']) + 1}))"
    )
    monkeypatch.setattr(pdf_file, "_READER", reader)
    monkeypatch.setenv("API_KEY", "secret")
    assert uploads.check(pdf(), uploads.Pdf(), name="a.pdf").pages == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import time; time.sleep(30)", "too complicated"),
        ("raise SystemExit(1)", "damaged"),
        ("import os; os.kill(os.getpid(), 9)", "damaged"),
        ("print('nonsense')", "damaged"),
    ],
)
def test_a_reader_that_hangs_or_dies_refuses_the_pdf(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, told: str
) -> None:
    reader = tmp_path / "reader.py"
    reader.write_text(code)
    monkeypatch.setattr(pdf_file, "_READER", reader)
    monkeypatch.setattr(pdf_file, "_SECONDS", 1)
    with pytest.raises(uploads.Refused, match=told):
        uploads.check(pdf(), uploads.Pdf(), name="a.pdf")


def test_kinds_are_told_apart_by_name_and_then_by_content() -> None:
    kinds = (uploads.Pdf(), uploads.Image())
    assert isinstance(uploads.check(pdf(), *kinds, name="a.pdf"), uploads.Document)
    assert isinstance(uploads.check(picture("png"), *kinds, name="a.png"), uploads.Picture)
    with pytest.raises(uploads.Refused, match=r"^Choose .pdf, .png, .jpg, .jpeg or .webp; "):
        uploads.check(workbook(), *kinds, name="a.xlsx")


@pytest.mark.parametrize(("file", "kinds"), [(b"x", ()), (b"x", (uploads.Csv(),))])
def test_a_call_without_kind_or_name_is_the_authors_mistake(file: bytes, kinds: tuple[uploads.Csv, ...]) -> None:
    with pytest.raises(ValueError, match="needs a kind"):
        uploads.check(file, *kinds)


def test_the_reader_of_a_pdf_cannot_take_more_than_its_share(tmp_path: Path) -> None:
    code = (Path(pdf_file.__file__).with_name("pdf_reader.py")).read_text()
    greedy = tmp_path / "greedy.py"
    greedy.write_text(
        code.replace("def judge(content: bytes)", "def unused(content: bytes)").replace(
            "def main()", "def judge(content: bytes):\n    return {'pages': len(bytearray(400_000_000))}\n\ndef main()"
        )
    )
    done = subprocess.run([sys.executable, "-I", greedy], input=b"", capture_output=True, check=True)
    assert done.stdout == b'{"refused": "many"}'
