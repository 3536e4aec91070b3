"""The access log: one JSON object for each request, and nothing in it that opens a door."""

from __future__ import annotations

import json

import pytest

from integration.nginx.front import Front, upstream

SECRET = "hunter2hunter2"


def test_entry_of_a_request(served: Front) -> None:
    response = served.get(f"{served.app_url}/logged?a=b")
    entry = served.entry("/logged")
    assert entry["request_id"] == response.headers["x-request-id"]
    assert (entry["method"], entry["host"], entry["status"]) == ("GET", "app.localhost", "200")
    assert entry["bytes"] > 0
    assert entry["seconds"] < 5
    assert entry["upstream_status"] == "200"
    assert entry["client"]


def test_files_that_are_the_same_for_everybody_are_told_only_when_they_fail(served: Front) -> None:
    script = served.script()
    assert served.get(served.app_url + script).is_success
    served.get(f"{served.app_url}/static/missing.js")
    served.entry("/static/missing.js")
    assert script not in {entry["path"] for entry in served.logs()[0]}


@pytest.mark.parametrize("disguise", ["/static/../disguised", "/static/%2e%2e/disguised", "/static/..//disguised"])
def test_what_only_looks_like_such_a_file_is_told(served: Front, disguise: str) -> None:
    assert json.loads(served.get(served.app_url, target=disguise).text)["path"], "the app was reached"
    served.entry(disguise)


def test_no_query_cookie_or_referrer_is_logged(lonely: Front) -> None:
    headers = {
        "Cookie": f"session={SECRET}",
        "Referer": f"https://id.localhost/?code={SECRET}",
        "Authorization": f"Bearer {SECRET}",
    }
    query = f"?code={SECRET}&state={SECRET}"
    # Once with an upstream that refuses, for nginx's own complaint holds the whole request line.
    with upstream(lonely, "app", 9999):
        for url in (
            f"{lonely.app_url}/oauth2callback{query}",
            f"{lonely.id_url}/realms/x{query}",
            f"{lonely.id_url}/admin{query}",
        ):
            lonely.get(url, headers=headers)
    lonely.entry("/admin")
    entries, errors = lonely.logs()
    assert "no live upstreams" in errors
    assert "could not be resolved" in errors
    assert {entry["path"] for entry in entries} >= {"/oauth2callback", "/realms/x", "/admin"}
    assert SECRET not in str(entries) + errors
