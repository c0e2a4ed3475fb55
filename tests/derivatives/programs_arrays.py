"""Programs that write into arrays, or make them in loops. They add themselves to ``CASES``."""
import math

import numpy as np

from tests.derivatives.programs import W, X, Y, case

# ---------------------------------------------------------------- arrays in place

@case(X)
def argument_squared_in_place(x):
    x[0] = x[0] * x[0]
    return x[0] * 3.0


@case(X)
def prefix_products(x):
    y = np.zeros(4)
    for i in range(4):
        y[i] = x[i] * x[i]
    for i in range(1, 4):
        y[i] = y[i] + y[i - 1] * y[i]
    return y[3]


@case(X)
def view_written(x):
    y = np.zeros(4)
    v = y[1:3]
    for i in range(2):
        v[i] = x[i] * x[i + 1]
    v *= 2.0
    return y[1] * y[2]


@case(X)
def scatter(x):
    y = np.zeros(2)
    for i in range(4):
        y[i % 2] += x[i] * x[i]
    return y[0] * y[1]


@case(X)
def overwritten_many_times(x):
    y = np.ones(2)
    for i in range(4):
        y[0] = y[0] * x[i] + y[1]
        y[1] = y[0] * y[0] * 0.1
    return y[0] + y[1]


@case(X, Y, wrt=("x", "y"))
def swapped_buffers(x, y):
    a = x.copy()
    b = y.copy()
    for t in range(3):
        for i in range(4):
            b[i] = a[i] * a[(i + 1) % 4] + 0.1 * b[i]
        a, b = b, a
    return a[0] * a[1] + b[2]


@case(X, Y, wrt=("x", "y"))
def swapped_arguments(x, y):
    for t in range(3):
        for i in range(4):
            y[i] = x[i] * x[(i + 1) % 4] + 0.1 * y[i]
        x, y = y, x
    return x[0] * x[1] + y[2]


@case(X, Y, wrt=("x", "y"))
def swapped_once(x, y):
    x, y = y, x
    x[0] = x[0] * y[1]
    return x[0] * x[0] + y[1] * y[2]


@case(X)
def negative_indices(x):
    y = x.copy()
    v = y[1:4]
    v[-1] = v[-2] * x[-1]
    y[-4] = y[-1] * y[0]
    return y[0] * v[0] + v[-1] ** 2


@case(X)
def reversed_view(x):
    y = np.empty(4)
    r = y[::-1]
    for i in range(4):
        r[i] = x[i] * (i + 1)
    return y[0] * x[0] + r[1] * y[1]


@case(X)
def strided_view(x):
    y = np.zeros(4)
    y[::2] = x[:2] * x[2:]
    y[1::2] = y[::2] + x[::2]
    return np.sum(y * y)


@case(X)
def overlapping_up(x):
    y = x.copy()
    y[1:] = y[:-1] * x[1:]
    return np.sum(y * x)


@case(X)
def overlapping_down(x):
    y = x.copy()
    y[:-1] = y[1:] * y[:-1]
    return np.sum(y * y * y)


@case(X)
def in_place_operators(x):
    y = x.copy()
    y += x[::-1] * y
    y *= 2.0
    y[1:] -= 2.0 * y[:-1]
    y /= 1.0 + x * x
    return np.sum(y ** 2)


@case(X)
def rebound_in_a_loop(x):
    y = x
    for i in range(3):
        y = y * x + 0.1 * y
    return np.sum(y)


@case(X)
def parameter_rebound(x):
    for i in range(3):
        x = np.sin(x) * x
    return np.sum(x * x)


@case(X)
def scratch_in_loop(x):
    s = 0.0
    for i in range(4):
        t = np.empty(3)
        for j in range(3):
            t[j] = x[i] * x[j]
        for j in range(1, 3):
            t[j] = t[j] * t[j - 1]
        s += t[2] * t[1]
    return s


@case(X)
def zeroed_scratch(x):
    s = 0.0
    for i in range(4):
        t = np.zeros(4)
        for j in range(i + 1):
            t[j] += x[j] * x[i]
        for j in range(4):
            s += t[j] * t[j] * t[3 - j]
    return s


@case(X, W, wrt=("x", "w"))
def rows_and_columns(x, w):
    a = w.copy()
    for i in range(3):
        row = a[i]
        row[1] = row[0] * x[i]
        a[i, 2:] = a[i, :2] * x[:2]
    a[:, 0] = a[:, 1] * a[:, 3]
    return np.sum(a * a[:, ::-1]) + np.sum(a[1] * x)


