"""Names of secrets on the cluster: they follow the content, and give nothing of it away."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.cluster import objects
from deploy.cluster.docker import Docker
from deploy.cluster.errors import ClusterError
from deploy.prepare.__main__ import prepare
from deploy.prepare.settings import Settings
from support.engines import Engines


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("os.fchown", lambda *_: None)
    monkeypatch.setattr("os.chown", lambda *_, **__: None)
    settings = Settings(DOMAIN="gate.test", BIND="0.0.0.0", SECRETS_DIR=tmp_path)
    assert prepare(settings, datetime.now(UTC).replace(microsecond=0)).problems == []
    return tmp_path


def test_a_name_changes_with_its_content_alone(folder: Path) -> None:
    first = objects.names(folder, "gate.test")
    assert objects.names(folder, "gate.test") == first
    file = folder / "app/cookie_secret"
    file.chmod(0o600)
    file.write_text("another", encoding="utf-8")
    second = objects.names(folder, "gate.test")
    changed = {(place, name) for place, files in first.items() for name in files if second[place][name] != files[name]}
    assert changed == {("app", "cookie_secret")}


def test_keys_of_authorities_and_passwords_of_people_stay(folder: Path) -> None:
    found = objects.names(folder, "gate.test")
    assert set(found) == set(objects.SENT)
    sent = {name for files in found.values() for name in files}
    assert not sent & {"ca.key", "readonly_password", "monitor_password", "app_b_password"}


def test_names_fit_and_tell_nothing(folder: Path) -> None:
    for place, files in objects.names(folder, "gate.test").items():
        for file, name in files.items():
            assert len(name) <= 64
            origin = objects.BORROWED.get((place, file), place)
            assert (folder / origin / file).read_text(encoding="utf-8").strip() not in name


def test_two_environments_differ_in_origin_and_names(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    settings = Settings(DOMAIN="gate.test", BIND="0.0.0.0", SECRETS_DIR=other)
    prepare(settings, datetime.now(UTC).replace(microsecond=0))
    assert objects.origin(folder) != objects.origin(other)


def test_a_secret_that_the_cluster_has_no_more_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = Engines(tmp_path, monkeypatch)
    wanted = {"app": {"cookie_secret": "gatehouse-app-cookie_secret-1"}, "nginx": {"tls.key": "gatehouse-nginx-key-2"}}
    engines.say("staging|secret ls", "gatehouse-app-cookie_secret-1\ngatehouse-nginx-key-2\n")
    objects.missing(Docker("staging"), wanted)
    engines.say("staging|secret ls", "gatehouse-app-cookie_secret-1\n")
    with pytest.raises(ClusterError, match="secret gatehouse-nginx-key-2: is no longer on the cluster; deploy with"):
        objects.missing(Docker("staging"), wanted)
