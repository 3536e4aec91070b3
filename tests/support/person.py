"""A person without a browser: signs in over plain HTTP, by Keycloak's real form, and keeps the cookies."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin

import httpx

from support.stack import Stack

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Accept": "text/html"}


class Person:
    """One cookie jar. `http` goes to the stack's names and follows no redirect by itself."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = stack.http()

    def open(self, path: str = "/") -> httpx.Response:
        """Navigate as a browser does, through redirects on both names."""
        return self.follow(self.http.get(urljoin(self.stack.app_url, path), headers=NAVIGATION))

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer leads."""
        while answer.has_redirect_location:
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]), headers=NAVIGATION)
        return answer

    def submit(self, form: httpx.Response, user: str, password: str | None = None) -> httpx.Response:
        """Fill in Keycloak's form, and return its answer: a redirect to the app if the password was right."""
        action = re.search(r'<form[^>]* action="([^"]+)"', form.text)
        assert action, f"no form at {form.url.copy_with(query=None)}: {form.status_code}"
        fields = {"username": user, "password": password or self.stack.demo_password(user)}
        return self.http.post(html.unescape(action[1]), data=fields)

    def sign_in(self, user: str, path: str = "/") -> httpx.Response:
        """From a stranger to the page at `path`."""
        page = self.follow(self.submit(self.open(path), user))
        assert page.status_code == httpx.codes.OK, f"{page.url}: {page.status_code}"
        return page

    def first_sign_in(self, user: str, one_time: str, own: str) -> httpx.Response:
        """From a stranger with a one-time password to the app, by a password of their own."""
        form = self.follow(self.submit(self.open(), user, one_time))
        action = re.search(r'<form[^>]* action="([^"]+)"', form.text)
        assert action, f"no form at {form.url.copy_with(query=None)}: {form.status_code}"
        chosen = {"password-new": own, "password-confirm": own}
        page = self.follow(self.http.post(html.unescape(action[1]), data=chosen))
        assert page.status_code == httpx.codes.OK, f"{page.url}: {page.status_code}"
        return page

    @property
    def cookie(self) -> str | None:
        """The value of the session's cookie."""
        return self.http.cookies.get("__Host-gate")

    def asks(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """A request of a page's script to its own origin."""
        fetch = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Origin": self.stack.app_url}
        return self.http.request(method, urljoin(self.stack.app_url, path), headers=fetch | headers)

    def is_in(self) -> bool:
        """Whether the app answers this person."""
        answer = self.asks("/_stcore/host-config")
        return answer.status_code == httpx.codes.OK and "allowedOrigins" in answer.text

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
