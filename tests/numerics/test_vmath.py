"""``s2sad.vmath``: errors against mpmath, special values, both precisions, loops, and programs differentiated."""
from __future__ import annotations

import math
from functools import cache

import numba
import numpy as np
import pytest
from mpmath import mp

import s2sad
from s2sad import vmath
from s2sad.runtime.helpers import HELPERS, dispatchers, python_functions
from tests.execution import execute, generate

NAMES = sorted(name.removeprefix("vector_") for name in vmath.TYPED if name != "vector_pow")
EXACT = {
    "exp": mp.exp, "expm1": mp.expm1, "log": mp.log, "log1p": mp.log1p, "sin": mp.sin, "cos": mp.cos, "tanh": mp.tanh,
    "erf": mp.erf, "erfc": mp.erfc, "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "expit": lambda x: 1 / (1 + mp.exp(-x)),
}
STATED = {"exp": 1.0, "expm1": 1.0, "log": 1.0, "log1p": 1.0, "sin": 1.0, "cos": 1.0, "tanh": 2.0, "erf": 1.0,
          "erfc": 2.0, "ndtr": 2.0, "expit": 2.0}
ANGLES = [(-4.0, 4.0), (-200.0, 200.0), (-1.6e6, 1.6e6), (-1e12, 1e12), (0.0, 1.7e308)]
RANGES = {
    "exp": [(-1.0, 1.0), (-40.0, 40.0), (-745.0, 709.7), (-745.1, -707.0)],
    "expm1": [(-0.4, 0.4), (-1.0, 2.5), (-40.0, 40.0), (700.0, 709.7)],
    "log": [(0.5, 2.0), (0.9, 1.1), (0.0, 1e3), (1e307, 1.7e308)],
    "log1p": [(-0.1, 0.1), (-1.0, 1.0), (0.0, 50.0), (0.0, 1e300)],
    "sin": ANGLES, "cos": ANGLES,
    "tanh": [(-0.3, 0.3), (-1.0, 1.0), (-20.0, 20.0)],
    "erf": [(-1.0, 1.0), (0.9, 2.0), (-6.0, 6.0)],
    "erfc": [(-0.5, 0.5), (-1.0, 1.0), (-6.0, 6.0), (0.5, 26.5), (26.0, 27.2)],
    "ndtr": [(-1.0, 1.0), (-6.0, 8.0), (-37.5, -1.0), (-38.4, -37.0)],
    "expit": [(-1.0, 1.0), (-40.0, 40.0), (-745.0, 0.0)],
}
COUNT = 150
SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (math.inf, math.inf), (-math.inf, 0.0), (5e-324, 1.0), (710.0, math.inf),
           (-746.0, 0.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (math.inf, math.inf), (-math.inf, -1.0), (5e-324, 5e-324),
           (-5e-324, -5e-324), (-1e308, -1.0), (710.0, math.inf)],
    "log": [(0.0, -math.inf), (-0.0, -math.inf), (math.inf, math.inf), (-math.inf, math.nan), (-1.0, math.nan),
           (1.0, 0.0), (-5e-324, math.nan)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (math.inf, math.inf), (-math.inf, math.nan), (-1.0, -math.inf),
           (-1.5, math.nan), (5e-324, 5e-324), (-5e-324, -5e-324)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (math.inf, math.nan), (-math.inf, math.nan), (5e-324, 5e-324),
           (-5e-324, -5e-324)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (math.inf, math.nan), (-math.inf, math.nan), (5e-324, 1.0)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (math.inf, 1.0), (-math.inf, -1.0), (5e-324, 5e-324), (-5e-324, -5e-324),
           (1e308, 1.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (math.inf, 1.0), (-math.inf, -1.0), (1e308, 1.0), (-5e-324, -5e-324)],
    "erfc": [(0.0, 1.0), (-0.0, 1.0), (math.inf, 0.0), (-math.inf, 2.0), (5e-324, 1.0), (30.0, 0.0)],
    "ndtr": [(0.0, 0.5), (-0.0, 0.5), (math.inf, 1.0), (-math.inf, 0.0), (-40.0, 0.0), (40.0, 1.0)],
    "expit": [(0.0, 0.5), (-0.0, 0.5), (math.inf, 1.0), (-math.inf, 0.0), (-1e308, 0.0), (1e308, 1.0)],
}


