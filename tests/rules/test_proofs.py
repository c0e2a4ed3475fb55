"""Every rule against mpmath's derivative of the same function, to 50 digits."""
from __future__ import annotations

import math

import numpy as np
import pytest
from mpmath import mp

from s2sad.rules import CONSTANT, Rule, lookup
from s2sad.rules.table import declared
from tests.rules.evaluation import function, partial
from tests.rules.proofs import PROOFS, ULP

RULES = {entry.names[0]: entry for entry in declared().values() if isinstance(entry, Rule)}

# Constants by decree rather than by what they compute, or of integers only.
DECREED = {"stop_gradient", "list_index"}


def test_every_rule_has_a_proof():
    assert set(RULES) == set(PROOFS)


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_partials(name):
    rule, proof = RULES[name], PROOFS[name]
    with mp.workdps(proof.digits):
        for operands in proof.operands():
            result = float(proof.f(*proof.exact(operands)))
            for k, param in enumerate(rule.params):
                got = partial(rule, param, operands, result)
                if proof.integer(k):
                    assert got == 0.0
                    continue
                want = derivative(proof, operands, k)
                error = abs(mp.mpf(got) - want)
                assert error <= proof.ulps * ULP * max(abs(want), proof.near), (operands, param, got, float(want))


def derivative(proof, operands, k):
    """A central difference; its step is small against the operand's distance from any singularity tried here."""
    def f(x):
        exact = proof.exact(operands)
        exact[k] = x
        return proof.f(*exact)

    x = mp.mpf(operands[k])
    h = mp.mpf(10) ** -45 * (abs(x) or 1)
    return (f(x + h) - f(x - h)) / (2 * h)


@pytest.mark.parametrize("name", sorted({n for rule in RULES.values() for n in rule.names}))
def test_names_compute_the_function_proved(name):
    rule = lookup(name)
    proof = PROOFS[rule.names[0]]
    tolerance = 1e-6 if name == "np.float32" else 1e-13
    for operands in proof.operands(8):
        with mp.workdps(50):
            want = float(proof.f(*proof.exact(operands)))
        if name == "np.float32" and not 1e-30 < abs(want) < 1e30:
            continue
        assert float(function(name)(*operands)) == pytest.approx(want, rel=tolerance, abs=1e-14)


@pytest.mark.parametrize("name", sorted(set(n for n, e in declared().items() if e is CONSTANT) - DECREED))
def test_constants_are_constant(name):
    f = function(name)
    rng = np.random.default_rng(7)
    for x, y in rng.uniform(0.1, 9.0, (20, 2)).tolist():
        try:
            here = f(x)
            there = f(x + 1e-9), f(x - 1e-9)
        except TypeError:
            try:
                here = f(x, y)
                there = f(x + 1e-9, y), f(x - 1e-9, y), f(x, y + 1e-9), f(x, y - 1e-9)
            except TypeError:
                # Not defined for floating-point operands at all.
                return
        assert all(t == here or math.isnan(t) for t in there)
