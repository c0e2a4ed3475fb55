"""Programs whose names may refer to one of several arrays; they join ``CASES``."""
import math

import numpy as np

from tests.derivatives.programs import W, X, Y, case

# ---------------------------------------------------------------- one of two arrays


@case(X, 1)
@case(X, 0)
def conditional_alias_written(x, k):
    a = x * 1.0
    b = x * x
    c = a if k else b
    c[0] = c[1] * x[2]
    c[1] += a[1] * b[0]
    return np.sum(a * b) + c[3]


@case(X, 1)
@case(X, 0)
def alias_by_statements(x, k):
    a = x * 2.0
    b = np.sin(x)
    if k == 1:
        c = a
    else:
        c = b
    c[:] = c * b + a
    a[0] = 3.0 * c[1]
    return np.sum(a) + c[0] * b[2]


@case(X)
def alias_by_value(x):
    a = x * 1.0
    b = x * 2.0
    c = a
    if x[0] * x[1] > 0.5:
        c = b
    c[0] = x[1] * x[2]
    return np.sum(a * b)


@case(X, 5)
@case(X, 0)
@case(X, 1)
def linked_selection(x, n):
    a = x * 1.0
    b = x * x
    for k in range(n):
        c = a if k % 2 == 0 else b
        d = b if k % 2 == 0 else a
        c[k % 4] = c[(k + 1) % 4] * x[0] + d[k % 4]
        d[0] = d[0] * c[1]
    return np.sum(a * b)


@case(X, Y, 2, wrt=("x", "y"))
@case(X, Y, 0, wrt=("x", "y"))
@case(X, Y, 1, wrt=("x", "y"))
def three_candidates(x, y, k):
    z = x * y
    c = x if k == 0 else (y if k == 1 else z)
    c[1] = c[0] * c[2]
    c *= 1.5
    return np.sum(x * y * z) + c[1] * c[1]


@case(X, 1)
@case(X, 0)
def views_of_unequal_parts(x, k):
    a = x * x
    v = a[1:] if k else a[:-1]
    v[0] = v[1] * v[2] * x[0]
    v[-1] *= x[1]
    return np.sum(a * x)


@case(X, 1)
@case(X, 0)
def unequal_extents(x, k):
    a = x * 1.0
    b = np.zeros(7)
    for i in range(7):
        b[i] = x[i % 4] * i
    c = b if k else a[1:]
    s = 0.0
    for i in range(len(c)):
        c[i] = c[i] * c[len(c) - 1 - i] + x[0]
        s += c[i] * c[-1]
    return s + np.sum(a) + np.sum(b) + np.sum(c * c)


@case(X, W, 1, wrt=("x", "M"))
@case(X, W, 0, wrt=("x", "M"))
def row_or_vector(x, M, k):
    r = M[1] if k else x
    r[2] = r[0] * r[-1]
    r[1:] = r[:-1] * 2.0
    return np.sum(M) * np.sum(x * x) + r[1] * r[3]


@case(X, W, 1, wrt=("x", "M"))
@case(X, W, 0, wrt=("x", "M"))
@case(X, W, 2, wrt=("x", "M"))
def column_or_reversed(x, M, k):
    c = M[:, 1]
    if k == 1:
        c = x[::-1]
    elif k == 2:
        c = x[::2]
    c[0] = c[1] * c[-1]
    for i in range(c.shape[0] - 1):
        c[i + 1] += c[i] * x[0]
    return np.sum(M * M) + np.sum(x)


@case(W, 1, wrt=("M",))
@case(W, 0, wrt=("M",))
def transposed_or_not(M, k):
    A = M[:, :3]
    B = A.T if k else A
    B[0, 1] = B[1, 0] * B[2, 2]
    B[2] = B[0] * B[1]
    return np.sum(M * M * M)


@case(X, 1)
@case(X, 0)
def fresh_or_argument(x, k):
    if k:
        out = x
    else:
        out = np.zeros(4)
    for i in range(4):
        out[i] += x[i] * x[3 - i]
    return np.sum(out * out) + x[0]


def energy(v):
    return np.sum(v * v)


@case(X, Y, wrt=("x", "y"))
def best_of_two(x, y):
    best = x if energy(x) < energy(y) else y
    best[0] = best[0] * x[1] * y[1]
    best[1:] *= best[0]
    return np.sum(x) * np.sum(y)


def bumped(v, by):
    v[0] += by
    return v


def chosen(p, q, k):
    if k > 0:
        return p
    return q


@case(X, 1)
@case(X, 0)
def helper_gives_an_argument(x, k):
    a = x * 2.0
    b = x + 1.0
    c = chosen(a, b, k)
    c[1] = c[0] * c[0]
    d = bumped(chosen(b, a, k), x[3])
    d[2] = d[0] * c[1]
    return np.sum(a * b)


@case(X, 1)
@case(X, 0)
def ternary_as_argument(x, k):
    a = x * 2.0
    b = x * x
    c = bumped(a if k else b, x[0])
    bumped(b if k else a[1:], c[0])
    return np.sum(a * b * c)


# ---------------------------------------------------------------- carried from iteration to iteration

@case(X)
def before_is_another(x):
    y = x * 1.0
    z = x * 2.0
    s = 0.0
    for t in range(4):
        before = y
        if t % 2 == 1:
            y = z
        y[t] = y[t] * x[1] + before[0]
        before[1] = before[2] * y[1]
        s += before[0] * y[3]
    return s