@cache
def in_a_loop():
    """All functions, called in one compiled loop: a row of results for each."""
    text = "".join(f"        y[{k}, i] = vmath.{name}(x[i])\n" for k, name in enumerate(NAMES))
    space = {"vmath": vmath}
    exec(f"def run(x, y):\n    for i in range(x.size):\n{text}", space)  # noqa: S102
    return numba.njit(space["run"])


def evaluated(name, x):
    y = np.empty((len(NAMES), x.size), x.dtype)
    in_a_loop()(x, y)
    return y[NAMES.index(name)]


def points(name):
    rng = np.random.default_rng(sum(map(ord, name)))
    found = [rng.uniform(low, high, COUNT) for low, high in RANGES[name]]
    found.append(np.exp(rng.uniform(math.log(1e-320), math.log(1e-3), COUNT)) * rng.choice([-1.0, 1.0], COUNT))
    if name in ("sin", "cos"):
        found.append(np.arange(1.0, COUNT) * (math.pi / 2))
        found.append(np.array([1.6e6, 1600001.0, 2.0 ** 1023]))
    x = np.concatenate(found)
    return np.abs(x) if name == "log" else x


def error(got, want):
    """In units of the last place of the value as a double."""
    nearest = float(want)
    if math.isinf(nearest):
        return 0.0 if got == nearest else math.inf
    return float(abs(mp.mpf(float(got)) - want)) / math.ulp(nearest)


def test_all_functions_are_tested():
    assert set(NAMES) == set(EXACT) == set(STATED) == set(RANGES) == set(SPECIAL)
    assert {*NAMES, "pow", "sincos", "sigmoid"} == set(vmath.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_errors(name):
    x = points(name)
    with mp.workdps(40):
        for a, y in zip(x.tolist(), evaluated(name, x), strict=True):
            with mp.workdps(700 if abs(a) > 1e3 else 40 if abs(a) > 1e-30 else 400):
                assert error(y, EXACT[name](mp.mpf(a))) <= STATED[name], (a, y)


@pytest.mark.parametrize("name", NAMES)
def test_special_values(name):
    x, want = np.array([*SPECIAL[name], (math.nan, math.nan)]).T.copy()
    found = evaluated(name, x)
    np.testing.assert_array_equal(found, want)
    signed = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(found[signed]), np.signbit(want[signed]))


@pytest.mark.parametrize("name", NAMES)
def test_single_precision(name):
    x = points(name)
    x = x[np.abs(x) < 1e38].astype(np.float32)
    with np.errstate(over="ignore"):
        want = evaluated(name, x.astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(evaluated(name, x), want)
    one = getattr(vmath, name)
    assert one(1) == one(1.0) != one(np.float32(0.3)) != one(0.3)
    assert [s.return_type for s in one.nopython_signatures if s.args == (numba.float32,)] == [numba.float32]


@pytest.mark.parametrize("name", sorted(n for n in HELPERS if n.startswith("vector_")))
def test_python_computes_what_is_compiled(name):
    own, compiled = python_functions()[name], dispatchers()[name]
    rest = {"vector_exp_sum": (1e-17,), "vector_sin_near": (1,), "vector_pow": (1.7,)}.get(name, ())
    with np.errstate(all="ignore"):
        for x in (0.0, -0.0, 0.3, 0.9, 1.7, 36.5, -0.4, 1e-300, math.nan):
            np.testing.assert_array_equal(float(own(x, *rest)), compiled(x, *rest))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"sin", "cos"}))
def test_loops_are_vectorised(name):
    space = {"vmath": vmath}
    exec(f"def run(x, y):\n    for i in range(x.size):\n        y[i] = vmath.{name}(x[i])\n", space)  # noqa: S102
    run = numba.njit((numba.float64[::1], numba.float64[::1]))(space["run"])
    (text,) = run.inspect_llvm().values()
    assert " x double>" in text


# ---------------------------------------------------------------------------- powers

@cache
def powers():
    @numba.njit
    def run(x, y, z):
        for i in range(x.size):
            z[i] = vmath.pow(x[i], y[i])

    return run


