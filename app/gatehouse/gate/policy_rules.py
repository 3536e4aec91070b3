"""One rule of policy.toml, and whether a person's claims satisfy it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

_DOMAIN = re.compile(r"[^\s@/:.]+(\.[^\s@/:.]+)*")


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError('is no domain; write it as "company.com", without @')
    return text.casefold()


_Word = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^\S(.*\S)?$")]
_Domain = Annotated[str, Field(strict=True), AfterValidator(_domain)]


class Rule(BaseModel):
    """Who is meant: within a key any of its values will do; all keys that are there must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: list[_Word] | None = Field(default=None, min_length=1)
    email_domains: list[_Domain] | None = Field(default=None, min_length=1)
    providers: list[_Word] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> Rule:
        # An empty table reads like a lock, and would lock nothing.
        if self.roles is self.email_domains is self.providers is None:
            raise ValueError("says nothing; give it roles, email_domains or providers, or remove it")
        return self

    def allows(self, claims: Mapping[str, Any], provider: str, *, email_trusted: bool) -> bool:
        """Tell whether this person is meant.

        Args:
            claims: what the provider says of the account now.
            provider: name of its table in [auth].
            email_trusted: whether that provider's addresses are believed without its word that they are verified.
        """
        asked: list[tuple[list[str] | None, Callable[[list[str]], bool]]] = [
            (self.roles, lambda wanted: not roles(claims).isdisjoint(wanted)),
            (self.email_domains, lambda wanted: _email_domain(claims, trusted=email_trusted) in wanted),
            (self.providers, lambda wanted: provider in wanted),
        ]
        return all(holds(wanted) for wanted, holds in asked if wanted is not None)


def roles(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the roles in the claim `roles`. Anything but a list of strings gives none: "admin" must not match "a"."""
    return frozenset(words(claims, "roles"))


def words(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """Return the strings of a claim that is a list; a claim that is missing or of another form gives none."""
    value = claims.get(claim)
    return tuple(word for word in value if isinstance(word, str) and word) if isinstance(value, list) else ()


def _email_domain(claims: Mapping[str, Any], *, trusted: bool) -> str | None:
    """Return the domain of the address, case-folded, or None where it proves nothing.

    Anyone may type any address at many providers, so it counts only if verified: `email_verified` (OpenID Connect Core
    section 5.1; the JSON value true alone), or Entra's `xms_edov`
    (https://learn.microsoft.com/entra/identity-platform/optional-claims-reference).
    """
    email, edov = claims.get("email"), claims.get("xms_edov")
    verified = trusted or claims.get("email_verified") is True or edov is True or edov == "1"
    # Not `edov == 1` alone: 1.0 and True are equal to it too.
    verified = verified or (type(edov) is int and edov == 1)
    if not verified or not isinstance(email, str) or email.count("@") != 1:
        return None
    local, _, domain = email.partition("@")
    return domain.casefold() if local and domain else None
