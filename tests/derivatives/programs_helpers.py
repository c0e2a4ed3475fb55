"""Programs with helpers and other types, and what optimisations must see. They add themselves to ``CASES``."""
import math

import numpy as np

from tests.derivatives.programs import SCALE, W, X, Y, case

# ---------------------------------------------------------------- functions, tuples, types

def fill(out, x, k):
    for i in range(out.shape[0]):
        out[i] = x[i] * x[i] * k


def bump(x, by=2.0, *, times=1):
    for i in range(times):
        x[0] = x[0] * by
    return x[0]


def pair(a, b):
    if a > b:
        return a * b, a
    return b, a * a


@case(X)
def helper_fills(x):
    y = np.empty(4)
    fill(y, x, 2.0)
    fill(y, y, x[0])
    return np.sum(y)


@case(X)
def helper_mutates(x):
    a = bump(x) * bump(x, x[1], times=2)
    return a * x[0]


@case(X)
def helper_returns_a_pair(x):
    p, q = pair(x[0], x[1])
    t = pair(q, p)
    return p * t[0] + q * t[1]


@case(X)
def helper_shadows_names(x):
    a = x[0]
    b = x[1]
    c, d = pair(b, a)
    return a * b + c * d


@case(X, 3)
def scalar_parameter_changed(x, n):
    while n > 0:
        s = x[0] * n  # noqa: F841
        n -= 1
    return x[0] * n + x[1] * SCALE


@case(0.7, 1.9, wrt=("x", "y"))
def scalars(x, y):
    x = x * y
    y = x ** y
    x, y = y, x * math.log(y)
    return math.sin(x) / y + math.sqrt(abs(x * y)) + max(x, y) * min(x, 1.0)


@case(1.3, 2, wrt=("x",))
def integers(x, k):
    n = k * 3 // 2
    s = 0.0
    for i in range(n):
        s += x ** i / (i + 1) + i % 2 * x
    return s * (n - 7) / 3


@case(X, wrt=("x",))
def branch_reads_overwritten_array(x):
    y = x.copy()
    for i in range(4):
        if y[i] > 0.8:
            y[i] = y[i] * 0.2
            y[(i + 1) % 4] += y[i] * x[0]
        y[i] = y[i] * y[i]
    return np.sum(y)


@case(X, wrt=("x",))
def index_array_overwritten(x):
    p = np.zeros(4, np.int64)
    y = np.zeros(4)
    for t in range(3):
        for i in range(4):
            p[i] = (i * (t + 1)) % 4
        for i in range(4):
            y[p[i]] += x[i] * y[i] + x[p[i]]
    return np.sum(y * y)


@case(X, wrt=("x",))
def result_used_and_overwritten(x):
    a = x[0]
    a = math.exp(a)
    a = math.exp(-a) * a
    for i in range(3):
        a = math.tanh(a + x[i])
        a = math.sqrt(a * a + 1.0)
    return a


@case(X, wrt=("x",))
def empty_slices(x):
    y = x[2:2] * 2.0
    return np.sum(y) + x[0] * x[1] + np.sum(x[3:1])


@case(np.zeros(0), wrt=("x",))
def empty_argument(x):
    s = 1.0
    for i in range(x.shape[0]):
        s *= x[i]
    return s + np.sum(x * x)


@case(np.array([0.8]), Y, wrt=("x", "y"))
def extent_one(x, y):
    a = x * y
    y[:] = y * x
    return np.sum(a * y)


@case(X, W, wrt=("x", "w"))
def selections(x, w):
    a = np.where(w > 0.25, np.sqrt(np.abs(w)), w * x)
    b = np.clip(a * x, -0.3, 0.9) + np.maximum(w, x) * np.minimum(a, 0.45)
    return np.sum(b * b)


# ---------------------------------------------------------------- what optimisations must see

@case(X, W, wrt=("x", "w"))
def product_overwritten(x, w):
    y = np.dot(w, x)
    for i in range(2):
        y[i] = x[i] * 2.0
    return np.sum(y * y)


@case(X)
def copy_overwritten(x):
    y = x.copy()
    for i in range(2):
        y[i] = x[i + 1] * 2.0
    return np.sum(y * y)


@case(X)
def counter_wraps(x):
    y = np.empty(2)
    for i in range(-2, 2):
        y[i] = x[i + 2] * x[i + 2]
    return y[0] * 3.0 + y[1]


@case(X)
def elements_swapped(x):
    a = x.copy()
    a[0], a[1] = a[1] + 1, a[0] + 1
    return a[0] * a[0] + a[1] * x[2]


@case(X, 5, 0)
@case(X, 5, 3)
def never_allocated(x, n, m):
    s = x[0] * x[1]
    for t in range(m):
        if n > 6:
            y = np.zeros(n - 6)
            y[0] = x[t] * s
            s = s + y[0] * y[0]
        s = s * x[t]
    return s


@case(X, W, wrt=("x", "w"))
def row_of_the_last_iteration(x, w):
    s = 0.0
    for i in range(3):
        r = w[i]
        s += r[0] * x[i]
    return np.sum(r * r) * x[0] + s


@case(X)
def pending_across_a_loop(x):
    a, b = x[0], x[1]
    k = 0
    while k < 3:
        k += 1
        b *= math.sin(b)
    b += a
    a = 0.5 * a
    if x[0] > 100.0:
        return b
    return a * a + b


@case(X, W, wrt=("x", "w"))
def view_seen_through(x, w):
    v = w[1]
    w[1, 2] = np.dot(x, v) - x[0]
    return np.sum(v) + np.sum(w * w)


@case(1.3, 0.7, wrt=("x",))
def becomes_active(x, y):
    for i in range(3):
        x = x * y
        if x > 0.2:
            y = x * y
    return x + y


@case(1.3, 0.7, wrt=("x",))
def becomes_active_on_one_path(x, y):
    if y > 0.0:
        y = x * y
    return y * y