@pytest.mark.parametrize("bases, exponents", [
    ((0.5, 2.0), (-5.0, 5.0)), ((0.9, 1.1), (-1000.0, 1000.0)), ((0.0, 50.0), (-5.0, 5.0)),
    ((1e-300, 1e300), (-1.0, 1.0)), ((0.99999, 1.00001), (-7e7, 7e7)), ((0.0, 1e-310), (-1.02, 1.02)),
    ((1.9, 2.1), (-1074.0, 1023.0)), ((1.99, 2.01), (-1074.0, -1020.0))])
def test_powers(bases, exponents):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(*bases, COUNT), rng.uniform(*exponents, COUNT)
    z = np.empty(COUNT)
    powers()(x, y, z)
    with mp.workdps(60):
        assert max(error(c, mp.mpf(a) ** mp.mpf(b)) for a, b, c in zip(x.tolist(), y.tolist(), z, strict=True)) <= 1.0
    single = np.empty(COUNT, np.float32)
    with np.errstate(over="ignore"):
        x, y = x.astype(np.float32), y.astype(np.float32)
        powers()(x.astype(np.float64), y.astype(np.float64), z)
        powers()(x, y, single)
        np.testing.assert_array_equal(single, z.astype(np.float32))


def test_powers_of_special_values():
    values = np.array([0.0, 1.0, 2.0, 0.5, 3.0, math.inf, 5e-324, 1e308, 2.0 ** 53, 2.0 ** 52 + 1.0, 0.1, 1e-320])
    values = np.concatenate([values, -values, [math.nan]])
    x, y = (a.ravel() for a in np.meshgrid(values, values))
    z = np.empty(x.size)
    powers()(x, y, z)
    with np.errstate(all="ignore"):
        want = np.power(x, y)
    np.testing.assert_allclose(z, want, rtol=3e-16)
    signed = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(z[signed]), np.signbit(want[signed]))


# ---------------------------------------------------------------------------- in programs

def everything(x, s):
    total = 0.0
    for i in range(x.size):
        a, b = vmath.sincos(x[i])
        u = vmath.exp(a) * vmath.log(2.0 + b) + vmath.expm1(s * a) * vmath.log1p(x[i] * x[i])
        v = vmath.tanh(u) + vmath.erf(a) * vmath.erfc(b)
        total += v * vmath.ndtr(u - s) + vmath.sigmoid(a * s) * vmath.sin(v) * vmath.cos(u)
    return total


def the_same(x, s):
    total = 0.0
    for i in range(x.size):
        a, b = math.sin(x[i]), math.cos(x[i])
        u = math.exp(a) * math.log(2.0 + b) + math.expm1(s * a) * math.log1p(x[i] * x[i])
        v = math.tanh(u) + math.erf(a) * math.erfc(b)
        total += (v * (0.5 * math.erfc((s - u) / math.sqrt(2.0)))
                  + 1.0 / (1.0 + math.exp(-a * s)) * math.sin(v) * math.cos(u))
    return total


X = np.array([0.4, -1.3, 2.2, 0.0, 7.5])


def test_derivatives():
    wrt = ("x", "s")
    want = s2sad.numeric.gradient(the_same, (X, 0.7), wrt=wrt).value
    for kind in (np.float64, np.float32):
        args = X.astype(kind), kind(0.7)
        made = generate(everything, args, "grad", wrt)
        assert "s2sad" not in made.source
        for got, right in zip(execute(made)[made.name](*args), want, strict=True):
            np.testing.assert_allclose(got, right, rtol=1e-10 if kind is np.float64 else 2e-4)


def test_derivatives_compiled():
    gradient = s2sad.grad(everything)
    want = s2sad.numeric.gradient(the_same, (X, 0.7), wrt="x").value
    np.testing.assert_allclose(gradient(X, 0.7), want, rtol=1e-10)


def test_second_derivatives():
    def f(x):
        return vmath.exp(vmath.sin(x)) * vmath.tanh(x)

    x = 0.3
    s, c, t = math.sin(x), math.cos(x), math.tanh(x)
    d = 1.0 - t * t
    want = math.exp(s) * ((c * c - s) * t + 2.0 * c * d - 2.0 * t * d)
    assert s2sad.grad(s2sad.grad(f))(x) == pytest.approx(want, rel=1e-14)
