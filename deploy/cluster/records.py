"""What was rolled out: an object of the cluster for each attempt, which says who, when, what and how it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from deploy.cluster.docker import Docker
from deploy.cluster.errors import ClusterError
from deploy.cluster.preflight import ENVIRONMENT

KEPT = 20
"""So many attempts are remembered."""


@dataclass(frozen=True)
class Record:
    """One attempt. `file`: the stack file of all its services; `secrets`: the names of what it needs."""

    number: int
    what: str
    version: str
    who: str
    at: str
    images: dict[str, str]
    secrets: dict[str, dict[str, str]]
    file: dict[str, Any]
    ended: str = ""
    cause: str = ""

    @property
    def name(self) -> str:
        """Of the version on the cluster."""
        return f"v{self.number}"


class Records:
    """The attempts of one environment, oldest first."""

    def __init__(self, docker: Docker, environment: str) -> None:
        self._docker = docker
        self._environment = environment

    def all(self) -> list[Record]:
        """Every attempt that is remembered. Raises ClusterError."""
        ids = self._docker.text(
            "config", "ls", "--quiet", "--filter", f"label={ENVIRONMENT}={self._environment}"
        ).split()
        begun: dict[int, Record] = {}
        ends: dict[int, dict[str, str]] = {}
        for row in self._docker.inspect("config", *ids):
            labels = row["Spec"]["Labels"]
            number = int(labels["gatehouse.release"])
            if "gatehouse.ended" in labels:
                ends[number] = labels
            else:
                begun[number] = Record(**json.loads(_decoded(row["Spec"]["Data"])))
        return [
            replace(record, ended=ends[number]["gatehouse.ended"], cause=ends[number]["gatehouse.cause"])
            if number in ends
            else record
            for number, record in sorted(begun.items())
        ]

    def begin(self, record: Record) -> None:
        """Remember an attempt. Raises ClusterError if another took its number at this moment."""
        self._create(f"gatehouse-{record.number:05}", record.number, {}, json.dumps(asdict(record)))

    def end(self, number: int, ended: str, cause: str = "") -> None:
        """Remember how it ended."""
        self._create(f"gatehouse-{number:05}-ended", number, {"ended": ended, "cause": cause[:400]}, ended)
        for old in self.all()[:-KEPT]:
            self._docker.run(
                "config", "rm", f"gatehouse-{old.number:05}", f"gatehouse-{old.number:05}-ended", check=False
            )

    def _create(self, name: str, number: int, labels: dict[str, str], data: str) -> None:
        words = [
            "config",
            "create",
            "--label",
            f"{ENVIRONMENT}={self._environment}",
            "--label",
            f"gatehouse.release={number}",
        ]
        for key, value in labels.items():
            words += ["--label", f"gatehouse.{key}={value}"]
        self._docker.text(*words, name, "-", stdin=data)


def _decoded(data: str) -> str:
    import base64  # noqa: PLC0415

    return base64.b64decode(data).decode()


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def latest(records: list[Record]) -> Record | None:
    """The last that came to a good end; of those that are there at all, the last."""
    done = [record for record in records if record.ended == "done"]
    return next(reversed(done or records), None)


def before(records: list[Record], serving: str) -> Record:
    """The version before the one that serves. Raises ClusterError if there is none."""
    done = [record for record in records if record.ended == "done" or record.name == serving]
    place = next((index for index, record in enumerate(done) if record.name == serving), None)
    if not place:
        raise ClusterError("there is no version before this one; `make history` shows what there is")
    return done[place - 1]


def table(records: list[Record]) -> str:
    """The attempts as people read them, newest first."""
    rows = [("VERSION", "WHEN", "WHO", "WHAT", "COMMIT", "ENDED", "CAUSE")]
    rows += [
        (
            one.name,
            one.at,
            one.who,
            one.what,
            one.version,
            one.ended or "not (interrupted, or at work)",
            one.cause[:100],
        )
        for one in reversed(records)
    ]
    clean = [tuple("".join(c if c.isprintable() else " " for c in cell) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*clean, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean
    )
