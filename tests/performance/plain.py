"""`streamlit run` as `pip install streamlit` makes it: without what its extra `performance` adds and this image has."""

import sys

from streamlit.web.cli import main

# Whatever is None here cannot be imported; Streamlit and uvicorn then go on without it.
for _name in ("uvloop", "httptools", "orjson"):
    sys.modules[_name] = None  # type: ignore[assignment]

main(prog_name="streamlit")
