"""The author's side of policy.toml: pages that exist only for those who may see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gatehouse.gate.policy import Policy, current, read_policy
from gatehouse.identity import NoSession, Viewer, behind_gate, local_providers, viewer

PageLike: TypeAlias = str | Path | Callable[[], None] | st.Page


def navigation(
    pages: Sequence[PageLike] | Mapping[str, Sequence[PageLike]],
    *,
    position: Literal["sidebar", "hidden", "top"] = "sidebar",
    expanded: bool | int = False,
) -> st.Page:
    """Call `st.navigation` with only the pages that policy.toml lets the viewer see; the others do not exist for them.

    A page keeps its address whoever looks: "/" is the first page (or the one with `default=True`), and leads those who
    may not see it to the first that they may. Whoever may see none gets a page that says so.

    Args:
        pages: all of them, whoever looks, as `st.navigation` takes them.
        position: as for `st.navigation`.
        expanded: as for `st.navigation`.

    Raises:
        LookupError: if policy.toml has a rule for a page that is not among `pages`: it would protect nothing.
    """
    policy, person = _policy(), viewer()
    listed = {header: [_page(page) for page in group] for header, group in _sections(pages).items()}
    every = [page for group in listed.values() for page in group]
    if missing := sorted(set(policy.pages) - {_name(page) for page in every} - policy.required):
        raise LookupError(f'policy.toml: [pages."{missing[0]}"]: gatehouse.navigation was given no page of that name')
    seen = {
        header: [page for page in group if policy.may_see(_name(page), person.claims, person.provider)]
        for header, group in listed.items()
    }
    seen = {header: group for header, group in seen.items() if group}
    own = [page for group in seen.values() for page in group if not page.is_external]
    if not own:
        return st.navigation([st.Page(_nothing, title="Nothing here yet", url_path="", default=True)])
    first = next((page for page in every if not page.url_path), None) or next(p for p in every if not p.is_external)
    if first in own:
        return st.navigation(seen, position=position, expanded=expanded)
    home = st.Page(_nothing, title=own[0].title, url_path="", default=True, visibility="hidden")
    header = next(iter(seen))
    page = st.navigation(seen | {header: [home, *seen[header]]}, position=position, expanded=expanded)
    if page is home:
        asked = {name: st.query_params.get_all(name) for name in st.query_params}
        st.switch_page(own[0], query_params=asked)
    return page


def require(page: str | None = None, *, role: str | None = None) -> Viewer:
    """Stop the script with a kind word unless the viewer may go on; return the viewer.

    Args:
        page: name of a page in policy.toml: only for those who may see it.
        role: only for those who have it.

    Raises:
        LookupError: if policy.toml has no rule for `page`: everybody would pass.
        TypeError: if neither is given.
    """
    if page is None and role is None:
        raise TypeError("require() needs a page of policy.toml, or role=…")
    policy, person = _policy(), viewer()
    if page is not None and page not in policy.pages:
        raise LookupError(f'policy.toml: no [pages."{page}"]; add it, or correct gatehouse.require("{page}")')
    if page is not None and not policy.may_see(page, person.claims, person.provider):
        _refuse()
    if role is not None and not person.has(role):
        _refuse()
    return person


def _policy() -> Policy:
    if behind_gate():
        policy = current()
        if policy is None:
            raise NoSession("no policy is in use")
        return policy
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("run the app with `streamlit run`")
    path = Path(context.main_script_path).parent / "policy.toml"
    trusted = frozenset(name for name, table in local_providers().items() if table.get("email_trusted") is True)
    return _local_policy(path.parent, path.stat().st_mtime_ns if path.exists() else 0, trusted)


@lru_cache(maxsize=8)
def _local_policy(folder: Path, _changed: int, email_trusted: frozenset[str]) -> Policy:
    return read_policy(folder, None, email_trusted=email_trusted)


def _sections(pages: Sequence[PageLike] | Mapping[str, Sequence[PageLike]]) -> Mapping[str, Sequence[PageLike]]:
    return pages if isinstance(pages, Mapping) else {"": pages}


def _page(page: PageLike) -> st.Page:
    return page if isinstance(page, st.Page) else st.Page(page)


def _name(page: st.Page) -> str:
    # Of the default page, `url_path` is "": its own name, given or inferred, is public nowhere.
    return page.url_path or page._url_path  # noqa: SLF001


def _nothing() -> None:
    st.title("Nothing here for you yet", anchor=False)
    st.info("Your account has no part in this app yet. Ask the person who looks after accounts.")
    _hint()


def _refuse() -> NoReturn:
    st.info("This is not open to you. If you need it, ask the person who looks after accounts.")
    _hint()
    st.stop()


def _hint() -> None:
    if not behind_gate() and not local_providers():
        st.caption("You see this as the made-up developer of a laptop; `GATEHOUSE_DEV_ROLES=one,two` gives them roles.")
