from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gatehouse import uploads
from unit.gatehouse.uploads.bad_files import BAD

BOMBS = (
    "zip bomb in the sheet",
    "zip bomb beside the sheet",
    "pixel bomb",
    "pixel bomb just above",
    "JPEG bomb",
    "WebP bomb",
    "text bomb in a PNG",
    "PDF bomb",
    "PDF nested 100,000 deep",
    "JSON of empty lists",
    "JSON nested 100,000 deep",
    "CSV of nothing but commas",
    "CSV of too many rows",
    "too many rows of a workbook",
)
# The highest memory so far, after each file; that of the process which reads PDFs is counted where it is higher.
MEASURE = """
import json, pathlib, resource, sys
from gatehouse import uploads

def highest():
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024

kinds = (uploads.Csv(), uploads.Xlsx(), uploads.Image(), uploads.Pdf(), uploads.Json())
start = highest()
rise = {}
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        uploads.check(path.read_bytes(), *kinds, name="a" + path.suffix)
    except uploads.Refused:
        rise[path.stem] = highest() - start
print(json.dumps(rise))
"""


def test_no_bomb_takes_much_memory(tmp_path: Path) -> None:
    for case in BOMBS:
        name, make, _ = BAD[case]
        (tmp_path / f"{case}{Path(name).suffix}").write_bytes(make())
    app = str(Path(uploads.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": app},
    )
    rise = json.loads(done.stdout)
    assert set(rise) == set(BOMBS)
    assert max(rise.values()) < 150, rise
