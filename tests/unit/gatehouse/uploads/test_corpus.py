"""Every bad file is refused with its own reason, every good one is accepted, and none shows a traceback."""

from __future__ import annotations

import re

import pytest

from gatehouse import uploads
from unit.gatehouse.uploads.bad_files import BAD
from unit.gatehouse.uploads.good_files import GOOD

KINDS = (uploads.Csv(), uploads.Xlsx(), uploads.Image(), uploads.Pdf(), uploads.Json())


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_refused_in_one_sentence(case: str) -> None:
    name, make, reason = BAD[case]
    with pytest.raises(uploads.Refused) as caught:
        uploads.check(make(), *KINDS, name=name)
    sentence = str(caught.value)
    assert re.search(reason, sentence), sentence
    assert re.fullmatch(r"[^\n`\[<]{10,200}\.", sentence), sentence


@pytest.mark.parametrize("case", GOOD)
def test_good_file_is_accepted(case: str) -> None:
    name, make = GOOD[case]
    assert uploads.check(make(), *KINDS, name=name).name


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(BAD) >= 60
    assert len(GOOD) >= 15
