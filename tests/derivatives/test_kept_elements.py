"""Elements that stay in their array are not taped, and results are read back from there; all else still is."""
import numpy as np
import pytest

from s2sad import numeric
from tests.derivatives.test_loop_order import assert_right
from tests.execution import copied, execute, generate

X = np.array([0.3, 1.2, -0.7, 0.9, 1.1])
A = np.sin(np.arange(1.0, 26.0)).reshape(5, 5) + 3.0 * np.eye(5)


def lu(x):
    m = x.copy()
    n = m.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            m[i, k] /= m[k, k]
            for j in range(k + 1, n):
                m[i, j] -= m[i, k] * m[k, j]
    return m[n - 1, n - 1] * m[1, 0]


def backwards(x):
    y = x.copy()
    for i in range(x.size - 2, -1, -1):
        y[i] = y[i] / y[i + 1]
    return y[0]


def roots(x):
    y = np.empty(x.size)
    for i in range(x.size):
        y[i] = np.exp(np.sqrt(2.0 + x[i]))
    return np.sum(y * y)


@pytest.mark.parametrize("f, x", [(lu, A), (backwards, X), (roots, X)])
def test_no_tape(f, x):
    assert "tape" not in generate(f, (x,), "grad", ("x",)).source
    assert_right(f, x)


def overwritten_afterwards(x):
    y = np.empty(x.size)
    for i in range(x.size):
        y[i] = np.exp(x[i])
    s = np.sum(y * y)
    y[2] = 3.0
    return s + y[2]


def overwritten_under_a_condition(x):
    y = np.empty(x.size)
    for i in range(x.size):
        y[i] = np.exp(x[i])
        if i % 2 == 1:
            y[i - 1] = y[i] * 2.0
    return np.sum(y * y)


def overwritten_from_the_end(x):
    y = x.copy()
    for i in range(x.size):
        y[i] = np.exp(x[i]) * y[i]
        y[i - 1] = y[i] * y[i]                  # at first the last
    return np.sum(y)


def index_is_made_later(x):
    y = x.copy()
    for i in range(x.size - 2):
        y[i + 1] = 0.5 * x[i] / (1.3 + y[i + 2] ** 2)
    return np.sum(y * y)


def counter_changes(x):
    y = x.copy()
    for i in range(x.size):
        y[i] = np.exp(y[i])
        i = 0
        y[i] = y[i] * x[1]
    return np.sum(y)


def the_same_twice(x):
    y = np.empty(x.size)
    for _ in range(2):
        for i in range(x.size):
            y[i] = np.exp(x[i] * (1.0 + y[0] if i > 0 else 0.1))
    return np.sum(y * y)


def swapped(x):
    a = x.copy()
    b = np.zeros(x.size)
    for _ in range(3):
        for i in range(x.size):
            b[i] = np.sin(a[i])
        a, b = b, a
    return np.sum(a * b)


def made_in_the_loop(x):
    s = 0.0
    for i in range(x.size):
        y = np.empty(2)
        y[0] = np.exp(x[i])
        y[1] = np.sqrt(y[0] + 2.0)
        s += y[0] * y[1]
    return s


def by_a_table(x):
    at = np.array([0, 1, 1, 3, 0])
    y = np.ones(x.size)
    for i in range(x.size):
        y[at[i]] = np.exp(x[i] * y[at[i]])
    return np.sum(y * y)


def steps_of_two(x):
    y = x.copy()
    for i in range(0, x.size - 2, 2):
        y[i + 2] = y[i + 2] * y[i] + y[i + 1] * y[i + 1]
    for i in range(x.size - 1, 0, -2):
        y[i] = y[i] / (2.0 + y[i - 1])
    return np.sum(y * y)


OTHERS = [overwritten_afterwards, overwritten_under_a_condition, overwritten_from_the_end, index_is_made_later,
          counter_changes, the_same_twice, swapped, made_in_the_loop, by_a_table, steps_of_two]


@pytest.mark.parametrize("f", OTHERS)
def test_what_may_be_overwritten(f):
    assert_right(f, X)


@pytest.mark.parametrize("f", [lu, backwards, roots, *OTHERS])
def test_pulled_back_twice(f):
    x = A if f is lu else X
    made = generate(f, (x,), "vjp", ("x",))
    names = execute(made)
    value, saved = names[made.entries[0]](*copied((x,)))
    expected = numeric.gradient(f, (x,), wrt=("x",), method="complex-step").value[0]
    for weight in (1.0, -2.0):
        found, = names[made.entries[1]](saved, (weight,))
        assert np.allclose(found, weight * expected, rtol=1e-13, atol=1e-13)


def narrowed(x):
    y = np.empty(x.size, np.float32)
    s = 0.0
    for i in range(x.size):
        e = np.exp(x[i])
        s += e * e
        y[i] = e
    return s


def test_a_narrower_array_does_not_keep_a_result():
    made = generate(narrowed, (X,), "grad", ("x",))
    found = execute(made)[made.name](X.copy())
    assert np.allclose(found, 2.0 * np.exp(2.0 * X), rtol=1e-15, atol=0.0)
