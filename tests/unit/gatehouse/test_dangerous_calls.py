from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gatehouse import dangerous_calls, serve

DANGEROUS = [
    "import pickle\npickle.load(file)",
    "import pickle\npickle.loads(file)",
    "import pickle\npickle.Unpickler(file).load()",
    "import pickle as p\np.loads(file)",
    "from pickle import loads as read\nread(file)",
    "import _pickle\n_pickle.loads(file)",
    "import cPickle\ncPickle.loads(file)",
    "import dill\ndill.loads(file)",
    "import cloudpickle\ncloudpickle.load(file)",
    "import joblib\njoblib.load(file)",
    "import shelve\nshelve.open(file)",
    "import marshal\nmarshal.loads(file)",
    "import jsonpickle\njsonpickle.decode(file)",
    "import pandas as pd\npd.read_pickle(file)",
    "from pandas import read_pickle\nread_pickle(file)",
    "import torch\ntorch.load(file)",
    "import torch\ntorch.load(file, weights_only=False)",
    "import numpy as np\nnp.load(file, allow_pickle=True)",
    "import numpy as np\nnp.load(file, None, True)",
    "import numpy as np\nnp.load(file, allow_pickle=choice)",
    "import yaml\nyaml.load(file)",
    "import yaml\nyaml.load(file, yaml.Loader)",
    "import yaml\nyaml.load(file, Loader=yaml.FullLoader)",
    "import yaml\nyaml.unsafe_load(file)",
    "formula = 1\neval(formula)",
    "code = 1\nexec(code)",
    "import builtins\nbuiltins.eval(formula)",
    "def page():\n    import pickle; return pickle.load(file)",
]
HARMLESS = [
    "import pickle\npickle.dumps(file)",
    "import pickle\npickle.load(file)  # trusted",
    "import json\njson.load(file)",
    "import torch\ntorch.load(file, weights_only=True)",
    "import numpy as np\nnp.load(file)",
    "import numpy as np\nnp.load(file, allow_pickle=False)",
    "import yaml\nyaml.safe_load(file)",
    "import yaml\nyaml.load(file, yaml.SafeLoader)",
    "from yaml import CSafeLoader, load\nload(file, Loader=CSafeLoader)",
    "import pandas as pd\npd.eval('a + b')",
    "frame.eval('a + b')",
    "eval('1 + 1')",
    "model.load(file)",
    "def load(): ...\nload()",
    "not Python (",
    "x = '\0'",
]


@pytest.mark.parametrize("code", DANGEROUS)
def test_a_call_that_runs_what_it_reads_is_found(tmp_path: Path, code: str) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/1_one.py").write_text(code)
    (found,) = dangerous_calls.find(tmp_path)
    assert (found.path, found.line) == (Path("pages/1_one.py"), 2)
    assert found.instead


@pytest.mark.parametrize("code", HARMLESS)
def test_a_harmless_call_is_not(tmp_path: Path, code: str) -> None:
    (tmp_path / "main.py").write_text(code)
    assert not dangerous_calls.find(tmp_path)


def test_other_peoples_packages_are_not_the_authors(tmp_path: Path) -> None:
    package = tmp_path / ".venv/lib/site-packages"
    package.mkdir(parents=True)
    (package / "a.py").write_text(DANGEROUS[0])
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    assert not dangerous_calls.find(tmp_path)


def test_a_line_for_each_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.py").write_text("import pickle\npickle.load(x)\n\npickle.loads(x)")
    (tmp_path / "a.py").write_text("eval(x)")
    monkeypatch.setattr("sys.argv", ["", str(tmp_path)])
    dangerous_calls.main()
    assert [line.rsplit(": ", 1)[0] for line in capsys.readouterr().out.splitlines()] == [
        "a.py:1: eval",
        "b.py:2: pickle.load",
        "b.py:4: pickle.loads",
    ]


def test_the_start_logs_them(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    (place / "app/main.py").write_text("import pickle\npickle.load(x)")
    with caplog.at_level(logging.WARNING):
        serve._warn_of_code()  # noqa: SLF001
    assert caplog.messages == [
        "app folder: main.py:2: pickle.load: a pickle runs code when it is read; use JSON, CSV or Parquet"
    ]
