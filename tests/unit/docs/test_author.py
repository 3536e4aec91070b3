"""What the docs for authors call good is run, and does what is said there; what they call bad fails as it says."""

from __future__ import annotations

import io
import pickle  # noqa: TID251 -- to show what one does
from collections.abc import Callable
from datetime import UTC, datetime
from unittest import TestCase

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from gatehouse import sessions
from support.snippets import snippets
from unit.gatehouse.uploads.making import picture, workbook

GOOD = snippets("GOOD")
BAD = snippets("BAD")
SECRETS = {"OPENAI_API_KEY": "sk-1", "database": {"host": "db.example.com"}}
BAD_START = "import pandas as pd, pickle, streamlit as st\n"


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    return app.file_uploader[0].set_value((name, content, "")).run()


def a_table(app: AppTest) -> None:
    assert upload(app, "orders.csv", b"MZ\x90").error[0].value.endswith("it is a Windows program.")
    upload(app, "orders.xlsx", workbook())
    assert app.dataframe[0].value.to_dict("records") == [{"item": "Chair", "amount": 120.5}]


def a_receipt_to_keep(app: AppTest) -> None:
    upload(app, "r\xe9\xe7u.png", picture("png"))
    app.button[0].click().run()
    assert app.session_state["kept"][1:3] == ("r\xe9\xe7u.png", "image/png")
    assert len(app.get("download_button")) == 1


def several_files(app: AppTest) -> None:
    app.file_uploader[0].set_value([("a.png", picture("png"), ""), ("b.png", b"<svg>", "")]).run()
    assert [error.value for error in app.error] == ["The file's name ends in .png, but it is a web page or XML."]


def an_export(app: AppTest) -> None:
    assert len(app.get("download_button")) == 2


def a_form(app: AppTest) -> None:
    app.text_input[0].set_value("\xb2")
    app.text_input[1].set_value("11")
    app.button[0].click().run()
    assert [error.value for error in app.error] == ["Enter the number on your invoice.", "Enter 10 or less."]
    app.text_input[0].set_value("7")
    app.text_input[1].set_value("")
    app.button[0].click().run()
    assert not app.error
    assert app.success[0].value == "Order 7: 1"


def data_not_code(app: AppTest) -> None:
    assert upload(app, "model.json", pickle.dumps({"a": 1})).error
    upload(app, "model.json", b'{"a": 1}')
    assert not app.error


def a_secret(app: AppTest) -> None:
    shown = AppTest.from_string(GOOD["a secret stays out of the code"] + "st.text([api_key, host, region])")
    shown.secrets = SECRETS
    assert shown.run().text[0].value == "['sk-1', 'db.example.com', 'eu']"


def nothing_to_write(app: AppTest) -> None:
    assert app.markdown[0].value == "Welcome, Developer!"
    assert app.button[0].label == "Log out"


def by_role(app: AppTest) -> None:
    assert app.info[0].value.startswith("This is not open to you.")
    assert not app.markdown
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GATEHOUSE_DEV_ROLES", "finance")
        assert app.run().markdown[0].value == "Salaries"


def an_audit_trail(app: AppTest) -> None:
    with TestCase().assertLogs("gatehouse.auditing") as logs:
        app.button[0].click().run()
    assert 'request.approved request 17 {"amount": "120.50", "currency": "CHF"}' in logs.output[0]


def a_page_for_auditors(app: AppTest) -> None:
    assert app.info[0].value.startswith("This is not open to you.")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GATEHOUSE_DEV_ROLES", "auditor")
        app.run()
    assert not app.info
    assert len(app.dataframe) == 1


def a_page_for_administrators(app: AppTest) -> None:
    now, none = datetime(2026, 1, 1, 9, 30, tzinfo=UTC), frozenset[str]()
    found = [
        sessions.OpenSession(id, "i", id, id, f"{id}@x", none, "default", now, now, mine=id == "me")
        for id in ("me", "sam")  # noqa: A001
    ]
    ended: list[str] = []
    with pytest.MonkeyPatch.context() as gate:
        gate.setattr(sessions, "open_sessions", lambda: found)
        gate.setattr(sessions, "end", ended.append)
        app.run()
        assert [text.value for text in app.text] == ["me (me@x), active 09:30 UTC", "sam (sam@x), active 09:30 UTC"]
        app.button[0].click().run()
    assert ended == ["sam"]
    app.run()


SCENARIOS: dict[str, Callable[[AppTest], None]] = {
    "a secret stays out of the code": a_secret,
    "nothing to write, for the gate let nobody in who has not signed in": nothing_to_write,
    "by role, from the provider, asked again each minute": by_role,
    "a table": a_table,
    "a receipt to keep": a_receipt_to_keep,
    "several files": several_files,
    "an export": an_export,
    "a form": a_form,
    "data, not code": data_not_code,
    "an audit trail": an_audit_trail,
    "a page for auditors": a_page_for_auditors,
    "a page for administrators": a_page_for_administrators,
}


@pytest.mark.parametrize("title", GOOD)
def test_good_does_what_it_says(title: str) -> None:
    app = AppTest.from_string(GOOD[title])
    app.secrets = SECRETS
    assert not app.run().exception
    SCENARIOS[title](app)
    assert not app.exception


def bad(start: str) -> str:
    """The bad example whose title begins so, with its imports."""
    return BAD_START + next(code for title, code in BAD.items() if title.startswith(start))


def test_a_digit_is_not_always_a_number() -> None:
    app = AppTest.from_string(bad('"\xb2" is a digit')).run()
    app.text_input[0].set_value("\xb2").run()
    assert "invalid literal for int" in app.exception[0].message


def test_a_believed_type_ends_in_a_traceback() -> None:
    app = AppTest.from_string(bad("believes the name")).run()
    app.file_uploader[0].set_value(("a.csv", b"\x80\xff", "text/csv")).run()
    assert app.exception


class Evil:
    """Pickled, it is a call."""

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        """Say what to call when this is read."""
        return (int, ("chosen by the sender",))


def test_an_uploaded_pickle_runs() -> None:
    app = AppTest.from_string(bad("whoever uploads")).run()
    app.file_uploader[0].set_value(("a.pkl", pickle.dumps(Evil()), "")).run()
    assert app.exception[0].message == "invalid literal for int() with base 10: 'chosen by the sender'"


def test_a_formula_of_a_plain_export_is_live() -> None:
    import pandas as pd  # noqa: PLC0415 -- for this comparison alone

    from gatehouse import exports  # noqa: PLC0415

    frame = pd.DataFrame({"a": ["=1+1"]})
    written = io.BytesIO()
    frame.to_excel(written, index=False, engine="openpyxl")
    for content, kind in ((written.getvalue(), "f"), (exports.to_xlsx(frame), "s")):
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        assert sheet["A2"].data_type == kind
