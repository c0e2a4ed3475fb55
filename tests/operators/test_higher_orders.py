"""Derivatives of derivatives: gradients nested up to order four, reverse over reverse, symmetry, products."""
from __future__ import annotations

import math

import mpmath
import numba
import numpy as np
import pytest

import s2sad
from tests.execution import execute


def run(operator, *args):
    """The result of an operator's generated source as plain Python."""
    made = operator._specialise(tuple(map(numba.typeof, args))).generated
    return execute(made)[made.name](*args)


def rational(x):
    return x * x / (1.0 + x * x * x)


def oscillating(x):
    return math.exp(-0.3 * x) * math.sin(2.0 * x) + math.log(1.0 + x * x)


def newton(x):
    y = 1.0
    for _ in range(6):
        y = 0.5 * (y + x / y)
    return y * math.tanh(x)


def branching(x):
    y = x
    for i in range(4):
        if y > 1.0:
            y = y * y / (i + 2.0) + math.atan(x)
        else:
            y = y + x * x * x
    return y


SCALAR = [(rational, 0.7), (oscillating, 0.9), (newton, 1.7), (branching, 0.8)]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("f, x", SCALAR)
def test_gradients_nested(f, x, order):
    g = f
    for _ in range(order):
        g = s2sad.grad(g)
    named = {n: getattr(mpmath, n) for n in ("exp", "sin", "log", "tanh", "atan")}
    exact = {"math": type("math", (), named)}
    with mpmath.workdps(40):
        source = type(f)(f.__code__, exact)
        wanted = float(mpmath.diff(source, mpmath.mpf(x), order))
    found = run(g, x)
    assert abs(found - wanted) <= 1e-12 * max(1.0, abs(wanted))


def chain(x, a):
    s = 0.0
    y = x.copy()
    for t in range(3):
        for i in range(1, y.shape[0]):
            y[i] = y[i] + a * np.sin(y[i-1]) * x[i]
        s += y[-1] * y[t] * y[t]
    return s


def hessian_by_differences(x, a):
    with mpmath.workdps(50):
        def f(*p):
            y, given = list(p), list(p)
            s = mpmath.mpf(0)
            for t in range(3):
                for i in range(1, len(y)):
                    y[i] = y[i] + mpmath.mpf(a) * mpmath.sin(y[i - 1]) * given[i]
                s += y[-1] * y[t] * y[t]
            return s
        n = len(x)
        point = tuple(mpmath.mpf(float(v)) for v in x)

        def second(i, j):
            order = [0] * n
            order[i] += 1
            order[j] += 1
            return float(mpmath.diff(f, point, tuple(order)))
        return np.array([[second(i, j) for j in range(n)] for i in range(n)])


X, A, V, U = np.array([0.3, -0.7, 1.1, 0.4]), 0.6, np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.2, 0.1, -1.0, 0.7])


def test_hessian_against_differences_in_many_digits():
    found = run(s2sad.hessian(chain), X, A)
    wanted = hessian_by_differences(X, A)
    assert np.all(np.abs(found - wanted) <= 1e-12 * np.abs(wanted).max())
    assert np.all(np.abs(found - found.T) <= 1e-14 * np.abs(found).max())


def test_reverse_over_reverse_is_forward_over_reverse():
    forward = run(s2sad.hessian(chain), X, A)
    reverse = run(s2sad.jacrev(s2sad.grad(chain)), X, A)
    assert np.all(np.abs(reverse - forward) <= 1e-13 * np.abs(forward).max())


def test_products_with_the_hessian():
    h = s2sad.hvp(chain, wrt=("x", "a"))
    blocks = s2sad.hessian(chain, wrt=("x", "a"))(X, A)
    (hx, ha), (gx, ga) = h(X, A, (V, 0.5)), h(X, A, (U, -2.0))
    assert np.allclose(hx, blocks[0][0] @ V + 0.5 * blocks[0][1], rtol=1e-13)
    assert np.allclose(ha, blocks[1][0] @ V + 0.5 * blocks[1][1], rtol=1e-13)
    assert np.isclose(U @ hx - 2.0 * ha, V @ gx + 0.5 * ga, rtol=1e-13)      # symmetry
    only = h(X, A, (None, 1.0))
    assert np.allclose(only[0], blocks[0][1]) and np.isclose(only[1], blocks[1][1])


def test_third_derivatives_by_a_jacobian_of_a_hessian():
    def cubic(x):
        return x[0] * x[0] * x[1] + 2.0 * x[1] * x[1] * x[1]
    found = run(s2sad.jacobian(s2sad.hessian(cubic), mode="forward"), np.array([1.5, -0.5]))
    wanted = np.zeros((2, 2, 2))
    wanted[0, 0, 1] = wanted[0, 1, 0] = wanted[1, 0, 0] = 2.0
    wanted[1, 1, 1] = 12.0
    assert np.array_equal(found, wanted)


def with_a_singular_part(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += np.sqrt(x[i]) * x[i] * x[i] if x[i] > 0.0 else x[i] ** 3
        s += 0.0 * np.sqrt(x[i] * x[i])
    return s


def test_strong_zeros_in_second_derivatives():
    # Plain products are tried first: at zero they give a NaN, and the strong zeros decide.
    x, v = np.array([1.0, 0.0, -1.0]), np.array([1.0, 2.0, 3.0])
    wanted = np.array([15 / 4, 0.0, -6.0])
    assert np.allclose(s2sad.hvp(with_a_singular_part)(x, v), wanted * v, rtol=1e-14)
    assert np.allclose(s2sad.hessian(with_a_singular_part)(x), np.diag(wanted), rtol=1e-14)
    assert np.allclose(run(s2sad.hessian(with_a_singular_part), x), np.diag(wanted), rtol=1e-14)
