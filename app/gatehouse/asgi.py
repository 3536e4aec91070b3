"""The ASGI application: Streamlit and the platform's routes, wired together here and nowhere else."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from streamlit.errors import Error as StreamlitError

from gatehouse import flushing
from gatehouse.author_files import entry_script, is_authors
from gatehouse.collecting import Collecting
from gatehouse.egress import Watch
from gatehouse.gate.gate import Gate
from gatehouse.gate.pages.brand import Brand, brand_of
from gatehouse.health import route as health
from gatehouse.settings import Settings, StartError, settings
from gatehouse.streamlit_files import platform_options


def _check_options(config: Settings) -> None:
    """Refuse to serve unless Streamlit has taken every option of the platform's.

    It ignores an option that it does not know (any more) with a warning, and reads the author's file last.
    """
    try:
        ignored = [
            f"Streamlit {st.__version__} does not follow {name}; start with `python -m gatehouse.serve`"
            for name, value in platform_options(config).items()
            if not is_authors(name) and st.get_option(name) != value
        ]
    except (OSError, StreamlitError) as error:
        # The first question reads the files: a theme file of the author's is missing, or no theme.
        raise StartError(f"app folder: .streamlit/config.toml: {' '.join(str(error).split())}; correct it") from None
    if ignored:
        raise StartError(*ignored)


def _auth() -> dict[str, object]:
    """The [auth] table, as the script will see it. Without one nobody could ever come in."""
    try:
        return dict(st.secrets["auth"].to_dict())
    except (KeyError, StreamlitError, FileNotFoundError):
        raise StartError("secrets.toml: [auth]: is missing; start with `python -m gatehouse.serve`") from None


def _brand(config: Settings) -> Brand:
    colour = st.get_option("theme.primaryColor") or st.get_option("theme.light.primaryColor")
    return brand_of(config.app_title, config.app_logo, colour, config.app_dir)


_check_options(settings())
flushing.shorten()
gate = Gate(settings(), _auth(), _brand(settings()))
if settings().egress == "closed":
    watch = Watch(settings())
    watch.providers(_auth())
    watch.install()
# Streamlit logs an exception of the script itself (as JSON, with its traceback); the user sees its general message.
app = st.App(
    entry_script(settings().app_dir, settings().app_script),
    routes=[health.route(gate.standing), *gate.routes],
    middleware=[gate.middleware, Middleware(Collecting)],
    lifespan=gate.lifespan,
)
