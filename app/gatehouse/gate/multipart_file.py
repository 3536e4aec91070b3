"""One file out of a multipart body, as it arrives: held once, in memory, and never beyond a limit."""

from __future__ import annotations

from io import BytesIO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

_ONE_FILE = "This is not an upload of one file."


class NotOneFile(ValueError):  # noqa: N818 -- an answer
    """The body is malformed, or holds something else than one file."""


class TooLarge(ValueError):  # noqa: N818 -- an answer
    """The file is larger than allowed. Raised at the first byte beyond."""


class MultipartFile:
    """The one file of a body that is given to `write` piece by piece. `close` it in any case."""

    def __init__(self, content_type: str, limit: int) -> None:
        """Args: content_type: of the request. limit: of the file, in bytes.

        Raises:
            NotOneFile: if `content_type` is no multipart form.
        """
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise NotOneFile(_ONE_FILE)
        self._limit = limit
        self._data = BytesIO()
        self._name: str | None = None
        self._type = "application/octet-stream"
        self._in_file = self._ended = False
        self._field, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._header,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._write,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise NotOneFile(_ONE_FILE) from None

    @property
    def name(self) -> str:
        """As the browser says it."""
        return self._name or ""

    @property
    def type(self) -> str:
        """MIME type, as the browser says it."""
        return self._type

    def write(self, body: bytes) -> None:
        """Take in the next piece of the body.

        Raises:
            NotOneFile: if it cannot go on like this.
            TooLarge: if the file is beyond the limit.
        """
        try:
            self._parser.write(body)
        except FormParserError:
            raise NotOneFile(_ONE_FILE) from None

    def finish(self) -> bytes:
        """Return the file's bytes, once all of the body has been written.

        Raises:
            NotOneFile: if the body broke off or held no file.
        """
        if not self._ended or self._name is None:
            raise NotOneFile(_ONE_FILE)
        # CPython gives out its buffer here, and copies it only for the next write, which does not come.
        return self._data.getvalue()

    def close(self) -> None:
        """Let go of the bytes: the parser and this refer to each other, and would wait for the garbage collector."""
        self._data.close()

    def _begin(self) -> None:
        self._headers.clear()
        self._in_file = False

    def _header(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"filename")
        if name is None:
            return
        if self._name is not None:
            raise NotOneFile(_ONE_FILE)
        self._in_file = True
        self._name = name.decode("utf-8", errors="replace")
        self._type = self._headers.get(b"content-type", b"").decode("latin-1") or self._type

    def _write(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            return
        if self._data.tell() + end - start > self._limit:
            raise TooLarge
        self._data.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._ended = True
