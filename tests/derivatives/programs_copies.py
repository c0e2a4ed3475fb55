"""Names bound to several arrays: where a copy is as good, where it is not, where sizes differ; they join ``CASES``."""
import numpy as np

from tests.derivatives.programs import case

X = np.array([1.3, 0.7, 1.7, 0.4, 0.9])
Y = np.array([0.2, -0.5, 0.8, 1.1, -0.3])
M = np.array([[0.2, -0.4, 0.6], [0.9, 0.3, -0.5], [-0.7, 0.5, 0.4]])


@case(X, 4)
def leap_fresh(x, n):
    old = x.copy()
    cur = x * 1.1
    for t in range(n):
        new = np.empty(5)
        for i in range(1, 4):
            new[i] = 2 * cur[i] - old[i] + 0.1 * cur[i - 1] * cur[i + 1]
        new[0] = cur[0]
        new[4] = old[4]
        old = cur
        cur = new
    return np.sum(cur * cur) + old[2]


@case(X, 4)
def best_kept(x, n):
    best = x
    fb = np.sum(x * x)
    for t in range(n):
        cand = np.empty(5)
        for i in range(5):
            cand[i] = x[i] * np.sin(t + x[0])
        fc = np.sum(cand * cand)
        if fc < fb:
            fb = fc
            best = cand
    return best[0] * best[1] + fb


@case(X, 1)
@case(X, 0)
def conditional_then_updates(x, k):
    a = x * 1.0
    b = x * x
    c = a if k else b
    c += b
    c[1:] -= 0.5
    c *= c
    return np.sum(a * b)


@case(X, 1)
@case(X, 0)
@case(X, 2)
def empty_and_one(x, k):
    a = x * x
    v = a[2:2]
    if k == 1:
        v = a[3:4]
    if k == 2:
        v = a[::-2]
    v[:] = v * x[0] + 1.0
    s = np.sum(v)
    for i in range(v.shape[0]):
        s += v[i] * v[-1 - i]
    return s + np.sum(a)


@case(X, 1)
@case(X, 0)
def broadcast_one(x, k):
    a = x * x
    one = a[1:2] if k else a[2:]
    b = np.zeros(3)
    b[:] = one * x[:3]
    one[:] = b[:one.shape[0]]
    return np.sum(b) + np.sum(a)


@case(X, 2)
@case(X, 0)
def in_while(x, n):
    a = x * 1.0
    b = x * 2.0
    cur = a
    other = b
    i = 0
    while i < n and cur[0] < 50.0:
        cur, other = (other, cur)
        cur[i] = other[i + 1] * x[i]
        w = cur
        cur = other
        other = w
        i += 1
        cur[0] += 1.0
    return np.sum(a * b) + cur[1]


@case(M, wrt=('A',))
def rows_ternary(A):
    s = 0.0
    for i in range(3):
        r = A[i] if A[i, 0] > 0.0 else A[2 - i]
        r[1] *= r[0]
        q = A[:, i]
        q[2] += r[2] * r[2]
        s += r[1]
    return s + np.sum(A * A)


@case(X, Y, 1, wrt=('x', 'y'))
@case(X, Y, 0, wrt=('x', 'y'))
def swap_in_branch(x, y, k):
    p = x
    q = y
    if k:
        p, q = (q, p)
    p[0] = q[1] * p[2]
    v = p[1:]
    p, q = (q, p)
    v[0] = p[0] * q[0]
    return np.sum(x * x) * np.sum(y)


def helper2(u, v, k):
    if k:
        return u[1:]
    for i in range(3):
        if v[i] > 0.5:
            return v[:4]
        u[i] = v[i]
    return u[:4]


@case(X, Y, 1, wrt=('x', 'y'))
@case(X, Y, 0, wrt=('x', 'y'))
def through_helper(x, y, k):
    a = x * 2.0
    b = y * 3.0
    c = helper2(a, b, k)
    c[0] = c[1] * c[2]
    d = helper2(c, a, 1 - k) if k else c
    d[1] = c[0] * a[0]
    return np.sum(a) + np.sum(b * b)


