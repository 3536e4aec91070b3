"""The operator's words on a cluster: `python -m deploy.cluster deploy | rollback | history | users | sessions`.

Run by deploy/engine/cluster.sh. What it needs of this machine comes as environment variables: TO, WHO, VERSION,
CHANGES, PROJECT, TAG, SECRETS, ENVIRONMENTS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from deploy.cluster import images, objects, preflight, records
from deploy.cluster.environment import read
from deploy.cluster.errors import ClusterError
from deploy.cluster.records import Record, Records
from deploy.cluster.rollout import Rollout, label_nodes, note, serving, step, whole
from deploy.cluster.services import Services
from deploy.cluster.stack import NOT_HERE, Plan
from deploy.keycloak.directory import new_password
from deploy.keycloak.users import GIVEN
from deploy.prepare.__main__ import prepare
from deploy.prepare.files import UnusableTreeError
from deploy.prepare.settings import InvalidSettingsError, Settings

LABEL = "gatehouse"


class Word:
    """What all words share: the environment, its manager and what was rolled out before."""

    def __init__(self) -> None:
        """Read the environment's file and find its manager. Raises ClusterError."""
        self.name = os.environ["TO"]
        folder = Path(os.environ["ENVIRONMENTS"])
        self.environment = read(folder, self.name, Path("compose.yaml").read_text(encoding="utf-8"))
        self.docker = preflight.manager(self.environment)
        self.services = Services(self.docker, os.environ["PROJECT"])
        self.records = Records(self.docker, self.name)
        self.secrets = Path(os.environ["SECRETS"]) / "cluster" / self.name

    def compose(self) -> dict[str, Any]:
        """compose.yaml with the environment's settings. Raises ClusterError."""
        given = {key: str(value) for key, value in self.environment.settings.items()}
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "TAG", "APP", "APP_SCRIPT") if key in os.environ}
        defaults = {"PORT": "443", "HTTP_PORT": "80", "BIND": "0.0.0.0"}  # noqa: S104 - of the edge nodes
        # Where signing in is left to others, a job of our own provider's still tries each version.
        identity = self.environment.setting("IDENTITY", "")
        profile = ["--profile", identity] if identity else []
        command = ["docker", "compose", "--env-file", "/dev/null", *profile, "config", "--format", "json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env={**defaults, **given, **kept})  # noqa: S603
        if done.returncode != 0:
            raise ClusterError(f"compose.yaml: {done.stderr.strip().splitlines()[-1]}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def images(self, compose: dict[str, Any]) -> list[str]:
        """Names of those that the cluster needs."""
        left_out = NOT_HERE | ({"keycloak"} if self.environment.external else set())
        return sorted({row["image"] for name, row in compose["services"].items() if name not in left_out})

    def plan(
        self, compose: dict[str, Any], known: dict[str, str], secrets: dict[str, dict[str, str]], number: int
    ) -> Plan:
        """How one version is rendered."""
        return Plan(self.environment, compose, known, secrets, f"v{number}", LABEL)


def deploy() -> None:
    """Build what is here into a new version. Raises ClusterError."""
    with step(f"Checking {os.environ['TO']}"):
        word = Word()
        compose = word.compose()
        used = word.images(compose)
        history = word.records.all()
        problems = [
            *(
                ["the work tree has changes; commit or stash them, so that the version has a name"]
                if os.environ["CHANGES"]
                else []
            ),
            *preflight.nodes(word.docker, word.environment),
            *preflight.cluster_is(word.docker, word.name),
        ]
        if not problems:
            problems += preflight.architecture(word.docker, {name: name for name in used}, word.environment)
        problems += _secrets_problems(word)
        if problems:
            raise ClusterError(*problems, "nothing was changed")
    with step("Secrets"):
        secrets = _secrets(word, history)
    with step("Images"):
        known = images.ids(used)
        if word.environment.registry:
            known = images.push(known, word.environment.registry)
            note(f"pushed to {word.environment.registry}; nodes pull by digest")
        else:
            note("no registry is named; to be loaded onto each node by image id")
            for line in images.bring(known, word.environment):
                note(line)
    number = max((one.number for one in history), default=0) + 1
    plan = word.plan(compose, known, secrets, number)
    _roll(word, plan, _record(number, "deploy", os.environ["VERSION"], plan), history, migrate=True)


def _secrets_problems(word: Word) -> list[str]:
    root = word.secrets.parent
    others = [root.parent, *(folder for folder in root.glob("*") if folder.is_dir())]
    problems = preflight.secrets(word.secrets, others)
    if (word.secrets / "ca/internal/ca.crt").is_file():
        problems += preflight.origin(word.docker, word.secrets, objects.origin(word.secrets))
    return problems


def _secrets(word: Word, history: list[Record]) -> dict[str, dict[str, str]]:
    last = records.latest(history)
    if last and not (word.secrets / "ca").is_dir():
        # A machine that only deploys, such as CI's, needs no secret: those of the last version stay.
        objects.missing(word.docker, last.secrets)
        note("none on this machine; the cluster's own stay in use")
        return last.secrets
    word.secrets.mkdir(parents=True, exist_ok=True)
    given = word.environment.setting
    try:
        settings = Settings(
            DOMAIN=given("DOMAIN", ""),
            PORT=int(given("PORT", "443")),
            HTTP_PORT=int(given("HTTP_PORT", "80")),
            BIND="0.0.0.0",  # noqa: S104
            DATABASE_CA=word.environment.database.ca if word.environment.database else "",
            SECRETS_DIR=word.secrets,
        )
        tree = prepare(settings, datetime.now(UTC).replace(microsecond=0))
    except (InvalidSettingsError, UnusableTreeError, ValueError) as fault:
        raise ClusterError(*str(fault).splitlines()) from None
    if tree.problems:
        raise ClusterError(*tree.problems, "nothing was changed")
    for line in [*tree.notes, *tree.warnings]:
        note(line)
    wanted = objects.names(word.secrets, settings.DOMAIN)
    if word.environment.database:
        del wanted["postgres"]
    note(f"{objects.publish(word.docker, word.secrets, wanted)} new versions on the cluster")
    return wanted


def rollback() -> None:
    """Bring the version before the one that serves back, as a new version of the same images and secrets."""
    with step(f"Checking {os.environ['TO']}"):
        word = Word()
        history = word.records.all()
        now = records.latest(history)
        if not now:
            raise ClusterError(f"nothing was ever deployed to {word.name}")
        if problems := preflight.nodes(word.docker, word.environment):
            raise ClusterError(*problems, "nothing was changed")
        current = serving(word.services, word.plan(word.compose(), now.images, now.secrets, now.number))
        target = records.before(history, current)
        objects.missing(word.docker, target.secrets)
        note(f"{current} serves; back to {target.name}, {target.version} of {target.at}")
    number = history[-1].number + 1
    plan = word.plan(word.compose(), target.images, target.secrets, number)
    record = _record(number, f"rollback to {target.name}", target.version, plan)
    _roll(word, plan, record, history, migrate=False)


def _record(number: int, what: str, version: str, plan: Plan) -> Record:
    return Record(
        number=number,
        what=what,
        version=version,
        who=os.environ["WHO"],
        at=records.now(),
        images=dict(plan.images),
        secrets={folder: dict(files) for folder, files in plan.secrets.items()},
        file=whole(plan),
    )


def _roll(word: Word, plan: Plan, record: Record, history: list[Record], *, migrate: bool) -> None:
    word.records.begin(record)
    label_nodes(word.docker, word.environment, LABEL, note)
    jobs = next(image for name, image in plan.images.items() if name.startswith("gatehouse-jobs:"))
    last = _last(word, plan, history)
    rollout = Rollout(word.docker, word.services, word.records, plan, record, last, jobs, migrate=migrate)
    rollout.run()
    kept = {name for one in word.records.all()[-5:] for files in one.secrets.values() for name in files.values()}
    objects.forget(word.docker, kept)
    print(f"\nThe app is at {word.environment.url}\n")
    for name, text in (
        ("history", "what was rolled out, by whom, and how it ended"),
        ("rollback", "back to the version before"),
    ):
        print(f"  make {name} TO={word.name}".ljust(32), text)


def _last(word: Word, plan: Plan, history: list[Record]) -> Record | None:
    """The version that serves; attempts that never came to an end get one, and what they left is removed."""
    if "postgres" in plan.base and "postgres" not in word.services.names():
        return None
    now = records.latest(history)
    if not now:
        return None
    old = Plan(plan.environment, plan.compose, now.images, now.secrets, now.name, LABEL)
    try:
        current = serving(word.services, old)
    except ClusterError as fault:
        if any(one.ended == "done" for one in history):
            raise
        note(f"no version serves yet ({fault.problems[0]})")
        current = ""
    for one in history:
        if not one.ended:
            word.records.end(one.number, "done" if one.name == current else "failed", "interrupted")
        if one.name != current and one.ended != "done" and f"app-{one.name}" in word.services.names():
            word.services.remove(f"app-{one.name}")
    return next((one for one in history if one.name == current), None)


def history() -> None:
    """What was rolled out."""
    word = Word()
    print(records.table(word.records.all()))


def users() -> None:
    """Keep the accounts. A one-time password is made here, and printed here alone: what a job prints is logged."""
    word = Word()
    if word.environment.external:
        raise ClusterError(
            f"accounts of {word.name} are kept by a provider outside (IDENTITY=external), so keep them there"
        )
    last = _last_good(word)
    password, file = new_password(), f"gatehouse-once-{token_hex(6)}"
    needed = bool({"add", "reset"} & set(sys.argv[2:3]))
    secrets = last.secrets
    if needed:
        word.docker.text("secret", "create", file, "-", stdin=password)
        secrets = {**secrets, "reconcile": {**secrets["reconcile"], GIVEN: file}}
    try:
        plan = word.plan(word.compose(), last.images, secrets, last.number)
        print(word.services.job(plan, "reconcile", "python", "-m", "deploy.keycloak.users", *sys.argv[2:]).rstrip())
    finally:
        if needed:
            word.docker.run("secret", "rm", file, check=False)
    if needed:
        print(f"one-time password, shown only here, to be changed at the next sign-in: {password}")


def sessions() -> None:
    """Who is signed in, or end sessions: every replica hears of it, wherever this runs."""
    word = Word()
    last = _last_good(word)
    plan = word.plan(word.compose(), last.images, last.secrets, last.number)
    print(word.services.job(plan, "app", "python", "-m", "gatehouse.gate.sessions", *sys.argv[2:]).rstrip())


def _last_good(word: Word) -> Record:
    last = records.latest(word.records.all())
    if not last or last.ended != "done":
        raise ClusterError(f"nothing serves at {word.name}; make deploy TO={word.name} first")
    return last


def main() -> int:
    """Run one word; the exit code."""
    words = {"deploy": deploy, "rollback": rollback, "history": history, "users": users, "sessions": sessions}
    try:
        words[sys.argv[1]]()
    except ClusterError as fault:
        for line in fault.problems:
            print(f"Error: {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Error: interrupted; what is there still serves, run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
