"""Which loops of the reverse sweep run upwards, and that none does whose iterations have to go backwards."""
import ast

import numpy as np
import pytest

from s2sad import numeric
from tests.execution import copied, execute, generate

X = np.array([0.3, 1.2, -0.7, 0.9, 1.6, 0.4])
A = np.arange(1.0, 13.0).reshape(3, 4) / 7.0


def reverse_loops(f, *args):
    """The ``range`` of every loop of the adjoint but the forward sweep's."""
    tree = ast.parse(generate(f, args, "grad", ("x",)).source)
    adjoint = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.endswith("_adjoint"))
    return [ast.unparse(n.iter) for n in ast.walk(adjoint) if isinstance(n, ast.For)]


def stencil(x):
    s = 0.0
    for i in range(1, x.size - 1):
        s += (x[i + 1] - 2.0 * x[i] + x[i - 1]) * x[i] ** 2
    return s


def with_a_local_array_in_each_row(x):
    s = 0.0
    for i in range(x.shape[0]):
        t = 0.0
        for j in range(x.shape[1]):
            t += x[i, j] * x[i, j]
        s += t * t
    return s


def with_sums(x):
    s = 0.0
    for i in range(x.size):
        s += x[i] * x[0]
    return s


@pytest.mark.parametrize("f, x", [(stencil, X), (with_a_local_array_in_each_row, A), (with_sums, X)])
def test_independent_iterations_run_upwards(f, x):
    loops = reverse_loops(f, x)
    assert loops and not any("-1" in r for r in loops), loops
    assert_right(f, x)


def test_the_higher_element_is_first():
    lines = [line.strip() for line in generate(stencil, (X,), "grad", ("x",)).source.splitlines() if "b_x[" in line]
    assert [line.split("]")[0] for line in lines] == ["b_x[i + 1", "b_x[i", "b_x[i - 1"]


def recurrence(x):
    s = 0.5
    for i in range(x.size):
        s = s * x[i] + 1.0
    return s


def through_an_array(x):
    y = x.copy()
    for i in range(1, x.size):
        y[i] = y[i] * y[i - 1]
    return y[-1]


def last_value_is_used(x):
    t = 0.0
    s = 0.0
    for i in range(x.size):
        t = x[i] * x[i]
        s += t
    return s * t


def in_place_from_below(x):
    y = x.copy()
    for i in range(-1, x.size - 1):
        y[i] = y[i] * 2.0 + y[i] * y[i]
    return y[0] + y[-1] * y[1]


def one_row_of_another(x):
    y = x.copy()
    for i in range(1, y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] *= y[i - 1, j]
    return np.sum(y)


def swapped(x):
    a = x.copy()
    b = np.zeros_like(x)
    for t in range(3):
        for i in range(x.size):
            b[i] = a[i] * a[i] * 0.5
        a, b = b, a
    return np.sum(a)


@pytest.mark.parametrize("f, x", [(recurrence, X), (through_an_array, X), (last_value_is_used, X),
                                  (in_place_from_below, X), (one_row_of_another, A), (swapped, X)])
def test_dependent_iterations_go_backwards(f, x):
    if f in (recurrence, through_an_array, one_row_of_another, swapped):
        assert any("-1, -1)" in r or ", 0, -1)" in r for r in reverse_loops(f, x)), reverse_loops(f, x)
    assert_right(f, x)


def assert_right(f, *args):
    made = generate(f, args, "grad", ("x",))
    found = execute(made)[made.name](*copied(args))
    expected = numeric.gradient(f, args, wrt=("x",), method="complex-step").value[0]
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)
