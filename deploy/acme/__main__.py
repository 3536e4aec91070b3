"""One round: look whether a certificate is needed, and get it: `python -m deploy.acme [--at-once]`.

Writes the moment of the next round into /tmp/next. A failure changes no certificate: the line that tells it goes to
stderr, and to `make status`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from deploy.acme import held, places
from deploy.acme.account import connect, sign_up, write
from deploy.acme.dns import Dns
from deploy.acme.errors import AcmeError, words
from deploy.acme.http import Challenge, Http
from deploy.acme.options import Options, parse
from deploy.acme.order import obtain
from deploy.acme.state import State, day, load, minute, save
from deploy.prepare import settings
from deploy.prepare.settings import InvalidSettingsError, Settings

LONGEST = 6 * 3600.0  # seconds between two rounds


def round_(options: Settings, state: State, now: float, *, patient: bool) -> State:
    """Do what is due, and return what is to be remembered. Never raises for what the world outside does."""
    there = held.read(places.HELD)
    if there is None or not there.is_for(options.names):
        there, state = None, replace(state, directory="", ends=0, renew_at=0, look_at=0)
    if there and state.directory == options.ACME and now < state.renew_at:
        state = _advised(options, state, there, now)
        if now < state.renew_at:
            return state
    if now < (then := state.may_ask_at(patient=patient)):
        print(f"not asked for a certificate now, so as not to ask too often; next try at {minute(then)}", flush=True)
        return state
    try:
        return _renew(options, state, now)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the certificate of before stays, and it is told
        failing = replace(state, asked=load(places.STATE).asked).failing(now, words(error))
        _tell(failing, now)
        return failing


def _advised(options: Settings, state: State, there: held.Held, now: float) -> State:
    """A certificate that is good for long: ask now and then whether the authority wants it renewed earlier."""
    if now < state.look_at:
        return state.holding(options.ACME, there.ends, state.renew_at, state.look_at)
    try:
        when, again = held.renewal(connect(options.ACME), there)
    except Exception as error:  # noqa: BLE001 -- advice is not needed
        print(f"no advice on renewal: {words(error)}", flush=True)
        when, again = state.renew_at, now + held.LOOK_AGAIN
    return state.holding(options.ACME, there.ends, when, again)


def _renew(options: Settings, state: State, now: float) -> State:
    known = _options()
    challenge = _challenge(options, known)
    authority = connect(options.ACME)
    challenge.ready(options.names)
    sign_up(authority, options.ACME_EMAIL, known.account)
    save(places.STATE, state.asking(now))
    content = obtain(authority, options.names, challenge)
    write(places.HELD, content)
    got = held.read(places.HELD)
    if got is None:
        raise AcmeError("the authority's answer is not a certificate for our key")
    when, again = held.renewal(authority, got)
    both = " and ".join(options.names)
    print(f"certificate for {both}: issued, valid to {day(got.ends)}, renewed from {day(when)}", flush=True)
    return load(places.STATE).holding(options.ACME, got.ends, when, again)


def _options() -> Options:
    try:
        return parse(places.OPTIONS.read_bytes())
    except FileNotFoundError:
        return Options()
    except ValueError as wrong:
        raise AcmeError(f"secrets/provided/acme.toml: {wrong}") from None


def _challenge(options: Settings, known: Options) -> Challenge:
    if options.ACME_CHALLENGE == "http-01":
        return Http(options.HTTP_PORT)
    if known.dns is None:
        raise AcmeError("ACME_CHALLENGE=dns-01 needs [dns] in secrets/provided/acme.toml: server, key_name, key_secret")
    return Dns(known.dns)


def _tell(state: State, now: float) -> None:
    stays = f"the one of before stays until {day(state.ends)}" if state.ends > now else "the local CA's is served"
    then = minute(max(state.may_ask_at(patient=True), now))
    print(f"Error: no certificate by ACME: {state.failure}; {stays}; next try at {then}", file=sys.stderr, flush=True)


def main() -> int:
    """Run one round; its exit code."""
    try:
        options = settings.load()
    except InvalidSettingsError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    now, before = time.time(), load(places.STATE)
    state = round_(options, before, now, patient="--at-once" not in sys.argv[1:])
    if state != before:
        save(places.STATE, state)
    _next(places.TEMPORARY / "next", state, now)
    return 0


def _next(path: Path, state: State, now: float) -> None:
    """Leave the moment of the next round for follow.sh."""
    wanted = [now + LONGEST]
    if state.failures or not state.ends:
        wanted.append(state.may_ask_at(patient=True))
    else:
        wanted += [state.renew_at, state.look_at]
    path.write_text(str(int(max(min(wanted), now + 60)) + 1), encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
