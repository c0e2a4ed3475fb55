"""Loops over something else than a plain range, compiled, to second order; arrays without axes as results."""
import numba
import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.derivatives.programs import CASES, W, X
from tests.derivatives.test_programs import as_tuple, close
from tests.execution import copied, generate


@pytest.mark.parametrize("name", ["all_indices", "all_indices_until", "zipped_unequal", "without_axes"])
def test_compiled(name):
    f, args, wrt = CASES[name]
    value, gradient = s2sad.value_and_grad(f, wrt=wrt)(*copied(args))
    assert value == pytest.approx(numba.njit(f)(*copied(args)), rel=1e-13)
    want = numeric.gradient(f, copied(args), wrt=wrt if len(wrt) > 1 else wrt[0]).value
    for got, right in zip(gradient, as_tuple(want, wrt)):
        assert close(got, right, 1e-8)


def test_second_order_through_all_indices():
    def f(w):
        s = 0.0
        for i, j in np.ndindex(w.shape):
            s += w[i, j] * w[j % 3, i] ** 2
        return s

    d = np.cos(np.arange(12.0)).reshape(3, 4)
    gradient = s2sad.grad(f)
    _, found = s2sad.jvp(gradient, (W.copy(),), (d,))
    h = 1e-3
    want = (gradient(W + h * d) - gradient(W - h * d)) / (2.0 * h)      # exact: the gradient is quadratic
    assert close(found, want, 1e-9)


def test_a_result_without_axes_is_a_number():
    def larger(x):
        return np.where(x[0] > x[1], x[0] * x[0], x[1])

    value, gradient = s2sad.value_and_grad(larger)(X.copy())
    assert value == pytest.approx(X[0] ** 2)
    assert np.array_equal(gradient, [2.0 * X[0], 0.0, 0.0, 0.0])


def test_writing_into_an_array_without_axes_is_refused():
    def f(x):
        a = np.array(x[0])
        a[()] = 2.0
        return x[0] * a[()]

    with pytest.raises(s2sad.S2sadError) as refusal:
        generate(f, (X,), "grad", ("x",))
    assert refusal.value.loc is not None and refusal.value.loc.line > 1 and refusal.value.code == "S2S011"


def test_a_range_with_step_zero_raises():
    def f(x, c):
        s = 0.0
        for i, j in enumerate(range(0, 3, c)):
            s += x[j] * i
        return s

    with pytest.raises(ValueError, match="must not be zero"):
        s2sad.grad(f)(X.copy(), 0)
