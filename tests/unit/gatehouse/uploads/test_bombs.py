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
    "styles of a million formats",
    "two million shared texts",
    "row of a million cells",
    "element of a million attributes",
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
# The peak since the mark was reset, over what was held before. The process that reads PDFs has a limit of its own.
MEASURE = """
import json, pathlib, sys
from gatehouse import uploads

def kilobytes(name):
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split(name + ":")[1].split()[0])

kinds = (uploads.Csv(), uploads.Xlsx(), uploads.Image(), uploads.Pdf(), uploads.Json())
rise = {}
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    content = path.read_bytes()
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS")
    try:
        uploads.check(content, *kinds, name="a" + path.suffix)
    except uploads.Refused:
        rise[path.stem] = (kilobytes("VmHWM") - before) // 1024
print(json.dumps(rise))
"""


def test_no_bomb_takes_much_memory(tmp_path: Path) -> None:
    folder = tmp_path / "bombs"
    folder.mkdir()
    for case in BOMBS:
        name, make, _ = BAD[case]
        (folder / f"{case}{Path(name).suffix}").write_bytes(make())
    app = str(Path(uploads.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, folder],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": app},
    )
    rise = json.loads(done.stdout)
    assert set(rise) == set(BOMBS)
    assert max(rise.values()) < 150, rise
