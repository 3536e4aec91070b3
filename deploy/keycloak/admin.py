"""A client of Keycloak's Admin REST API (https://www.keycloak.org/docs-api/latest/rest-api/)."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from deploy.keycloak.errors import ConflictError, JobError, MissingError, RefusedError

PAGE = 100  # rows of one answer
TIMEOUT = 60.0  # seconds; the first requests after a start compile a lot


class ServiceAccount(httpx.Auth):
    """Client credentials (RFC 6749 section 4.4). Their token lives 60 s, so a refused one is renewed, once."""

    requires_response_body = True

    def __init__(self, client_id: str, secret: str) -> None:
        self.token = ""
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a token, after getting one where it is missing or refused."""
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
        url = request.url.join("/realms/master/protocol/openid-connect/token")
        forwarded = {name: value for name, value in request.headers.items() if name.startswith("x-forwarded-")}
        answer = yield httpx.Request("POST", url, headers=forwarded, data=self._form)
        if answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED}:
            raise RefusedError(f"Keycloak does not accept the client {self._form['client_id']}: {_reason(answer)}")
        _check(answer)
        self.token = answer.json()["access_token"]
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


class Admin:
    """One realm's Admin REST as one service account of the realm `master`; paths are relative to that realm."""

    def __init__(self, http: httpx.Client, realm: str, account: ServiceAccount) -> None:
        self.realm, self._http, self._account = realm, http, account

    def of(self, realm: str) -> Admin:
        """The same account's view of another realm, or of all with an empty name."""
        return Admin(self._http, realm, self._account)

    def sign_in(self) -> bool:
        """Get a token that knows the roles of this moment. Raises RefusedError.

        Returns whether the realm is there and this client may manage it.
        """
        self._account.token = ""
        return self.allowed("/clients")

    def allowed(self, path: str) -> bool:
        """Whether this client may read `path`."""
        response = self._send("GET", path)
        if response.status_code not in {httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN}:
            _check(response)
        return response.is_success

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON
        """What stands at `path`. Raises MissingError."""
        return _check(self._send("GET", path, params=query)).json()

    def all(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Every row of a list that Keycloak gives in pages."""
        first = 0
        while rows := self.get(path, first=first, max=PAGE, **query):
            yield from rows
            if len(rows) < PAGE:
                return
            first += PAGE

    def one(self, path: str, **query: str) -> dict[str, Any] | None:
        """The only row of a list narrowed by `query`, if there is one."""
        rows: list[dict[str, Any]] = self.get(path, **query)
        return rows[0] if rows else None

    def post(self, path: str, body: object = None) -> str:
        """Create; returns the new row's id where Keycloak tells it. Raises ConflictError."""
        response = _check(self._send("POST", path, json=body))
        return str(response.headers.get("location", "")).rpartition("/")[2]

    def put(self, path: str, body: object = None) -> None:
        """Change."""
        _check(self._send("PUT", path, json=body))

    def delete(self, path: str, body: object = None) -> None:
        """Remove."""
        _check(self._send("DELETE", path, json=body))

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        url = f"/admin/realms/{quote(self.realm)}{path}" if self.realm else f"/admin/realms{path}"
        try:
            return self._http.request(method, url, auth=self._account, **arguments)
        except httpx.HTTPError as error:
            raise JobError(_unreachable(str(self._http.base_url), error)) from None


@contextmanager
def connect(url: str, public_url: str, patience: float) -> Iterator[httpx.Client]:
    """A connection to Keycloak, once it answers.

    Args:
        url: where Keycloak listens on the internal network.
        public_url: told as the proxy tells it, so that Keycloak sees these requests as it sees all others.
        patience: seconds to wait. `depends_on` is not honoured when the engine brings containers back.

    Raises:
        JobError: when it does not answer in time.
    """
    public = urlsplit(public_url)
    headers = {
        "X-Forwarded-Proto": public.scheme,
        "X-Forwarded-Host": public.hostname or "",
        "X-Forwarded-Port": str(public.port or 443),
    }
    with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False) as http:
        _await(http, patience)
        yield http


def _await(http: httpx.Client, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            http.get("/realms/master").raise_for_status()
        except httpx.HTTPError as error:
            if time.monotonic() > deadline:
                raise JobError(_unreachable(str(http.base_url), error)) from None
            time.sleep(1)
        else:
            return


def _unreachable(url: str, error: httpx.HTTPError) -> str:
    what = str(error) or type(error).__name__
    return f"Keycloak at {url} does not answer ({what}); see `docker compose logs keycloak`, then start again"


def _check(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    kinds: dict[int, type[JobError]] = {409: ConflictError, 404: MissingError}
    asked = f"{response.request.method} {response.request.url.path}"
    reason = _reason(response)
    kind = kinds.get(response.status_code, JobError)
    raise kind(f"Keycloak refuses {asked} with {response.status_code}: {reason}", reason)


def _reason(response: httpx.Response) -> str:
    """What Keycloak says is wrong. Its answers name fields, never values that are secret."""
    try:
        said = response.json()
    except ValueError:
        return response.reason_phrase
    texts = []
    for fault in said.get("errors", [said]):
        text = fault.get("error_description") or fault.get("errorMessage") or fault.get("error") or ""
        text = text.removeprefix("error-").replace("-", " ") if "field" in fault else text
        texts.append(f"{fault['field']}: {text}" if "field" in fault else text)
    return "; ".join(filter(None, texts)) or response.reason_phrase
