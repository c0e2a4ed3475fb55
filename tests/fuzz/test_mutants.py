"""Bugs planted in the compiler are noticed: each on a program recorded for it."""
from __future__ import annotations

import json

import pytest

from tests.fuzz.mutants import MUTANTS
from tests.fuzz.oracles import check
from tests.fuzz.planting import MOST, RECORD, planted
from tests.fuzz.program import Program
from tests.fuzz.report import Disagreement

KNOWN = json.loads(RECORD.read_text())


def test_enough_of_them_and_soon_enough():
    assert set(KNOWN) <= {m.name for m in MUTANTS} and len(KNOWN) >= 60
    # The others have a program written by hand, and wait for a long run.
    measured = [found["programs"] for found in KNOWN.values() if found["programs"] is not None]
    assert len(measured) >= 30 and all(0 < k <= MOST for k in measured)


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name in KNOWN], ids=lambda m: m.name.replace(" ", "-"))
def test_noticed(mutant):
    found = KNOWN[mutant.name]
    program = Program(found["source"], frozenset(), found["seed"], found["n"], found["m"])
    assert check(program).kind.startswith("agrees")
    with planted(mutant), pytest.raises(Disagreement):
        check(program)
