"""When the authority may be asked: soon after a mend, seldom after failures, and never too often, whatever restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.acme.state import FIRST_PAUSE, HOUR, LONGEST_PAUSE, MOST_AN_HOUR, State, load, save

DAY = 24 * HOUR
NOW = 1_800_000_000.0


def test_a_failure_makes_the_next_one_wait_twice_as_long_up_to_half_a_day() -> None:
    state, pauses = State(), []
    for _ in range(12):
        state = state.failing(NOW, "away")
        pauses.append(state.may_ask_at(patient=True) - NOW)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert state.may_ask_at(patient=False) == 0


def test_nobody_may_ask_more_than_four_times_an_hour() -> None:
    state, now = State(), NOW
    for _ in range(MOST_AN_HOUR):
        assert state.may_ask_at(patient=False) <= now
        state, now = state.asking(now), now + 60
    assert state.may_ask_at(patient=False) == NOW + HOUR
    # An hour later the first counts no more.
    assert state.asking(NOW + HOUR + 1).asked[0] == NOW + 60


def test_a_crash_while_asking_counts(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for at in range(MOST_AN_HOUR):
        save(file, load(file).asking(NOW + at))
    assert load(file).may_ask_at(patient=False) == NOW + HOUR


def test_a_certificate_ends_the_failures_and_not_the_count() -> None:
    state = State().asking(NOW).failing(NOW, "away").holding("https://ca", NOW + 90 * DAY, NOW + 60 * DAY, NOW + HOUR)
    assert (state.failures, state.failure, state.asked) == (0, "", [NOW])
    assert state.may_ask_at(patient=True) == 0


@pytest.mark.parametrize(
    ("state", "emergency"),
    [
        (State(), True),
        (State(ends=NOW - 1), True),
        (State(ends=NOW + 90 * DAY), False),
        (State(ends=NOW + 20 * DAY, failures=9), False),
        (State(ends=NOW + 6 * DAY, failures=1), True),
        (State(ends=NOW + 6 * DAY), False),  # a short-lived one, as some authorities issue
    ],
)
def test_what_is_an_emergency(state: State, *, emergency: bool) -> None:
    assert state.emergency(NOW) is emergency


def test_the_report_names_what_is_held_what_failed_and_what_comes() -> None:
    good = State("https://ca", NOW + 90 * DAY, NOW + 60 * DAY)
    assert good.report(NOW) == "until 2027-04-15, renewed from 2027-03-16"
    assert good.failing(NOW, "no answer").failing(NOW, "no answer").report(NOW) == (
        "until 2027-04-15; failed at 2027-01-15 08:00 UTC, 2 times in a row: no answer; "
        "next try at 2027-01-15 08:30 UTC"
    )
    assert State().report(NOW) == "none yet, being asked for"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}', "null"])
def test_a_state_that_cannot_be_read_is_a_new_one(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(content, encoding="utf-8")
    assert load(file) == State()
