"""Which loops of the reverse sweep are split by the offset of what they scatter to, and that the others are not."""
import numpy as np
import pytest

from tests.derivatives.test_loop_order import assert_right, reverse_loops

X = np.array([0.3, 1.2, -0.7, 0.9, 1.6, 0.4, -1.1])
A = np.sin(np.arange(1.0, 31.0)).reshape(5, 6)


def neighbours(x):
    y = np.zeros(x.size)
    for i in range(x.size - 1):
        y[i] = 0.5 * (x[i + 1] - x[i])
    s = 0.0
    for i in range(y.size):
        s += y[i] ** 3
    return s


def double_buffer(x):
    u = x.copy()
    v = x.copy()
    for _ in range(3):
        for i in range(1, x.shape[0] - 1):
            for j in range(1, x.shape[1] - 1):
                v[i, j] = u[i, j] + 0.1 * (u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j])
        u, v = v, u
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += u[i, j] ** 2 * (i + j)
    return s


def staggered(x):
    e = x.copy()
    h = x * 0.5
    for _ in range(2):
        for i in range(x.shape[0]):
            for j in range(1, x.shape[1]):
                e[i, j] -= 0.3 * (h[i, j] - h[i, j - 1])
        for i in range(x.shape[0]):
            for j in range(x.shape[1] - 1):
                h[i, j] -= 0.2 * (e[i, j + 1] - e[i, j])
    return np.sum(h * h * h)


def in_one_row_of_two(x):
    y = np.zeros((2, x.size))
    for i in range(1, x.size - 1):
        y[1, i] = 2.0 * x[i - 1] - x[i] + 0.5 * x[i + 1]
    return np.sum(y[1] ** 3)


@pytest.mark.parametrize("f, x, loops", [(neighbours, X, 3), (double_buffer, A, 8), (staggered, A, 8),
                                         (in_one_row_of_two, X, 4)])
def test_split(f, x, loops):
    assert len([r for r in reverse_loops(f, x)]) >= loops
    assert_right(f, x)


def gauss_seidel(x):
    u = x.copy()
    for i in range(1, x.size - 1):
        u[i] = 0.5 * (u[i - 1] + u[i + 1])      # what is scattered to is read in the next iteration
    return np.sum(u ** 3)


def shifted_in_place(x):
    u = x.copy()
    for i in range(x.size - 1):
        u[i] += 0.5 * u[i + 1]
    return np.sum(u ** 3)


def from_the_end(x):
    y = np.zeros(x.size)
    for i in range(x.size):
        y[i] = 0.5 * (x[i] - x[i - 1])          # periodic: -1 is the last
    return np.sum(y ** 3)


def much_to_do_again(x):
    s = 0.0
    for i in range(x.size - 1):
        a = x[i + 1] - x[i] * x[i]
        s += 100.0 * a * a + (1.0 - x[i]) ** 2
    return s


def by_a_table(x):
    at = np.array([2, 0, 1, 2, 4, 4, 1])
    y = np.zeros(x.size)
    for i in range(x.size - 1):
        y[i] = 0.5 * (x[at[i]] - x[i + 1])
    return np.sum(y ** 3)


def down_a_column(x):
    y = np.zeros(x.shape)
    for j in range(x.shape[1]):
        for i in range(1, x.shape[0]):
            y[i, j] = 0.5 * (x[i, j] - x[i - 1, j])
    return np.sum(y ** 3)


@pytest.mark.parametrize("f, x", [(gauss_seidel, X), (shifted_in_place, X), (from_the_end, X), (much_to_do_again, X),
                                  (by_a_table, X), (down_a_column, A)])
def test_the_others_are_right_as_well(f, x):
    assert_right(f, x)
