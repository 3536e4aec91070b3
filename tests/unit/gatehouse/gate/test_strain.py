"""When memory counts as short: after a collection, for a while, and not at every peak."""

from __future__ import annotations

import pytest

from gatehouse.container import Memory
from gatehouse.gate import strain
from gatehouse.gate.strain import BACK, COLLECT_SECONDS, HELD_SECONDS, LEAVE, Strain
from gatehouse.settings import StartError


class Machine:
    """Memory in percent, a clock, and how much of it each collection gives back."""

    def __init__(self) -> None:
        self.percent, self.now, self.garbage, self.collections = 0.0, 0.0, 0.0, 0
        self.strain = Strain(self.look, self.collect, lambda: self.now, spread=0)

    def look(self) -> Memory:
        return Memory(round(self.percent * 100), 10_000)

    def collect(self) -> None:
        self.collections += 1
        self.percent, self.garbage = self.percent - self.garbage, 0

    def at(self, percent: float, seconds: float = 1) -> str:
        """The verdict so many seconds later, with so much taken."""
        self.now += seconds
        self.percent = percent
        return self.strain.judge()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_below_it_is_well_and_nothing_is_collected(machine: Machine) -> None:
    assert {machine.at(BACK - 0.1) for _ in range(20)} == {"well"}
    assert machine.collections == 0


def test_what_stays_is_short_after_a_while(machine: Machine) -> None:
    verdicts = [machine.at(BACK + 1) for _ in range(int(HELD_SECONDS) + 1)]
    assert verdicts == ["well"] * int(HELD_SECONDS) + ["back"]
    assert machine.collections == 2, "when it began, and before the verdict"
    assert machine.strain.last == Memory(8600, 10_000)


def test_a_peak_is_not(machine: Machine) -> None:
    for _ in range(5):
        assert {machine.at(BACK + 5) for _ in range(int(HELD_SECONDS) - 1)} == {"well"}
        assert machine.at(30) == "well"


def test_garbage_is_not(machine: Machine) -> None:
    machine.garbage = 20
    assert machine.at(LEAVE + 2) == "well"
    assert machine.collections == 1
    assert machine.at(77) == "well"


def test_garbage_that_comes_meanwhile_is_not(machine: Machine) -> None:
    for _ in range(int(HELD_SECONDS)):
        machine.at(BACK + 1)
    machine.garbage = 10
    assert machine.at(BACK + 1) == "well"


def test_nearly_nothing_left_is_at_once(machine: Machine) -> None:
    assert machine.at(LEAVE + 0.5) == "leave"
    assert machine.collections == 1


def test_at_the_edge_it_is_not_collected_all_the_time(machine: Machine) -> None:
    for _ in range(10):
        machine.garbage = 1
        assert machine.at(BACK + 0.5) == "well"
    assert machine.collections == 2
    machine.garbage = 1
    machine.at(BACK + 0.5, COLLECT_SECONDS)
    assert machine.collections == 3


def test_where_nothing_is_known_it_is_well() -> None:
    assert Strain(lambda: None, lambda: None).judge() == "well"


def test_replicas_differ_by_a_little() -> None:
    drawn = [Strain()._back for _ in range(100)]  # noqa: SLF001
    assert BACK - strain.SPREAD <= min(drawn) < max(drawn) <= BACK


def test_a_limit_that_leaves_no_room_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strain, "memory", lambda: Memory(150 << 20, 200 << 20))
    with pytest.raises(StartError, match="APP_MEMORY: 200 MB, of which 150 are taken before anybody comes; .* 300m"):
        strain.check_start()
    monkeypatch.setattr(strain, "memory", lambda: Memory(150 << 20, 1 << 30))
    strain.check_start()


def test_a_real_collection_gives_memory_back_to_the_kernel() -> None:
    strain.collect()
