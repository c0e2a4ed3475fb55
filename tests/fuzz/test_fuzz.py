"""Derivatives of random programs against the oracles of :mod:`tests.fuzz.oracles`."""
from __future__ import annotations

import collections
import random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.generator import generate
from tests.fuzz.oracles import check
from tests.fuzz.report import Disagreement
from tests.fuzz.shrink import shrink

CHUNKS = 20
PER_CHUNK = 50


def programs() -> st.SearchStrategy:
    """Random programs; they shrink as their bytes do, a zero byte being the simplest choice."""
    return st.binary(min_size=200, max_size=300).map(generate)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_programs(chunk):
    outcomes = collections.Counter()

    @seed(chunk)
    @settings(max_examples=PER_CHUNK, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              # Statements are left out of a failing program instead: that is quicker than making its bytes smaller.
              phases=[Phase.generate])
    @given(programs())
    def each(program):
        try:
            outcomes[check(program).kind] += 1
        except Disagreement:
            check(shrink(program, tries=60))
            raise

    each()
    assert outcomes.total() >= PER_CHUNK
    # A compiler that refuses everything would agree with every oracle.
    assert outcomes["agrees"] >= 0.6 * outcomes.total(), outcomes


@pytest.mark.parametrize("number", range(3))
def test_compiled_programs(number):
    program = generate(random.Random(f"compiled.{number}").randbytes(300))
    assert check(program, compiled=True).kind.startswith("agrees")
