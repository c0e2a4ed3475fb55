"""Bugs planted in the compiler are noticed: each on a program recorded for it."""
from __future__ import annotations

import json

import pytest

from tests.fuzz.mutants import MUTANTS
from tests.fuzz.oracles import check
from tests.fuzz.planting import MOST, PAGE, RECORD, page, planted, recorded_program
from tests.fuzz.report import Disagreement

KNOWN = json.loads(RECORD.read_text())


def test_enough_of_them_and_soon_enough():
    assert list(KNOWN) == [m.name for m in MUTANTS]
    # The others have a program written by hand.
    measured = [found["programs"] for found in KNOWN.values() if found["programs"] is not None]
    assert len(measured) >= 80 and all(0 < k <= MOST for k in measured)


def test_the_documentation_has_the_table():
    assert PAGE.read_text() == page(KNOWN)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "-"))
def test_noticed(mutant):
    program = recorded_program(KNOWN[mutant.name])
    assert check(program).kind.startswith("agrees")
    with planted(mutant), pytest.raises(Disagreement):
        check(program)
