"""Programs as users of numba write them, each a trap. ``CASES``: name -> (function, arguments, wrt)."""
import math

import numpy as np

SCALE = math.sqrt(2.0)
X = np.array([1.3, 0.7, 1.7, 0.4])
Y = np.array([0.3, -0.6, 0.9, 1.1])
W = np.array([[0.2, -0.4, 0.6, 0.1], [0.9, 0.3, -0.5, 0.8], [-0.7, 0.5, 0.4, 0.3]])

CASES = {}


def case(*args, wrt=("x",)):
    def add(f):
        name = f.__name__ if f.__name__ not in CASES else f"{f.__name__}_{len(CASES)}"
        CASES[name] = (f, args, wrt)
        return f
    return add


# ---------------------------------------------------------------- loops and branches

@case(X, 0)
@case(X, 1)
@case(X, 3)
def power_by_loop(x, n):
    p = 1.0
    for i in range(n):
        p = p * x[0]
    return p


@case(X, 3)
def power_by_while(x, n):
    p = 1.0
    i = 0
    while i < n:
        p = p * x[0]
        i += 1
    return p


@case(X)
def halving(x):
    a = x[0] * 10.0
    while a > 0.1:
        a = a * 0.5 * x[1]
    return a


@case(X, 4)
def leaves_by_count(x, n):
    p = 1.0
    for i in range(10):
        if i == n:
            break
        p = p * x[0]
    return p


@case(X)
def leaves_by_value(x):
    p = 1.0
    for i in range(10):
        p = p * x[0]
        if p > 5.0:
            break
    return p


@case(X, 2)
def skips(x, n):
    s = 0.0
    for i in range(4):
        if i == n:
            continue
        s = s + x[i] * x[i]
    return s * s


@case(X, 3)
def fibonacci_like(x, n):
    a = x[0]
    b = x[1]
    for i in range(n):
        a, b = b, a + b * b
    return a


@case(X)
@case(np.array([1.3, 1.7, 0.2, 0.1]))
@case(np.array([1.0, 1.1, 1.2, 1.3]))
def returns_early(x):
    for i in range(4):
        if x[i] > 1.5:
            return x[i] * x[i] * x[0]
    return x[0]


@case(X, 3)
def triangle(x, n):
    s = 0.0
    a = x[0]
    for i in range(n):
        for j in range(i + 1):
            a = a * x[1]
        s = s + a
    return s


@case(X)
def strides_down(x):
    s = 0.0
    for i in range(3, -1, -2):
        s = s * x[i] + x[i]
    return s


@case(X, 1, 4, 2)
@case(X, 3, 0, -1)
@case(X, 2, 2, 1)
@case(X, 3, -1, -3)
def any_range(x, a, b, c):
    p = 1.5
    for i in range(a, b, c):
        p = p * x[i] + p
    return p


@case(X)
def both_operands(x):
    if x[0] > 0.0 and 1.0 / x[0] < 10.0:
        return x[0] * x[1]
    return x[1]


@case(X)
def predicate_overwritten(x):
    a = x[0]
    for i in range(3):
        if a > 1.0:
            a = a * 0.3
        else:
            a = a + x[i] * a
    return a * a


@case(X)
def flag_overwritten(x):
    up = True
    a = x[0]
    for i in range(4):
        if up:
            a = a * x[i]
            up = a < 1.0
        else:
            a = a + x[i] * x[i]
            up = True
    return a * a


@case(X, 4)
def bound_overwritten(x, n):
    p = 1.0
    for i in range(n):
        n = n - 1
        p = p * x[i] * n + x[0]
    return p * p


@case(X)
def counter_after_loop(x):
    p = 1.0
    for i in range(3):
        p = p * x[i]
    return p * x[i] * i


@case(X)
def counter_assigned(x):
    p = 1.0
    for i in range(3):
        p = p * x[i]
        i = i + 1
        p = p + x[i] * p
    return p


@case(X)
def defined_on_one_path(x):
    s = 0.0
    for i in range(4):
        if x[i] > 0.5:
            t = x[i] * x[i]
        else:
            t = x[i] * 3.0
        s = s + t * t
    return s


@case(X)
def last_value_used(x):
    t = 0.0
    for i in range(4):
        if x[i] > 0.5:
            t = x[i] * x[i]
    return t * t * x[0]


@case(X)
def loops_with_exits_inside_loops(x):
    s = 0.0
    for i in range(4):
        a = x[i]
        for j in range(5):
            a = a * x[1] + 0.1
            if a < 0.5:
                break
            if a > 2.0:
                continue
            s = s + a * a
        else:
            s = s * 0.5
        if s > 3.0:
            break
    return s * a


@case(X)
def while_in_loop(x):
    s = 0.0
    for i in range(4):
        a = x[i] + 2.0
        k = 0
        while a > 1.0:
            a = a * x[1] * 0.9
            k += 1
        s += a * a * k
    return s


@case(X)
def return_from_the_depth(x):
    s = 1.0
    for i in range(4):
        for j in range(i + 1):
            s = s * (x[j] + 0.5)
            if s > 4.0:
                return s * x[i]
            while s > 2.5:
                s = s - x[0] * 0.5
                if s < 1.9:
                    return s * s
    return s


@case(X)
def ternaries(x):
    a = x[0] if x[1] > 0.5 else x[2]
    b = (x[2] if a > x[3] else x[3]) * a
    return b * (a if b > 0 else 1.0)


@case(X)
def chained(x):
    s = 0.0
    for i in range(4):
        if 0.5 < x[i] * x[i] < 2.0:
            s += x[i] ** 3
        elif not x[i] < 1.0 or x[0] < 0:
            s -= x[i] ** 2
    return s


@case(X)
def newton(x):
    e = x[3]
    m = x[0]
    big = m
    while True:
        d = (big - e * math.sin(big) - m) / (1.0 - e * math.cos(big))
        big -= d
        if abs(d) < 1e-13:
            break
    return big


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
