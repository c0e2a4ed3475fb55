"""Sums of one element in a local variable, and counters in terms of a loop's own: where, and right in any case."""
import numpy as np
import pytest

from s2sad import numeric
from tests.derivatives.test_loop_order import assert_right, reverse_loops
from tests.execution import copied, execute, generate

X = np.array([0.3, 1.2, -0.7, 0.9, 1.6, 0.4])
A = np.sin(np.arange(1.0, 26.0)).reshape(5, 5)


def packed_triangle(x):
    s = 0.0
    at = 0
    for i in range(3):
        t = 0.0
        for j in range(i + 1, 4):
            t += x[at] * x[j]
            at += 1
        s += t * t
    return s


def packed_from_the_end(x):
    s = 0.0
    at = x.size
    for i in range(2):
        for j in range(3):
            at -= 1
            s += x[at] * x[i] * np.sin(x[j])
    return s


def matrix_vector(x):
    s = 0.0
    for i in range(x.shape[0]):
        t = 0.0
        for j in range(x.shape[1]):
            t += x[i, j] * x[0, i]
        s += t * t
    return s


def conditional(x):
    s = 0.0
    for i in range(x.size):
        for j in range(i):
            if x[j] > 0.0:
                s += x[i] * x[j] * x[j]
            else:
                s -= x[i]
    return s


def element_is_read_as_well(x):
    y = x.copy()
    for i in range(1, x.size):
        for j in range(i):
            y[0] = y[0] * y[j] + y[i]
    return np.sum(y * y)


PROGRAMS = [(packed_triangle, X), (packed_from_the_end, X), (matrix_vector, A), (conditional, X),
            (element_is_read_as_well, X)]


@pytest.mark.parametrize("f, x", PROGRAMS)
def test_right(f, x):
    assert_right(f, x)


def test_a_counter_in_terms_of_another():
    assert not any("-1" in r for r in reverse_loops(packed_triangle, X)[-1:])
    source = generate(packed_triangle, (X,), "grad", ("x",)).source
    assert "at -= " in source and "at -= 1\n" not in source, source


def test_a_local_sum():
    source = generate(matrix_vector, (A,), "grad", ("x",)).source
    inner = source[source.index("for j in"):]
    assert inner.count("b_x[0, i] +=") == 1, source


def perhaps_no_iteration(x, k, n):
    s = x[0] * x[0]
    for j in range(n):
        s += x[k] * x[j]
    return s


@pytest.mark.parametrize("k, n", [(2, 3), (100, 0), (-100, -1)])
def test_an_index_out_of_bounds_that_is_never_used(k, n):
    made = generate(perhaps_no_iteration, (X, k, n), "grad", ("x",))
    found = execute(made)[made.name](*copied((X, k, n)))
    expected = numeric.gradient(perhaps_no_iteration, (X, k, n), wrt=("x",), method="complex-step").value[0]
    assert np.allclose(found, expected, rtol=1e-14)


def only_where_it_exists(x, k):
    c = k < x.size
    if c:
        s = x[0] * x[0]
    else:
        s = 0.0
    for j in range(3):
        if c:
            s += x[k] * x[j]
    return s


@pytest.mark.parametrize("k", [2, 100])
def test_an_index_out_of_bounds_in_a_branch_that_is_not_taken(k):
    made = generate(only_where_it_exists, (X, k), "grad", ("x",))
    found = execute(made)[made.name](*copied((X, k)))
    expected = numeric.gradient(only_where_it_exists, (X, k), wrt=("x",), method="complex-step").value[0]
    assert np.allclose(found, expected, rtol=1e-14)


def single(x):
    s = np.float32(0.0)
    for i in range(2):
        for j in range(x.size):
            s += x[i] * x[j]
    return s


def test_single_precision_is_kept():
    x = X.astype(np.float32)
    made = generate(single, (x,), "grad", ("x",))
    found = execute(made)[made.name](x)
    assert found.dtype == np.float32
    assert np.allclose(found, np.where(np.arange(x.size) < 2, np.sum(X), 0.0) + X[0] + X[1], rtol=1e-5)
