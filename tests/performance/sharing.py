"""Where the servers of a figure come from: fresh for each measurement, or kept where only the measuring is tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Self

from performance.servers import Front, Kind, Server, front, leads, serve
from support.stack import Stack

SHARED_APP = "table"
"""What the short forms serve, whatever they would measure: nginx finds one app alone."""


class Ground:
    """Fresh servers of `project`."""

    def __init__(self, project: Stack) -> None:
        self.project = project

    def serve(self, app: str, *kinds: Kind) -> AbstractContextManager[list[Server]]:
        """Run `app` on a server of each kind, and wait until they answer."""
        return serve(self.project, app, *kinds)

    def front(self) -> AbstractContextManager[Front]:
        """Run nginx before the gate's app, and wait until it leads there."""
        return front(self.project)


class Sharing(Ground):
    """Servers that live as long as this does. Use as a context manager."""

    def __init__(self, project: Stack) -> None:
        super().__init__(project)
        self._stack = ExitStack()
        self._servers: dict[Kind, Server] = {}
        self._front: Front | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def serve(self, app: str, *kinds: Kind) -> Iterator[list[Server]]:
        """As ever, but always the same."""
        missing = [kind for kind in dict.fromkeys(kinds) if kind not in self._servers]
        if missing:
            started = self._stack.enter_context(serve(self.project, SHARED_APP, *missing))
            self._servers |= dict(zip(missing, started, strict=True))
        yield [self._servers[kind] for kind in kinds]

    @contextmanager
    def front(self) -> Iterator[Front]:
        """As ever, but always the same."""
        self._front = self._front or self._stack.enter_context(front(self.project))
        leads(self.project)  # the app may have been restarted
        yield self._front
