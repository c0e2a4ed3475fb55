"""The programs themselves: they run, they compile, and they contain what they are meant to."""
from __future__ import annotations

import collections
import contextlib
import functools
import math
import random

import numpy as np
import pytest

from tests.fuzz.choices import Choices
from tests.fuzz.compiled import jitted
from tests.fuzz.dual import derivatives
from tests.fuzz.generator import generate
from tests.fuzz.metamorphic import checkpointed, rewrite
from tests.fuzz.oracles import check, stepped
from tests.fuzz.precise import along
from tests.fuzz.program import WRT, Program, define, margin
from tests.fuzz.report import Disagreement, flat
from tests.fuzz.shrink import candidates


@functools.cache
def sample(count, seed=3):
    return [generate(random.Random(f"{seed}.{k}").randbytes(300)) for k in range(count)]


def test_programs_run_and_have_all_features():
    seen = collections.Counter()
    tame = 0
    for p in sample(1000):
        with np.errstate(all="ignore"):
            value = p.function()(*p.args)
        assert isinstance(value, (float, np.floating))
        tame += abs(value) < 1e6
        seen.update(p.features)
    assert tame >= 950
    assert seen["aliasing"] >= 40 and seen["branch-overwritten"] >= 40
    for feature in ("while", "break", "continue", "early-return", "overlap", "array-swap", "scalar-swap", "zero-trip",
                    "triangular", "negative-step", "mutating-helper", "rebinding", "loop-variable-after",
                    "bound-overwritten", "matrix", "augmented", "slice-store", "matrix-part", "transpose", "bool",
                    "tuple", "tuple-returned", "closure", "conditional-alias", "carried-reference", "where",
                    "loop-else", "shadowed", "same-array-twice", "refill", "moving-index"):
        assert seen[feature] >= 8, feature
    for feature in ("float32", "overflow", "over-zip", "over-rows", "over-elements", "over-enumerate"):
        assert seen[feature] >= 2, feature


FAMILIES = {
    "lists": "list comprehension list-store list-push-pop worklist list-middle list-copy list-loop list-helper "
             "vector-list vector-stack",
    "selections": "mask masked-store index-array gather scatter index-loop selected-rows",
    "shapes": "reshape flatten run-time-step scratch growing row-loop no-axes",
    "recursion": "recursion array-recursion mutual-recursion",
    "functions": "closure function-passed function-chosen nonlocal keyword",
    "syntax": "match walrus chain",
    "structures": "nested-tuple namedtuple tuple-of-arrays tuple-loop carried-tuple",
    "draws": "draw drawn-array drawn-branch drawn-chain rearranged",
    "complex": "complex complex-array complex-loop",
    "idioms": "gated-fill guarded-element handed-on shifted-result search sum-and-chain packed product",
}
"""What each family adds to programs."""


@pytest.mark.parametrize("family", FAMILIES)
def test_families_occur_and_run(family):
    seen = collections.Counter()
    wanted = FAMILIES[family].split()
    programs = sample(2000, 5)
    for p in programs:
        if not p.features.isdisjoint(wanted):
            with np.errstate(all="ignore"), contextlib.suppress(OverflowError):
                value = p.function()(*p.args)
                assert isinstance(value, (float, np.floating))
                again = p.function()(*p.args)
                assert value == again or value != value
            seen.update(p.features)
    for feature in wanted:
        assert seen[feature] >= 3, feature


def test_oracles_of_complex_numbers():
    text = ("import cmath\nimport math\nimport numpy as np\ndef f(x, y, W, a, b, n, m):\n"
            "    z = cmath.exp(complex(a, b))\n    c = np.zeros(2, np.complex128)\n    c[0] = z * x[0]\n"
            "    return np.sum(c).imag + abs(z) + c.real[0]\n")
    p = Program(text, frozenset(), 5, 0, 0)
    x, _, _, a, b, _, _ = p.args
    e, c, s = math.exp(a), math.cos(b), math.sin(b)
    value, gradient, _ = derivatives(p)
    assert abs(value - (e * s * x[0] + e + e * c * x[0])) < 1e-14 * (1.0 + e)
    expected = np.zeros(gradient.size)
    expected[[0, -2, -1]] = e * (s + c), e * (s + c) * x[0] + e, e * (c - s) * x[0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    one = tuple(np.ones(np.shape(v)) for v in p.args[:5])
    np.testing.assert_allclose(along(p, one), expected.sum(), rtol=1e-14)
    assert stepped(p, one) is None              # its imaginary parts would be taken for derivatives


def test_oracles_of_located_draws():
    text = ("import numpy as np\ndef f(x, y, W, a, b, n, m):\n    np.random.seed(3)\n"
            "    u = np.random.normal(a, 2.0 * b, 3)\n    return u[2] * u[2] + np.random.uniform(a, b)\n")
    p = Program(text, frozenset(), 5, 0, 0)
    *_, a, b, _, _ = p.args
    r = np.random.RandomState(3)
    z, u = r.standard_normal(3)[2], r.random_sample()
    found = derivatives(p)[1]
    np.testing.assert_allclose(found[-2:], [2.0 * (a + 2.0 * b * z) + 1.0 - u, 4.0 * z * (a + 2.0 * b * z) + u])
    one = tuple(np.ones(np.shape(v)) for v in p.args[:5])
    np.testing.assert_allclose(stepped(p, one)[0], found.sum(), rtol=1e-13)


def test_a_program_is_a_function_of_its_bytes():
    data = random.Random(0).randbytes(300)
    assert generate(data) == generate(data)
    assert len(generate(b"").source) < len(generate(data).source)


def test_choices_end_in_the_simplest():
    c = Choices(b"\xff")
    assert c.chance(0.5) and not c.chance(0.5) and c.below(10) == 0


def test_numba_takes_the_programs():
    for feature in ("list", "mask", "draw"):
        # Functions as values, and some that call each other, are more than numba takes.
        p = next(p for p in sample(400) if feature in p.features and len(p.source) < 900
                 and p.features.isdisjoint(("closure", "mutual-recursion")))
        value = p.function()(*p.args)
        assert abs(jitted(p.source)(*p.args) - value) <= 1e-9 * (1.0 + abs(value))


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
    chained = Program("def f(x, y, W, a, b, n, m):\n    s = [a, b]\n    return a if a < s.pop() < 9.0 else s[0]\n",
                      frozenset(), 1, 1, 1)
    assert 0.0 < margin(chained)[0] < float("inf")         # each operand is computed once
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


def test_loops_are_checkpointed():
    texts = [checkpointed(sample(1, seed)[0].source, Choices(random.Random(seed).randbytes(60))) for seed in range(30)]
    assert sum(t is not None and "s2sad.checkpointed(range(" in t for t in texts) > 8


def test_candidates_are_smaller_programs():
    p = sample(1)[0]
    texts = list(candidates(p.source))
    assert texts and all(len(t) <= len(p.source) * 1.2 for t in texts)
