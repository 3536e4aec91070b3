"""Who holds how much of uploads now, those on their way included, and whether there is room for one more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from gatehouse.gate.session import Session
from gatehouse.gate.upload_limits import MEBIBYTE, UploadLimits


class Refusal(Exception):  # noqa: N818 -- an answer
    """An upload that is not taken. The text is for its user.

    `status`: of the answer. `limit`: which one, for the log. `asked`, `allowed`: in bytes or, of files, their number.
    """

    def __init__(self, status: int, sentence: str, limit: str, asked: int, allowed: int) -> None:
        super().__init__(sentence)
        self.status, self.limit, self.asked, self.allowed = status, limit, asked, allowed


@dataclass(frozen=True)
class Holder:
    """Whose an upload is: a session of the gate's, and the account behind it."""

    session: str
    user: tuple[str, str]

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return who this session is."""
        return cls(str(session.id), (session.issuer, session.subject))


@dataclass(eq=False)
class Claim:
    """Room kept for one file on its way to a session of Streamlit's. `size`: in bytes, so far."""

    stream: str
    holder: Holder
    size: int = 0


class Room:
    """What is held and what is on its way. Used by one event loop.

    `sizes` returns the bytes of each file that Streamlit holds, by its own session.
    """

    def __init__(self, limits: UploadLimits, sizes: Callable[[], Mapping[str, list[int]]]) -> None:
        self.limits = limits
        self._sizes = sizes
        self._claims: set[Claim] = set()
        self._holders: dict[str, Holder] = {}

    @contextmanager
    def claim(self, stream: str, holder: Holder, size: int) -> Iterator[Claim]:
        """Keep room for one more file of `size` bytes, until the block ends.

        Raises:
            Refusal: if there is none.
        """
        self._judge(holder, 1, size)
        claim = Claim(stream, holder, size)
        self._claims.add(claim)
        self._holders[stream] = holder
        try:
            yield claim
        finally:
            self._claims.discard(claim)
            known = self._sizes().keys() | {claim.stream for claim in self._claims}
            self._holders = {stream: holder for stream, holder in self._holders.items() if stream in known}

    def grow(self, claim: Claim, size: int) -> None:
        """Make a claim `size` bytes large, if it is smaller.

        Raises:
            Refusal: if there is no room for it.
        """
        if size > claim.size:
            self._judge(claim.holder, 0, size - claim.size)
            claim.size = size

    def look(self, holder: Holder, files: int) -> None:
        """Ask whether so many more files, of sizes yet unknown, may have room.

        Raises:
            Refusal: if they have none, however small they are.
        """
        self._judge(holder, files, files)

    def _judge(self, holder: Holder, files: int, size: int) -> None:
        held = self._held()
        everything = size + sum(taken for _, taken in held)
        ours = [taken for whose, taken in held if whose and whose.user == holder.user]
        here = [taken for whose, taken in held if whose and whose.session == holder.session]
        limits = self.limits
        for name, own, most, most_files in (
            ("session", here, limits.session, limits.session_files),
            ("user", ours, limits.user, limits.user_files),
        ):
            if len(own) + files > most_files:
                sentence = f"You may keep {most_files} uploaded files at a time. Remove some and try again."
                raise Refusal(429, sentence, f"{name} files", len(own) + files, most_files)
            if sum(own) + size > most:
                sentence = f"You may keep {most // MEBIBYTE} MB of uploads at a time. Remove some and try again."
                raise Refusal(429, sentence, name, sum(own) + size, most)
        if everything > limits.process:
            sentence = "There is no room for more uploads just now. Try again in a few minutes."
            raise Refusal(503, sentence, "process", everything, limits.process)

    def _held(self) -> list[tuple[Holder | None, int]]:
        there = [(self._holders.get(stream), size) for stream, sizes in self._sizes().items() for size in sizes]
        return there + [(claim.holder, claim.size) for claim in self._claims]