@case(X, 1)
@case(X, 0)
def dots(x, k):
    a = x * 1.0
    b = x * x
    c = a if k else b
    c[0] = 2.0 * x[1]
    s = np.dot(c, a) + np.dot(c[1:], b[1:])
    d = c.copy()
    d[1] = c[1] * c[2]
    c[2] = d[1]
    return s + np.sum(a * d)


@case(X, 3)
def outer_inner(x, n):
    a = x * 1.0
    b = x * x
    for t in range(n):
        c = a if t % 2 else b
        for i in range(4):
            d = c[i:] if i % 2 else c
            d[0] = d[1] * x[i]
            c = d if i == 2 else c
        c[0] += a[0]
    return np.sum(a + b)


@case(X, 1)
@case(X, 0)
def dead_ref(x, k):
    a = x * 1.0
    b = x * 2.0
    c = a
    if k:
        c = b
    c[0] = x[1]
    c = b
    return c[0] * b[1] + a[0]


@case(X, 1)
@case(X, 0)
def size_from_ref(x, k):
    a = x * 1.0
    b = np.ones(3)
    c = a if k else b
    c[0] = x[0]
    d = np.zeros(c.shape[0])
    for i in range(c.shape[0]):
        d[i] = c[i] * x[i]
    e = c * 2.0 + d
    return np.sum(e) + np.sum(d * c) + np.sum(a)


@case(X, 1)
@case(X, 0)
def size_from_ref_in_loop(x, k):
    a = x * 1.0
    b = np.ones(3)
    c = a if k else b
    s = 0.0
    for t in range(3):
        c[0] = x[0] * (t + 1)
        e = c * 2.0
        e[1] = c[0]
        s += np.sum(e * c)
    return s + np.sum(a)


@case(X, 1)
@case(X, 0)
def ref_then_copy(x, k):
    a = x * 1.0
    b = x * x
    r = a if k else b
    c = a
    if k > 3:
        c = x * 2.0
    r[0] = x[1] * x[2]
    return c[0] * b[0] + np.sum(a)


@case(X, 1)
@case(X, 0)
def three_names(x, k):
    a = x * 1.0
    c = a
    d = c
    if k:
        c = x * x
    if k == 0:
        d = np.sin(x)
    c[1] = x[0] * a[2]
    return d[1] * a[1] + c[0] * d[0]


@case(X, 3)
@case(X, 0)
def shrink_read(x, n):
    s = 0.0
    v = x
    for t in range(n):
        s += v[0] * v[-1]
        v = v[1:]
    return s + np.sum(v)


@case(X, 1)
@case(X, 0)
def copied_and_parameter(x, k):
    t = x
    if k:
        t = x * 2.0
    s = t[0] * x[1]
    t[0] = s
    return np.sum(x * x) + t[0] * t[2]


@case(X, 3)
def written_later_in_the_loop(x, n):
    a = x * 1.0
    keep = x * 2.0
    s = 0.0
    for t in range(n):
        s += keep[t] * a[0]
        keep = a
        a[t] = s * x[0]
    return s + keep[0] * a[1]


@case(X, 3)
def copy_chain(x, n):
    a = x * 1.0
    b = x * 2.0
    c = x * x
    for t in range(n):
        c = b
        b = a
        a = x * c[t]
        a[0] = b[1] * c[2]
    return np.sum(a * b * c)


@case(X, 2)
def view_of_a_copy(x, n):
    a = x * 1.0
    b = x * x
    cur = a
    for t in range(n):
        v = cur[1:]
        cur = b
        v[0] = x[0] * v[1]
        cur[2] += v[0]
    return np.sum(a) + np.sum(b * b) + cur[0]
