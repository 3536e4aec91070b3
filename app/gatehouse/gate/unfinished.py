"""Bounds what all websockets together may have sent of messages that are not complete.

One message is bounded by the server (`ws_max_size`), but it is buffered until its last byte is there, for each
websocket by itself: dozens of tabs that stop just before the end would take all the memory.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gatehouse.container import memory_bytes

_PERCENT = 10
"""Of the process's memory, and at least the largest message."""

_TRY_AGAIN_LATER = 1013
_FREE = 64 * 1024
"""Up to so many bytes count for nothing: a click is never in the way, nor looked for among the others."""

_log = logging.getLogger(__name__)


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol for websockets, with one budget of bytes for all connections of the process.

    Beyond it the one that holds most is closed with 1013, Try Again Later (RFC 6455, registry).
    """

    budget: ClassVar[int] = memory_bytes() * _PERCENT // 100
    unfinished: ClassVar[dict[BoundedWebSocket, int]] = {}

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        super().data_received(data)
        # Of the frame on its way in, and of the frames before it in the same message.
        kept = len(self.conn.reader.buffer) + (self.conn.current_size or 0)
        if kept <= _FREE or not self.handshake_complete or self.close_sent:
            self.unfinished.pop(self, None)
            return
        self.unfinished[self] = kept
        if sum(self.unfinished.values()) > max(self.budget, self.config.ws_max_size):
            max(self.unfinished, key=self.unfinished.__getitem__).give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what this connection was counted with."""
        self.unfinished.pop(self, None)
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Close, and let go of what was sent."""
        _log.warning("websocket closed: too much of unfinished messages", extra={"bytes": self.unfinished.pop(self)})
        self.conn.fail(_TRY_AGAIN_LATER)
        self.handle_parser_exception()
