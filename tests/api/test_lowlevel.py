"""``tangent`` and ``adjoint``: numba dispatchers, shadows, seeds."""
from __future__ import annotations

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import s2sad
from tests.api.programs import fill, scale, weighted

X = np.array([1.0, 2.0, 3.0])


def test_from_python():
    t = s2sad.tangent(weighted, wrt=("x", "a"))
    assert isinstance(t, Dispatcher) and t.__name__ == "weighted_tangent"
    assert t(X, np.ones(3), 2.0, 1) == (28.0, 38.0)
    a = s2sad.adjoint(weighted, wrt=("a", "x"))
    b_x = np.ones(3)
    assert a(X, b_x, 2.0, 1.0) == 14.0
    # Shadows of what is not written accumulate.
    assert np.array_equal(b_x, 1.0 + 4.0 * X)
    assert s2sad.adjoint(weighted)(X, b_x, 2.0, 0.0) is None


def test_from_compiled_code():
    a = s2sad.adjoint(weighted, wrt=("x", "a"), value=True)
    t = s2sad.tangent(weighted, wrt="a")

    @numba.njit
    def both(x):
        b_x = np.zeros_like(x)
        value, b_a = a(x, b_x, 2.0, 1)
        return value, b_a, b_x, t(x, 2.0, 1.0)

    value, b_a, b_x, (again, d) = both(X)
    assert (value, b_a, again, d) == (28.0, 14.0, 28.0, 14.0) and np.array_equal(b_x, 4.0 * X)


def test_what_is_written_with_values_that_depend_on_wrt_is_active():
    y, d_y = X.copy(), np.zeros(3)
    assert s2sad.tangent(scale, wrt="a")(y, d_y, 2.0, 1.0) is None
    assert np.array_equal(y, 4.0 * X) and np.array_equal(d_y, 4.0 * X)
    b_y = np.ones(3)
    b_a = s2sad.adjoint(scale, wrt="a")(X.copy(), b_y, 2.0)
    assert b_a == 2 * 2.0 * X.sum() and np.array_equal(b_y, 4.0 * np.ones(3))
    # Two arrays of one type, of which only one by one has a shadow.
    out, b_out, b_x = np.ones(3), np.ones(3), np.zeros(3)
    s2sad.adjoint(fill, wrt="x")(out, b_out, X, b_x, 3, 0.0)
    assert np.array_equal(b_x, np.ones(3)) and np.array_equal(b_out, X)


def test_arguments_that_do_not_fit():
    a = s2sad.adjoint(weighted, wrt=("x", "a"))
    for args in ((X, 2.0, 1.0), (X, np.zeros(3), 2.0), (X, np.zeros((3, 1)), 2.0, 1.0), (X, np.zeros(6)[::2], 2.0, 1.0),
                 (X, np.zeros(3), 2.0, 1.0, 1.0)):
        with pytest.raises(s2sad.BadCall, match="do not fit"):
            a(*args)
    with pytest.raises(s2sad.BadCall, match=r"scale_adjoint\(y, b_y, a\)"):
        s2sad.adjoint(scale, wrt="a")(X, 2.0)
    with pytest.raises(s2sad.BadCall, match="int64"):
        s2sad.tangent(weighted, wrt="a")(X, 2, 1)
