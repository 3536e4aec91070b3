"""The app's demo/users.toml: only under localhost, and a wrong file is named with what is wrong in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.keycloak.demo import people
from deploy.keycloak.errors import JobError
from deploy.keycloak.settings import Settings
from support.command import ROOT

SAM = """
[[user]]
id = "5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01"
username = "sam"
email = "sam@example.com"
first_name = "Sam"
last_name = "Okafor"
groups = ["Engineering"]
roles = ["staff"]
"""


def app(folder: Path, text: str, domain: str = "localhost") -> Settings:
    (folder / "demo").mkdir()
    (folder / "demo" / "users.toml").write_text(text, encoding="utf-8")
    return Settings(app_dir=folder, domain=domain)


def test_people_are_read(tmp_path: Path) -> None:
    (sam,) = people(app(tmp_path, SAM))
    assert (str(sam.id), sam.username) == ("5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01", "sam")
    assert (sam.groups, sam.roles) == (["Engineering"], ["staff"])
    assert sam.details()["firstName"] == "Sam"


def test_the_example_app_has_people_whose_names_and_ids_differ() -> None:
    there = people(Settings(app_dir=ROOT / "app" / "desk"))
    assert there
    for key in ("id", "username", "email"):
        assert len({getattr(person, key) for person in there}) == len(there)


def test_nobody_under_another_domain(tmp_path: Path) -> None:
    assert people(app(tmp_path, SAM, domain="apps.example.com")) == []


def test_nobody_without_a_file(tmp_path: Path) -> None:
    assert people(Settings(app_dir=tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[[user]", "cannot be read"),
        (SAM.replace("5b1c0e1e-", ""), "user.0.id: "),
        (SAM.replace('"sam"', '"../sam"'), "user.0.username: "),
        (SAM.replace('"sam"', '"Sam"'), "user.0.username: "),
        (SAM.replace("sam@example.com", "sam"), "user.0.email: "),
        (SAM.replace('last_name = "Okafor"', ""), "user.0.last_name: "),
        (SAM.replace("roles", "rolls"), "user.0.rolls: "),
        (SAM + SAM, "user: id 5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a01 is used twice"),
        (SAM + SAM.replace("d1a01", "d1a02"), "user: username sam is used twice"),
        (SAM + SAM.replace("d1a01", "d1a02").replace('"sam"', '"sue"'), "user: email sam@example.com is used twice"),
    ],
)
def test_wrong_file_is_named(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(JobError) as caught:
        people(app(tmp_path, text))
    said = str(caught.value)
    assert said.startswith("demo/users.toml of the app")
    assert what in said
    assert said.endswith("; correct it, then start again")
    assert "\n" not in said
