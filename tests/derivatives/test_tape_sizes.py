"""Tapes of nested loops have their exact size where it can be counted beforehand, and grow where it cannot."""
import numpy as np
import pytest

from tests.derivatives.test_loop_order import assert_right
from tests.execution import execute, generate

X = np.array([0.3, 1.2, -0.7, 0.9, 1.1])


def triangle(x):
    y = 1.0
    for i in range(x.size):
        for j in range(i):
            y = y * np.sin(x[j]) + x[i]
    return y


def falling_triangle_with_steps(x):
    y = 1.0
    for i in range(x.size - 1, -1, -1):
        for j in range(x.size, i, -2):
            y = y * np.sin(x[j - 1]) + x[i]
    return y


def rectangle_in_a_triangle(x):
    y = 1.0
    for i in range(x.size):
        m = x.size - i
        for j in range(1, m):
            for k in range(3):
                y = y * np.sin(x[j]) + x[k]
    return y


def three_deep(x):
    y = 1.0
    for i in range(x.size):
        for j in range(i):
            for k in range(j, i + 1):
                y = 0.5 * y * np.sin(x[k]) + x[j]
    return y


def under_a_condition(x):
    y = 1.0
    for i in range(x.size):
        for j in range(i - 2):
            if x[i] > 0.0:
                y = y * np.sin(x[j]) + x[i]
    return y


def negative_bounds(x):
    y = 1.0
    for i in range(3):
        for j in range(i - 5, i - 3):
            y = y * np.sin(x[j]) + x[i]
        for j in range(i, i - 4):
            y = y * y
    return y


@pytest.mark.parametrize("f", [triangle, falling_triangle_with_steps, rectangle_in_a_triangle, three_deep,
                               under_a_condition, negative_bounds])
def test_exact(f):
    source = generate(f, (X,), "grad", ("x",)).source
    assert "np.empty(" in source and "grown(" not in source, source
    assert_right(f, X)


def bound_changes(x):
    y = 1.0
    m = 1
    for _ in range(4):
        for j in range(m):
            y = y * np.sin(x[j]) + x[0]
        m += 1
    return y


def left_early(x):
    y = 1.0
    for i in range(x.size):
        for j in range(i):
            y = y * np.sin(x[j]) + x[i]
            if y > 2.0:
                break
    return y


def in_a_while(x):
    y = 1.0
    k = 0
    while k < 3:
        for j in range(k):
            y = y * np.sin(x[j]) + x[k]
        k += 1
    return y


def bound_from_values(x):
    y = 1.0
    for i in range(x.size):
        for j in range(int(abs(x[i]) * 3.0)):
            y = y * np.sin(x[j]) + x[i]
    return y


def table_changes(x):
    counts = np.array([1, 2, 0, 3, 1])
    y = 1.0
    for i in range(x.size - 1):
        for j in range(counts[i]):
            y = y * np.sin(x[j]) + x[i]
        counts[i + 1] = i
    return y


def counter_changes(x):
    y = 1.0
    for i in range(x.size):
        i = i // 2
        for j in range(i):
            y = y * np.sin(x[j]) + x[i]
    return y


@pytest.mark.parametrize("f", [bound_changes, left_early, in_a_while, bound_from_values, table_changes,
                               counter_changes])
def test_growing(f):
    assert_right(f, X)


def test_no_bound_is_read_that_the_primal_does_not_come_to():
    def rows(x, starts):
        y = 1.0
        for i in range(10):
            if i >= starts.shape[0] - 1:
                raise ValueError("too few rows")
            for k in range(starts[i], starts[i + 1]):
                y = y * np.sin(x[k]) + x[i]
        return y

    starts = np.array([0, 2, 2, 5])
    made = generate(rows, (X, starts), "grad", ("x",))
    with pytest.raises(ValueError, match="too few rows"):
        execute(made)[made.name](X, starts)


def test_rows_of_a_sparse_matrix():
    """Where the bounds are read from an argument that nothing writes, they can be read beforehand."""
    def rows(x, starts):
        y = 1.0
        for i in range(starts.shape[0] - 1):
            for k in range(starts[i], starts[i + 1]):
                y = y * np.sin(x[k]) + x[i]
        return y

    starts = np.array([0, 2, 2, 5])
    assert "grown(" not in generate(rows, (X, starts), "grad", ("x",)).source
    assert_right(rows, X, starts)
