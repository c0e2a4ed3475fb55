"""Arrays made anew in each iteration while names still refer to earlier ones; they join ``CASES``."""
import numpy as np

from tests.derivatives.programs import case

X = np.array([1.3, 0.7, 1.7, 0.4])
M = np.array([[0.2, -0.4, 0.6, 0.3], [0.9, 0.3, -0.5, -0.8], [-0.7, 0.5, 0.4, 0.1], [0.6, 0.2, -0.9, 0.5]])


@case(X, 4)
@case(X, 1)
@case(X, 0)
def kept_now_and_then(x, n):
    keep = x
    s = 0.0
    for t in range(n):
        new = np.empty(4)
        for i in range(4):
            new[i] = keep[i] * x[t] + t
        if t % 2 == 0:
            keep = new
        new[0] = new[1] * 2.0
        s += keep[0] * keep[1]
    return s


@case(X, 5)
@case(X, 2)
def two_kept(x, n):
    first = x
    second = x
    s = 0.0
    for t in range(n):
        new = np.zeros(4)
        for i in range(4):
            new[i] += first[i] * second[3 - i] + 0.3 * x[i]
        if t % 2 == 0:
            first = new
        if t % 3 != 1:
            second = new
        new[t % 4] = s * x[1]
        second[0] *= 0.5
        s += first[0] * second[2]
    return s + np.sum(first * second)


@case(X, 3)
def views_kept(x, n):
    head = x[:2]
    tail = x[2:]
    for t in range(n):
        new = np.ones(4)
        new[1] = head[0] * tail[1]
        new[2] = x[t] * head[1]
        if t != 1:
            head = new[:2]
        tail = new[::-2]
        new[3] = tail[1] * x[0]
        head[0] = head[1] * tail[0]
    return head[0] * tail[0] + head[1] * tail[1] + np.sum(x)


@case(X, 4)
def made_from_what_is_kept(x, n):
    old = x * 1.0
    cur = x * 1.1
    for t in range(n):
        new = 1.5 * cur - 0.5 * old[::-1]
        new[1] *= old[0]
        old[2] = new[1] * x[t]
        if t != 2:
            old = cur
        cur = new
        cur[0] += old[3] * x[0]
    return np.sum(cur * cur) + old[2] * old[0]


@case(X, M, wrt=("x", "A"))
def products_kept(x, A):
    v = x
    keep = x
    s = 0.0
    for t in range(3):
        v = np.dot(A, x) * v[t]
        v[0] = v[1] * keep[2]
        if t == 0:
            keep = v
        keep[3] += 0.1 * v[2]
        s += v[3] * keep[0]
    return s


@case(X)
def made_in_an_inner_loop(x):
    best = x
    s = 0.0
    for t in range(2):
        for k in range(3):
            trial = best * x[k]
            trial[k] = best[0] + t
            if k != 1:
                best = trial
                trial[3] = x[0] * best[k]
            s += trial[3] * best[1]
    return s


@case(X, 3)
def made_on_one_path(x, n):
    cur = x
    prev = x
    s = 0.0
    for t in range(n):
        if x[t] > 0.5:
            new = cur * x[t]
            new[0] = prev[1] * 0.5
            prev = cur
            cur = new
        else:
            cur, prev = prev, cur
        cur[1] += prev[0]
        s += cur[1] * prev[2]
    return s + np.sum(cur * prev)


def stepped(v, w, c):
    out = np.empty(v.shape[0])
    for i in range(v.shape[0]):
        out[i] = c * v[i] + w[v.shape[0] - 1 - i]
    return out


@case(X, 4)
def made_in_a_helper(x, n):
    a = x
    b = x * 2.0
    for t in range(n):
        new = stepped(a, b, x[0])
        if t % 2 == 0:
            a = new
        else:
            b = new
        a[t] *= 0.5
        b[0] += a[1]
    return np.sum(a * b)


@case(X)
def left_while_referred_to(x):
    a = x * 1.0
    r = a
    for i in range(4):
        b = np.zeros(4)
        b[i] = a[i] * x[i]
        if b[i] > 1.0:
            r = b
            if i > 1:
                break
        a[i] = b[i]
        r[1] += x[2]
    r[0] += x[2] * r[3]
    return np.sum(r * r) + a[0]


@case(X)
def in_a_while(x):
    keep = x
    k = 0
    s = 0.0
    while k < 4 and s < 50.0:
        u = np.full(4, x[k])
        u[0] = keep[1] + s
        u[1] *= keep[3]
        if k != 2:
            keep = u
        u[3] = keep[0] * x[1]
        s += keep[3] * u[1]
        k += 1
    return s


COMPILED = ["longer_each_time", "two_kept", "made_in_a_helper"]


@case(X, 3, -1)
@case(X, 3, 0)
@case(X, 1, 1)
@case(X, 0, 0)
def last_of_growing(x, n, k):
    last = x[:2]
    s = 1.0
    for i in range(n):
        new = np.zeros(i + 2)
        new[k] = x[i] * last[k - 1] + 0.3
        new[-1] += x[i] * last[-2]
        last = new
        last[-2] *= x[1]
        s += last[k] * last[-1]
    return s * last[-1]


@case(X, 3)
def longer_each_time(x, n):
    a = np.ones(1) * x[0]
    while True:
        b = np.zeros(len(a) + 1)
        b[:len(a)] = a * x[len(a)]
        b[-1] = a[0]
        if len(b) > n:
            break
        a = b
        if len(a) == 2:
            continue
        a[0] *= b[1]
    return np.sum(a) * np.sum(b)
