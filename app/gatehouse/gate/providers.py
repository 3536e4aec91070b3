"""The providers of [auth], as Streamlit documents them: flat for one, [auth.<name>] for several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from gatehouse.gate.provider_tables import ClientKwargs, Table, line_of
from gatehouse.settings import StartError

_FLAT = frozenset({"client_id", "client_secret", "server_metadata_url"})
_SHARED = frozenset({"redirect_uri", "cookie_secret", "expose_tokens"})
_TOKENS = ("id", "access")


@dataclass(frozen=True)
class Provider:
    """One table of [auth], checked.

    `name` is that of its table, "default" for the flat form. `issuer` is given by the author only where the provider's
    own differs from where its metadata stands. `http` holds keyword arguments of httpx.AsyncClient.
    """

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    server_metadata_url: str
    scope: str
    prompt: str
    authorize_params: Mapping[str, str | list[str]] = field(repr=False)
    token_params: Mapping[str, str] = field(repr=False)
    http: Mapping[str, Any] = field(repr=False)
    issuer: str | None = None
    authorize_url: str | None = None
    token_url: str | None = None
    refresh_url: str | None = None
    token_auth_method: str | None = None
    revocation_auth_method: str | None = None
    title: str = ""
    logo: str | None = None
    colour: str | None = None
    email_trusted: bool = False


def read_providers(auth: Mapping[str, object], where: str) -> Mapping[str, Provider]:
    """Return the providers by name, in the order of the file.

    Args:
        auth: the [auth] table.
        where: the name of its file, for messages.

    Raises:
        StartError: with a line for each fault, naming table and key, never the value.
    """
    tables = {
        name: table for name, table in auth.items() if isinstance(table, Mapping) and name not in Table.model_fields
    }
    flat = {name: value for name, value in auth.items() if name not in tables and name not in _SHARED}
    # As in Streamlit: [auth.default] wins over keys in [auth], which count only if they describe a provider.
    if "default" not in tables and _FLAT & set(flat):
        tables = {"default": flat, **tables}
        flat = {}
    problems = [
        f"{where}: [auth] {name}: is no key known here; correct or remove it"
        for name in flat
        if name not in Table.model_fields
    ]
    try:
        exposed_tokens(auth)
    except ValueError:
        problems.append(f'{where}: [auth] expose_tokens: must be "id", "access", or a list of them; correct it')
    providers = {}
    for name, table in tables.items():
        place = f"{where}: [auth]" if table is not auth.get(name) else f"{where}: [auth.{name}]"
        if "_" in name or not name.isprintable() or not 1 <= len(name) <= 64:
            problems.append(f"{place}: a provider's name has 1 to 64 letters and no underscore; rename it")
            continue
        try:
            providers[name] = _provider(name, Table.model_validate(table))
        except ValidationError as error:
            problems += dict.fromkeys(f"{place} {line_of(fault)}" for fault in error.errors())
    if not tables:
        problems.append(f"{where}: [auth]: no identity provider; add client_id, client_secret and server_metadata_url")
    if problems:
        raise StartError(*problems)
    return providers


def exposed_tokens(auth: Mapping[str, object]) -> tuple[str, ...]:
    """Return which tokens the author wants in st.user.tokens: "id", "access", both or none.

    Raises:
        ValueError: if `expose_tokens` asks for anything else.
    """
    given = auth.get("expose_tokens", [])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list | tuple) or any(token not in _TOKENS for token in listed):
        raise ValueError("expose_tokens")
    return tuple(token for token in _TOKENS if token in listed)


def _provider(name: str, table: Table) -> Provider:
    kwargs: ClientKwargs = table.client_kwargs
    return Provider(
        name=name,
        client_id=table.client_id,
        client_secret=table.client_secret,
        server_metadata_url=table.server_metadata_url,
        scope=kwargs.scope,
        prompt=kwargs.prompt,
        authorize_params=kwargs.authorize | table.authorize_params,
        token_params=table.access_token_params,
        http=kwargs.http(),
        issuer=table.issuer,
        authorize_url=table.authorize_url,
        token_url=table.access_token_url,
        refresh_url=table.refresh_token_url or table.access_token_url,
        token_auth_method=table.token_endpoint_auth_method or kwargs.token_endpoint_auth_method,
        revocation_auth_method=kwargs.revocation_endpoint_auth_method,
        title=table.title or ("" if name == "default" else name[0].upper() + name[1:]),
        logo=table.logo,
        colour=table.colour,
        email_trusted=table.email_trusted,
    )