@case(X, 3)
@case(X, 1)
@case(X, 0)
def carried_reference(x, n):
    a = x * 1.0
    b = x * x
    cur = a
    for t in range(n):
        cur[t % 4] = cur[0] * x[t]
        prev = cur
        cur = b if t == 0 else a
        prev[1] += cur[2] * x[0]
    return np.sum(a * b) + cur[0]


@case(X, 4)
@case(X, 0)
def rotation_with_a_view_alive(x, n):
    a = x * 1.0
    b = x * x
    c = np.sin(x)
    v = a[1:]
    for t in range(n):
        w = b[:-1]
        a, b, c = b, c, a
        a[0] = a[1] * v[0] + w[2] * x[0]
        v[1] = c[2] * b[0]
        w[1] += v[2]
    return np.sum(a) + np.sum(b * b) + c[0] * v[0]


@case(X, 5)
def leapfrog(x, n):
    old = x * 1.0
    cur = x * 1.1
    new = np.zeros(4)
    for t in range(n):
        for i in range(1, 3):
            new[i] = 2.0 * cur[i] - old[i] + 0.1 * math.sin(cur[i - 1] * cur[i + 1])
        new[0] = cur[0] * x[1]
        spare = old
        old = cur
        cur = new
        new = spare
    return np.sum(cur * cur) + old[1]


@case(X)
def swap_under_a_second_name(x):
    p = x * 1.0
    q = x * 2.0
    v = p
    p, q = q, p
    q[0] = 10.0 * x[1]
    p[1:] = v[:-1] * q[1:]
    return np.sum(v * x) + p[0] * p[2]


@case(X, Y, 3, wrt=("x", "y"))
def swapped_parameters_and_a_view(x, y, n):
    v = x[1:]
    for t in range(n):
        x, y = y, x
        x[0] = y[1] * v[0]
        v[1] *= x[2]
    return np.sum(x * x) + np.sum(y)


@case(W, 3, wrt=("A",))
@case(W, 1, wrt=("A",))
@case(W, 0, wrt=("A",))
def row_of_the_iteration_before(A, n):
    last = A[0]
    s = 0.0
    for i in range(n):
        row = A[i]
        row[1] = last[0] * row[2] + last[1]
        last[3] += row[0] * row[0]
        s += row[3] * last[1]
        last = row
    return s + np.sum(A * A)


@case(np.array([[0.1, 2.0, 1.0], [3.0, 0.4, -1.0], [1.0, -0.7, 2.5]]), X[:3].copy(), wrt=("A", "b"))
def pivot_rows(A, b):
    n = 3
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        low = A[k]
        high = A[p]
        for j in range(n):
            t = low[j]
            low[j] = high[j]
            high[j] = t
        b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            row = A[i]
            f = row[k] / low[k]
            row[k:] -= f * low[k:]
            b[i] -= f * b[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= A[i, j] * b[j]
        b[i] /= A[i, i]
    return b[0] + 2.0 * b[1] * b[2]


@case(W, wrt=("A",))
def rows_swapped_by_reference(A):
    top = A[0]
    low = A[2]
    for t in range(3):
        if top[0] < low[0]:
            top, low = low, top
        top[0] *= 0.5
        low[1] = top[1] * low[0]
    return np.sum(A * A)


@case(X, 3)
@case(X, 0)
def shrinking_window(x, n):
    a = x * x
    v = a[:]
    s = 0.0
    for t in range(n):
        v[0] = v[0] * x[t]
        v = v[1:]
        s += v[0] * a[0]
    return s + np.sum(a)


@case(X)
def turned_each_time(x):
    a = x * x
    v = a[1:]
    for t in range(3):
        v[0] = v[1] * v[2] + x[t]
        v = v[::-1]
    return np.sum(a * x)


# ---------------------------------------------------------------- parameters and results

@case(X)
def written_then_bound_anew(x):
    x[0] = x[1] * x[2]
    y = x
    for t in range(3):
        x = x * x[1]
        x[2] += y[0]
    return np.sum(x) + y[3] * y[0]


@case(X, 1)
@case(X, 0)
def overlap_known_at_run_time(x, k):
    a = x * 1.0
    b = x * x
    c = a if k else b
    a[1:] = c[:-1] * x[0]
    c[::-1] = a * 2.0
    return np.sum(a * b) + c[0]


@case(X, 1)
@case(X, 0)
def references_of_references(x, k):
    a = x * 1.0
    b = x * x
    c = a if k else b
    d = c[1:]
    e = d if k else a[:3]
    e[0] = e[1] * d[2]
    d[1] = e[0] * c[0]
    return np.sum(a * b) + np.dot(d, e)


@case(X, 1)
@case(X, 0)
def inside_branches_and_loops(x, k):
    a = x * 1.0
    b = np.cos(x)
    s = 0.0
    for i in range(3):
        if x[i] > 0.5:
            c = a
            if k:
                c = b[i:]
            c[0] *= x[i]
            j = 0
            while j < 2:
                e = a if j else b
                e[j] = e[j + 1] * c[0]
                j += 1
            s += np.sum(e)
    return s + np.sum(a * b)


@case(X, 0)
@case(X, 2)
def left_early(x, k):
    a = x * 1.0
    b = x * 2.0
    for i in range(4):
        c = a if i < 2 else b
        if i == k:
            break
        c[i] = a[0] * b[1]
    c[3] = c[0] * x[3]
    return np.sum(a * b)


@case(X, Y, 3, wrt=("x", "y"))
def products_of_what_changes(x, y, n):
    u = x
    s = 0.0
    for t in range(n):
        v = u
        u = y if np.dot(u, y) > 0.5 else x
        u[t] *= 0.7
        s += np.dot(u, v) + v @ u
    return s
