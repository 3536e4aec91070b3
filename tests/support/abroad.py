"""A stack without an identity provider of its own (IDENTITY=external) that serves tests/apps/probe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from support.command import ROOT, run
from support.person import Person
from support.providers import Providers, auth_tables
from support.stack import Stack
from support.waiting import until

DOCKERFILE = """
FROM {image}
USER 0
RUN find /srv/app -mindepth 1 -delete
COPY --chown=0:0 . /srv/app
USER 10001:10001
"""
"""An image of the app that serves the folder that it is built from; to be formatted with the image it is made of."""


class Abroad:
    """`stack`, whose people sign in at `providers`."""

    def __init__(self, name: str, directory: Path, providers: Providers) -> None:
        """Args: name: of the project. directory: for its settings and secrets. providers: started."""
        self.providers = providers
        self.stack = Stack(
            name, directory, IDENTITY="external", REPLICAS="2", RECHECK="5s", REAUTH="20s", APP_TITLE="Probe"
        )
        self.stack.trusted.append(providers.ca)
        self._image = f"gatehouse-app:{name}"
        self.stack.images = dict.fromkeys(("app", "migrate"), self._image)
        for realm, attributes in {
            # Google gives refresh tokens to those alone who ask with access_type=offline.
            "google": {"use_refresh_tokens": "false"},
            # Entra knows no `iss` in its response.
            "microsoft": {"exclude_issuer_from_auth_response": "true"},
        }.items():
            providers.add(
                realm, f"{self.stack.app_url}/oauth2callback", "http://localhost:8501/oauth2callback", **attributes
            )

    def start(self) -> None:
        """Build the app's image, start the stack, and connect it to its providers."""
        folder = self.stack.directory / "app"
        shutil.copytree(ROOT / "tests/apps/probe", folder)
        shutil.copy(self.providers.ca, folder / "providers.pem")
        self._build(self._image, DOCKERFILE)
        provided = self.stack.secrets / "provided"
        provided.mkdir(mode=0o700, parents=True)
        author = provided / "secrets.toml"
        author.touch(mode=0o400)
        realms = {name: name for name in ("google", "microsoft")}
        author.write_text(auth_tables(self.providers, realms, "/srv/app/providers.pem"), encoding="utf-8")
        self.stack.compose("--progress", "quiet", "create", "--no-build", timeout=300)
        self.providers.join(f"{self.stack.project}_apps")
        self.stack.up()

    def _build(self, image: str, dockerfile: str) -> None:
        text = dockerfile.format(image=f"gatehouse-app:{os.environ.get('TAG', 'local')}")
        run(["docker", "build", "--quiet", "--tag", image, "--file", "-", self.stack.directory / "app"], stdin=text)

    @contextmanager
    def serving(self, dockerfile: str) -> Iterator[None]:
        """Serve another app in place of the probe: the image that `dockerfile` makes FROM {image}."""
        other = f"{self._image}-other"
        self._build(other, dockerfile)
        try:
            self._serve(other)
            yield
        finally:
            self._serve(self._image)
            run(["docker", "image", "rm", "--force", other])

    @contextmanager
    def changed(self, **settings: str) -> Iterator[Abroad]:
        """Serve with other settings, as in .env."""
        before = dict(self.stack.settings)
        self.stack.write_settings(**settings)
        self._up()
        yield self
        self.stack.settings.clear()
        self.stack.write_settings(**before)
        self._up()

    def _serve(self, image: str) -> None:
        self.stack.images["app"] = image
        self._up()

    def _up(self) -> None:
        self.stack.up()
        until(lambda: self.person().open("/").is_success, 30)  # nginx has seen the new containers, too

    def remove(self) -> None:
        """Take the stack down, and what was made for it."""
        self.providers.leave(f"{self.stack.project}_apps")
        self.stack.down()
        run(["docker", "image", "rm", "--force", self._image])

    def person(self) -> Person:
        """Somebody without cookies."""
        return Person(self.stack)

    def sign_in(self, person: Person, realm: str, user: str, path: str = "/") -> httpx.Response:
        """Choose a provider and fill in its form; returns where that leads, through all redirects."""
        form = person.open(f"/auth/login?provider={realm}&next={quote(path, safe='')}")
        return person.follow(person.submit(form, user, self.providers.password))
