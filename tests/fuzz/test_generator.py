"""The programs themselves: they run, they compile, and they contain what they are meant to."""
from __future__ import annotations

import collections
import random

import numba
import numpy as np
import pytest

from tests.fuzz.choices import Choices
from tests.fuzz.generator import generate
from tests.fuzz.oracles import Disagreement, check, reference
from tests.fuzz.program import WRT, Program, margin
from tests.fuzz.shrink import candidates


def sample(count, seed=3):
    return [generate(random.Random(f"{seed}.{k}").randbytes(300)) for k in range(count)]


def test_programs_run_and_have_all_features():
    seen = collections.Counter()
    tame = 0
    for p in sample(400):
        with np.errstate(all="ignore"):
            value = p.function()(*p.args)
        assert isinstance(value, float)
        tame += abs(value) < 1e6
        seen.update(p.features)
    assert tame >= 380
    assert seen["aliasing"] >= 40 and seen["branch-overwritten"] >= 40
    for feature in ("while", "break", "continue", "early-return", "overlap", "array-swap", "scalar-swap", "zero-trip",
                    "triangular", "negative-step", "mutating-helper", "rebinding", "loop-variable-after",
                    "bound-overwritten", "matrix", "augmented", "slice-store"):
        assert seen[feature] >= 8, feature


def test_a_program_is_a_function_of_its_bytes():
    data = random.Random(0).randbytes(300)
    assert generate(data) == generate(data)
    assert len(generate(b"").source) < len(generate(data).source)


def test_choices_end_in_the_simplest():
    c = Choices(b"\xff")
    assert c.chance(0.5) and not c.chance(0.5) and c.below(10) == 0


def test_numba_takes_the_programs():
    for p in [p for p in sample(40) if "helper" not in p.features and "mutating-helper" not in p.features][:3]:
        f = p.function()
        assert abs(numba.njit(f)(*p.args) - f(*p.args)) <= 1e-9 * (1.0 + abs(f(*p.args)))


def test_reference_against_a_closed_form():
    p = Program("import numpy as np\ndef f(x, y, W, a, b, n, m):\n    x[0] = a * x[1]\n    return np.sum(x * y) + b\n",
                frozenset(), 1, 0, 0)
    x, y, w, a, _, _, _ = p.args
    expected = [0.0, y[1] + a * y[0], *y[2:], a * x[1], *x[1:], *np.zeros(w.size), x[1] * y[0], 1.0]
    np.testing.assert_allclose(reference(p), expected)
    assert len(expected) == sum(np.size(v) for v in p.args[:len(WRT)])


def test_margin_sees_kinks_but_not_integers():
    text = "def f(x, y, W, a, b, n, m):\n    s = {}\n    if n == m:\n        s = s + 1.0\n    return s + a\n"
    assert margin(Program(text.format("abs(a - a)"), frozenset(), 1, 1, 1)) == 0.0
    assert margin(Program(text.format("a * b"), frozenset(), 1, 1, 1)) == float("inf")


def test_a_wrong_derivative_is_seen(monkeypatch):
    from tests.fuzz import oracles

    p = Program("def f(x, y, W, a, b, n, m):\n    return a * b + x[0]\n", frozenset(), 3, 0, 0)
    execute = oracles.execute
    assert check(p).kind == "agrees"
    monkeypatch.setattr(oracles, "execute", lambda source: execute(source.replace("d_x[0]", "2.0 * d_x[0]")))
    with pytest.raises(Disagreement, match="tangent"):
        check(p)


def test_candidates_are_smaller_programs():
    p = sample(1)[0]
    texts = list(candidates(p.source))
    assert texts and all(len(t) <= len(p.source) * 1.2 for t in texts)
