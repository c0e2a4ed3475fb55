"""The programs themselves: they run, they compile, and they contain what they are meant to."""
from __future__ import annotations

import collections
import math
import random

import numba
import numpy as np
import pytest

from tests.fuzz.choices import Choices
from tests.fuzz.dual import derivatives
from tests.fuzz.generator import generate
from tests.fuzz.metamorphic import rewrite
from tests.fuzz.oracles import check, stepped
from tests.fuzz.precise import along
from tests.fuzz.program import WRT, Program, define, margin
from tests.fuzz.report import Disagreement, flat
from tests.fuzz.shrink import candidates


def sample(count, seed=3):
    return [generate(random.Random(f"{seed}.{k}").randbytes(300)) for k in range(count)]


def test_programs_run_and_have_all_features():
    seen = collections.Counter()
    tame = 0
    for p in sample(400):
        with np.errstate(all="ignore"):
            value = p.function()(*p.args)
        assert isinstance(value, (float, np.floating))
        tame += abs(value) < 1e6
        seen.update(p.features)
    assert tame >= 380
    assert seen["aliasing"] >= 40 and seen["branch-overwritten"] >= 40
    for feature in ("while", "break", "continue", "early-return", "overlap", "array-swap", "scalar-swap", "zero-trip",
                    "triangular", "negative-step", "mutating-helper", "rebinding", "loop-variable-after",
                    "bound-overwritten", "matrix", "augmented", "slice-store", "matrix-part", "transpose", "bool",
                    "tuple", "tuple-returned", "closure", "conditional-alias", "carried-reference", "where",
                    "loop-else", "shadowed", "same-array-twice", "refill", "moving-index"):
        assert seen[feature] >= 8, feature
    for feature in ("float32", "overflow", "over-zip", "over-rows", "over-elements", "over-enumerate"):
        assert seen[feature] >= 2, feature


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
    expected = np.array([0.0, y[1] + a * y[0], *y[2:], a * x[1], *x[1:], *np.zeros(w.size), x[1] * y[0], 1.0])
    moved = tuple(np.cos(np.arange(np.size(v)) + 1.0).reshape(np.shape(v)) for v in p.args[:len(WRT)])
    final = np.array([a * moved[0][1] + moved[3] * x[1], *moved[0][1:]])
    wanted = flat([expected @ flat(moved), final, moved[1], moved[2]])
    np.testing.assert_allclose(stepped(p, moved), wanted, rtol=1e-14, atol=1e-15)


def test_margin_sees_kinks_but_not_integers():
    text = "def f(x, y, W, a, b, n, m):\n    s = {}\n    if n == m:\n        s = s + 1.0\n    return s + a\n"
    assert margin(Program(text.format("abs(a - a)"), frozenset(), 1, 1, 1)) == (0.0, True)
    assert margin(Program(text.format("a * b"), frozenset(), 1, 1, 1)) == (float("inf"), True)


def test_margin_says_that_something_compared_is_infinite():
    text = "def f(x, y, W, a, b, n, m):\n    s = 1e200 * (a * a + 1.0)\n    return a if s * s > 1.0 else b\n"
    assert margin(Program(text, frozenset(), 1, 1, 1))[1] is False


def test_a_wrong_derivative_is_seen(monkeypatch):
    from tests.fuzz import oracles

    p = Program("def f(x, y, W, a, b, n, m):\n    return a * b + x[0]\n", frozenset(), 3, 0, 0)
    execute = oracles.execute
    assert check(p).kind == "agrees"
    monkeypatch.setattr(oracles, "execute", lambda source: execute(source.replace("d_x[0]", "2.0 * d_x[0]")))
    with pytest.raises(Disagreement, match="tangent"):
        check(p)


def test_oracles_of_a_closed_form():
    text = "import math\ndef f(x, y, W, a, b, n, m):\n    x[1] = math.sin(a) * x[0]\n    return x[1] * b\n"
    p = Program(text, frozenset(), 5, 0, 0)
    x, _, _, a, b, _, _ = p.args
    value, gradient, (jacobian, *_) = derivatives(p)
    assert value == math.sin(a) * x[0] * b
    expected = np.zeros(gradient.size)
    expected[[0, -2, -1]] = math.sin(a) * b, math.cos(a) * x[0] * b, math.sin(a) * x[0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-15)
    assert jacobian[1, 0] == math.sin(a) and jacobian[1, 1] == 0.0 and jacobian[2, 2] == 1.0
    one = tuple(np.ones(np.shape(v)) for v in p.args[:5])
    np.testing.assert_allclose(along(p, one), expected.sum(), rtol=1e-14)


@pytest.mark.parametrize("seed", range(30))
def test_rewritten_programs_mean_the_same(seed):
    p = sample(1, seed)[0]
    name, text, _ = rewrite(p.source, Choices(random.Random(seed).randbytes(60)))
    with np.errstate(all="ignore"):
        value, other = p.function()(*p.args), define(text)(*p.args)
    assert value == other or value != value, name
    assert text != p.source


def test_candidates_are_smaller_programs():
    p = sample(1)[0]
    texts = list(candidates(p.source))
    assert texts and all(len(t) <= len(p.source) * 1.2 for t in texts)