@case(X, W, wrt=("x", "w"))
def broadcasting(x, w):
    a = w * x
    b = a - a[:, 0:1]
    c = np.exp(-b * b) * np.sin(x)
    return np.sum(c * a) + np.sum(c[0])


@case(X, W, wrt=("x", "w"))
def new_axes(x, w):
    a = x[:3, np.newaxis] * w
    return np.sum(a * a)


@case(X, W, wrt=("x", "w"))
def products(x, w):
    h = np.dot(w, x)
    g = w @ w.T
    s = np.dot(h, g)
    return np.sum(s * h) + x @ x + np.sum(np.dot(x, w.T))


@case(X, W, wrt=("x", "w"))
def products_in_a_loop(x, w):
    y = x.copy()
    for i in range(3):
        h = np.dot(w, y)
        h = h * h * 0.1
        y = np.dot(h, w) + x
    return np.sum(y * y)


@case(X, W, wrt=("x", "w"))
def transposed(x, w):
    t = w.T
    a = t.copy()
    a[0] = t[1] * t[2]
    return np.sum(a * t) * x[0]


@case(np.asfortranarray(W), wrt=("x",))
def fortran_order(x):
    y = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j] * x[i, j - 1]
    return np.sum(y * x)


@case(np.arange(16.0)[::4] * 0.1 + 0.3, wrt=("x",))
def strided_argument(x):
    y = x * x
    x[1] = y[0] * x[1]
    return np.sum(x * y)


@case(np.arange(24.0).reshape(2, 3, 4) * 0.05, wrt=("x",))
def three_axes(x):
    y = np.empty((4, 2))
    for k in range(4):
        for i in range(2):
            y[k, i] = 0.0
            for j in range(x.shape[1]):
                y[k, i] += x[i, j, k] * x[i, 2 - j, k]
    return np.sum(y * y) + np.sum(x[1, :, 2] * x[0, :, 1])


# ---------------------------------------------------------------- array code in loops

@case(X, Y, wrt=("x", "y"))
def fresh_array_in_a_loop(x, y):
    s = 0.0
    for t in range(3):
        z = x * y + t
        s += np.sum(z * z) * z[0]
    return s


@case(X[:3], W, Y, wrt=("x", "w", "b"))
def gradient_descent(x, w, b):
    p = w.T.copy()
    for t in range(3):
        r = b - p @ x
        x = x + 0.1 * np.dot(r, p) * r[0]
    return np.sum(x * x)


@case(np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]), wrt=("a",))
def cholesky_by_rows(a):
    n = a.shape[0]
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            low[i, j] = (a[i, j] - np.dot(low[i, :j], low[j, :j])) / low[j, j]
        low[i, i] = math.sqrt(a[i, i] - np.dot(low[i, :i], low[i, :i]))
    return np.sum(low * low * low)


@case(np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]), wrt=("a",))
def elimination_by_slices(a):
    u = a.copy()
    n = u.shape[0]
    for k in range(n):
        u[k + 1:, k] /= u[k, k]
        for i in range(k + 1, n):
            u[i, k + 1:] = u[i, k + 1:] - u[i, k] * u[k, k + 1:]
    return np.sum(u * u)


@case(X, 0, 0.0)
@case(X, 1, 1.0)
def array_on_one_path(x, k, c):
    if c > 0:
        y = x[k:] * x[0]
    s = x[0] * x[1]
    if c > 0:
        s += y[0] * y[1]
    return s


@case(X)
def leaves_at_once(x):
    s = 0.0
    for k in range(3):
        s += x[k] * x[0]
        if True:
            break
        s += x[k + 1]
    while True:
        s = s * x[1]
        break
    return s


@case(X, Y, wrt=("x", "y"))
def swapped_but_unused(x, y):
    s = x[0] * y[1]
    a = np.zeros_like(x)
    for k in range(3):
        if x[k] > 1.0:
            x, a = a, x
    return s * y[0]


def scaled_into(v, out=None, scale=1.0):
    if out is None:
        return v * scale
    out[0] = v * scale
    return out[0]


@case(X)
def absent_argument_ends_the_helper(x):
    return scaled_into(x[0]) + scaled_into(x[1], scale=x[2]) + scaled_into(x[3], x, x[0]) * x[0]
