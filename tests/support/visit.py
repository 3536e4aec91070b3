"""One signed-in person's tab, and all that goes wrong in it."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page, Request, Response, expect

from support.browser import Console, quiet_network
from support.pages import open_app, settled

# At /page Streamlit first looks for its server below /page, and finds none under plain `streamlit run` either.
_LOOKS_BELOW = r"/[^/]+/_stcore/(health|host-config)\)?$"


class Visit:
    """`page` of the app at `origin`; `console` is its context's, of which what comes from now on counts."""

    def __init__(self, page: Page, console: Console, origin: str) -> None:
        self.page = page
        self.outside: set[str] = set()
        """The names of other servers that were asked for something."""
        self._origin, self._console, self._start = origin, console, len(console.errors)
        self._faults: list[str] = []
        page.on("request", self._asked)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def open(self, path: str) -> None:
        """Open a page of the app and wait until its script has run.

        Once more if a network of the machine came or went meanwhile, another test's perhaps.
        """
        for _ in range(3):
            quiet_network()
            with suppress(AssertionError, Error):
                open_app(self.page, f"{self._origin}/{path}")
            if not any("net::ERR_NETWORK_CHANGED" in fault for fault in self.faults()):
                break
            self._faults.clear()
            self._start = len(self._console.errors)
        settled(self.page)

    def faults(self) -> list[str]:
        """What the app's own origin refused or did not send, and each error of the console that is not of another's."""
        every = self._faults + self._console.errors[self._start :]
        below = re.compile(re.escape(self._origin) + _LOOKS_BELOW)
        return [fault for fault in every if not below.search(fault) and "net::ERR_NAME_NOT_RESOLVED" not in fault]

    def clean(self, *outside: str) -> None:
        """Assert that no exception is shown, nothing went wrong, and no other server than `outside` was asked."""
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        assert self.faults() == []
        assert self.outside <= set(outside)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:", "blob:", "about:")):
            self.outside.add(urlsplit(request.url).hostname or request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.url.startswith(self._origin):
            self._faults.append(f"{response.status} {response.url}")

    def _failed(self, request: Request) -> None:
        # Aborted: the page itself has no need of it any more.
        if request.url.startswith(self._origin) and request.failure != "net::ERR_ABORTED":
            self._faults.append(f"{request.failure} {request.url}")
