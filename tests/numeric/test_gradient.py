"""The oracles against derivatives known in closed form."""
from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from s2sad.errors import BadCall, S2sadError
from s2sad.numeric import ComplexStepUnavailable, directional, gradient
from tests.fuzz.program import define

METHODS = ("ridders", "complex-step")


def rosenbrock(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def rosenbrock_gradient(x):
    g = np.zeros_like(x)
    g[:-1] = -400.0 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2.0 * (1.0 - x[:-1])
    g[1:] += 200.0 * (x[1:] - x[:-1] ** 2)
    return g


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("compiled", [False, True])
def test_rosenbrock(method, compiled):
    x = np.linspace(-1.2, 1.7, 7)
    before = x.copy()
    g = gradient(numba.njit(rosenbrock) if compiled else rosenbrock, (x,), method=method)
    np.testing.assert_allclose(g.value, rosenbrock_gradient(x), rtol=1e-9, atol=1e-9)
    assert (np.abs(g.value - rosenbrock_gradient(x)) <= g.error).all()
    assert (g.error <= 1e-7).all() and g.method == method
    assert (x == before).all()


ONE = [
    ("math.sin(x) * math.exp(-x)", "(math.cos(x) - math.sin(x)) * math.exp(-x)", 0.8),
    ("math.log(x)", "1.0 / x", 1e-6),
    ("math.sqrt(x)", "0.5 / math.sqrt(x)", 3e-9),
    ("x ** 3", "3.0 * x * x", -2.0),
    ("x ** 2.0", "2.0 * x", -1e8),
    ("2.5 ** x", "math.log(2.5) * 2.5 ** x", 1.25),
    ("abs(x) * x", "2.0 * abs(x)", -0.3),
    ("x % 0.7 * x", "x % 0.7 + x", 3.3),
    ("x // 0.7 * x", "x // 0.7", -3.3),
    ("math.atan2(x, 2.0)", "2.0 / (x * x + 4.0)", -1.1),
    ("math.hypot(x, 2.0)", "x / math.hypot(x, 2.0)", -1.1),
    ("math.floor(x) * x", "math.floor(x)", 2.6),
    ("max(x, 1.0) + min(x, 1.0) * x", "2.0", 1.5),
    ("np.log1p(x) + np.expm1(x)", "1.0 / (1.0 + x) + math.exp(x)", 1e-7),
    ("math.tanh(x) + math.asinh(x)", "1.0 / math.cosh(x) ** 2 + 1.0 / math.hypot(x, 1.0)", 0.0),
    ("math.tan(x) + math.acos(x)", "1.0 / math.cos(x) ** 2 - 1.0 / math.sqrt(1.0 - x * x)", 0.4),
    ("math.acosh(x) + math.atanh(1.0 / x)", "1.0 / math.sqrt(x * x - 1.0) - 1.0 / (x * x - 1.0)", 2.5),
    ("math.copysign(x, -1.0) * np.fmod(x, 0.7)", "-(math.fmod(x, 0.7) + x)", 3.3),
    ("np.where(x > 0.0, np.sqrt(x), 0.0) + np.clip(x, 0.0, 0.5)", "0.5 / math.sqrt(x)", 0.81),
    ("1.0 if x > 0.1 and not x < 0.0 else x", "0.0", 0.5),
    ("np.cbrt(x) + np.exp2(x)", "np.cbrt(x) / (3.0 * x) + math.log(2.0) * 2.0 ** x", -0.7),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("f, df, x", ONE)
def test_scalar_functions(f, df, x, method):
    expected = eval(df, {"math": math, "np": np, "x": x})
    g = gradient(define(f"def f(x):\n    return {f}\n"), (x,), method=method)
    assert abs(g.value - expected) <= (1e-7 if method == "ridders" else 1e-13) * (1e-3 + abs(expected))
    # An estimate does not promise what it does not hold.
    assert abs(g.value - expected) <= 2.0 * g.error


def complex_programs():
    def powers(x):
        y = x.copy()
        y **= 3
        y[1] //= 0.5
        y[2] %= 0.25
        return y[0] * x[1] + y[1] * x[0] + y[2] * x[2]

    def shapes(x):
        m = np.zeros((2, 3))
        m[0, :] = x
        m[1] = np.array([x[2], 1.0, x[0]])
        v = m.T @ np.ones(2)
        return np.sum(v * v) + m.max() - np.min(x) + np.linalg.norm(x) + v.mean() + x.var()

    def fill(a, k):
        for i in range(len(a)):
            a[i] = a[i] * k

    def helper(x):
        z = np.full(3, 2.0)
        fill(z, x[0])
        w = z[::-1]
        w[0] = x[1] if not x[1] < 0.0 else 0.0
        return np.dot(z, x)

    return powers, shapes, helper


@pytest.mark.parametrize("k", range(3))
def test_complex_copy_agrees_with_differences(k):
    f = complex_programs()[k]
    x = np.array([1.3, 0.4, 2.2])
    c, r = gradient(f, (x,), method="complex-step"), gradient(f, (x,))
    assert (np.abs(c.value - r.value) <= c.error + r.error).all()
    assert (r.error < 1e-7).all()


def test_builtins_in_functions_inside():
    def f(x):
        larger = lambda v: max(v, x[0]) * float(len(x))                         # noqa: E731
        return sum([abs(larger(x[k])) for k in range(3)])

    x = np.array([1.3, 0.4, 2.2])
    np.testing.assert_allclose(gradient(f, (x,), method="complex-step").value, [6.0, 0.0, 3.0])


def test_complex_step_has_no_truncation_error():
    def f(x):
        return math.exp(x) / math.sqrt(math.sin(x) ** 3 + math.cos(x) ** 3)

    assert abs(gradient(f, (1.5,), method="complex-step").value - 4.053427893898621) < 1e-14


def uses_unknown(x):
    return math.erf(x)


def uses_float32(x):
    return float(np.float32(x)) * x


def stores_in_integers(x):
    k = np.zeros(1, dtype=np.int64)
    k[0] = x * 3.0
    return x * k[0]


@pytest.mark.parametrize("f", [uses_unknown, uses_float32, stores_in_integers])
def test_complex_step_refuses_rather_than_lies(f):
    with pytest.raises(ComplexStepUnavailable):
        gradient(f, (0.7,), method="complex-step")
    assert directional(f, (0.7,), (1.0,)).method == "ridders"


def test_refusal_points_at_the_place():
    with pytest.raises(ComplexStepUnavailable) as caught:
        gradient(uses_unknown, (0.7,), method="complex-step")
    assert "math.erf(x)" in str(caught.value) and isinstance(caught.value, S2sadError)


def test_float32_arrays():
    x = np.array([1.5, -0.5], dtype=np.float32)
    g = gradient(lambda x: np.sum(x * x), (x,))
    assert (np.abs(g.value - 2.0 * x) <= g.error).all() and (g.error < 1e-4).all()


def test_complex_argument_gradient_is_by_real_and_imaginary_part():
    g = gradient(lambda z: (z * z.conjugate()).real + z.imag, (1.0 + 2.0j,))
    assert abs(g.value - (2.0 + 5.0j)) < 1e-9


def test_kink_shows_in_the_error():
    g = gradient(lambda x: abs(x) + x, (0.0,))
    assert not g.error < 1e-12 or abs(g.value - 1.0) < 1e-9


def test_structures():
    def f(a, x, n):
        x[1:] = a * x[:-1]
        return a * x, (n, a ** n)

    args = (2.0, np.array([1.0, 3.0, 5.0]), 2)
    for method in METHODS:
        d = directional(f, args, (1.0, np.array([1.0, 0.0, 0.0]), None), method=method)
        np.testing.assert_allclose(d.value[0], [3.0, 8.0, 12.0], rtol=1e-9)
        assert d.value[1][0] == 0.0 and abs(d.value[1][1] - 4.0) < 1e-9
        d = directional(f, args, (None, np.array([1.0, 0.0, 0.0]), None), method=method, outputs=("x",))
        np.testing.assert_allclose(d.value[0], [1.0, 2.0, 0.0], atol=1e-9)
    assert args[1].tolist() == [1.0, 3.0, 5.0]


def test_bad_calls():
    def f(x, n):
        return x * n

    with pytest.raises(BadCall):
        gradient(f, (1.0, 2), wrt="n")
    with pytest.raises(BadCall):
        gradient(f, (np.ones(2), 2))
    with pytest.raises(BadCall):
        gradient(f, (1.0, 2), wrt=0, method="guess")
    g = gradient(f, (1.0,), wrt=("x",), kwargs={"n": 3})
    assert abs(g.value[0] - 3.0) < 1e-9
