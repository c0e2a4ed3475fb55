"""Small programs with awkward control flow, tuples, helpers and names; each with the arguments it is run on."""
import math

import numpy as np
from numba import njit, prange

import s2sad.frontend  # noqa: F401

SQ2 = math.sqrt(2.0)
TOL = 1e-10
PAIR = (2.0, (3.0, 4))
TABLE = np.array([0.5, -1.0, 2.0])
GRID = np.array([[1, 2], [3, 4]], dtype=np.int32)


def nested_return(x, n):
    for i in range(n):
        for j in range(i, n):
            if x[i] > x[j]:
                return x[i] - x[j]
            if x[j] > 5.0:
                break
            x[j] += 1.0
        x[i] *= 2.0
    return x[0]


def partial_exits(x, n):
    s = 0.0
    for i in range(n):
        if x[i % 4] > 0.0:
            if x[(i + 1) % 4] < 0.0:
                continue
            s += 1.0
        else:
            if s > 3.0:
                break
            s += 0.5
            if s > 2.5:
                return s * 100.0
        s += x[i % 4] * 0.25
    s *= 2.0
    return s


def continue_in_while(x, n):
    i = 0; s = 0.0
    while i < n:
        i += 1
        if i % 2 == 0: continue
        if i > 7: break
        s += i * x[0]
    return s, i


def for_else(x, n):
    for i in range(n):
        if x[i % 4] > 1.5:
            r = i * 1.0
            break
    else:
        r = -1.0
    return r


def while_else(x, n):
    i = 0
    while i < n:
        if x[i % 4] > 1.5: break
        if x[i % 4] < -5.0: return -7.0
        i += 1
    else:
        return -1.0 * i
    return i * 10.0


def endless(x, n):
    k = 0
    while True:
        k += 1
        if k > n: return k * x[0]
        if x[k % 4] > 1.0 and k > 2: return x[k % 4]


def early_procedure(x, n):
    if n == 0: return
    x[0] = 1.0
    for i in range(n):
        if i == 2: return
        x[i] += i


def deep(x, n):
    if n > 0:
        if n > 1:
            if n > 2:
                return 3.0
            y = 2.0
        else:
            y = 1.0
            if x[0] > 1.0: return 11.0
    else:
        return 0.0
    y += x[0]
    return y


def raising(x, n):
    if n == 1: raise ValueError("one")
    assert n != 3, "three"
    if n == 4: return x[0]
    else:
        if x[0] < 0: raise IndexError
    return x[1]


def loop_variable(x, n):
    i = 10
    for i in range(n):
        x[i % 4] += i
    j = 3
    for j in range(n):
        j = j * 2
        x[0] += j
    for k in range(5):
        if k == n: break
    return i * 100.0 + j + k * 0.5


def changed_bounds(x, n):
    c = 0
    for i in range(n):
        n = n - 1
        c += n
    step = 2
    for i in range(0, 9, step):
        step += 1
        c += i
    return c + n + step


def same_variable_nested(x, n):
    s = 0.0
    for i in range(n):
        for i in range(2):
            s += i
        s += 10.0 * i
    for i in range(n): s += i
    return s


def short_circuits(x, n):
    s = 0.0
    for i in range(4):
        if i < n and x[i] > 0.0 or i == 3 and not x[0] > 1.0: s += 1.0
        if 0 < i <= n < 4: s += 10.0
        s += x[i] if i < n else (-x[i] if x[i] > 0.0 else 0.5)
    ok = n > 1 and x[0] > 1.0
    while n > 0 and (x[n % 4] > 0.0 or n > 2):
        n -= 1
    return s + n + (1.0 if ok else 0.0)


def swaps(x, n):
    a, b, c = x[0], x[1], x[2]
    for i in range(n):
        a, b = b, a + c
        b, c, a = a, b, c
        x[0], x[1] = x[1], x[0]
        c, (a, b) = b, (c, a)
    i, x[i % 4] = 2, a
    return a, b, c, i


def tuples(x, n):
    t = (x[0], n)
    u = t + (2.0,)
    p, (q, r) = PAIR
    t = (t[1] * 1.0, t[0])
    pair = (x[1], x[2]) if n > 1 else t
    m, = (n,)
    lo = min(u[0], u[2], p)
    return len(u) + u[-1] * p + q * r + t[0] - t[1] + pair[0] + m + sum(t) + lo + max(t)


def chained_targets(x, n):
    a = b = x[0] + 1.0
    c = d = e = a
    c += 1.0
    x[0] = x[1] = c
    f, g = h = (a, c)
    return a + b * 2.0 + c * 3.0 + d + e + f + g + h[1]


def shapes(x, n):
    A = np.empty((n + 1, 3))
    r, c = A.shape
    A[:] = 1.5
    s = A.shape
    B = np.zeros(s)
    B[0] = x[:3]; B[..., 1] += 2.0; B[-1, ::2] *= 3.0
    v = B[:, None]
    return r * 10 + c + s[0] + len(A) + A.size + B.ndim + v.ndim + B.T.shape[0] + B[0, 0] + B.sum() + len(B.shape)


def constants(x, n):
    s = SQ2 * n + math.pi - np.inf * 0.0 if n < 0 else SQ2 + TOL + PAIR[1][0]
    for k in range(3): s += TABLE[k] * x[k]
    return s + GRID[1, 0] + GRID[0].sum() - 2 ** -1 + -1.5 ** 2


def reused(x, n):
    a = x[0]
    b = a * a
    a = x.sum()
    for i in range(n):
        a = a + b
        b = x[i % 4]
    x2 = x
    x2 = x2 * 2.0
    if n > 1: y = 1.0
    else: y = x[0]
    y = x2 * y
    return a + b + y[1]


def functions(x, n):
    s = math.sin(x[0]) + np.exp(-abs(x[1])) + np.hypot(x[0], 2.0) + math.atan2(x[0], 1.0)
    s += max(x[0], x[1], n) + min(x[2], 0.0) + round(x[0] * 3.0) + float(n) + int(2.7) + pow(x[0], 2)
    q, r = divmod(n + 7, 3)
    y = np.where(x > 0.0, x, -x)
    z = np.array([x[0], 2.0, n]) + np.array((1.0, 2.0, 3.0))
    w = np.zeros(3, dtype=np.float32)
    w.fill(2.0)
    s += n << 2 ^ 1 | 4 & ~n
    return s + q * r + y.dot(x) + (z @ z) + w.sum() + np.sum(y, axis=0) + bool(n) + np.float32(1.5) + x.copy()[0]


def iterates(x, n):
    s = 0.0
    for v in x: s += v * v
    for k, v in enumerate(x): s += k * v
    for k, v in enumerate(x, 2): s -= k * v
    for a, b in zip(x, x[1:]): s += a * b
    for i in prange(n): s += i
    for k, (a, b) in enumerate(zip(x, x)): s += k * a * b
    return s


def fill(a, v=1.0, *, twice=False):
    """Fills its argument."""
    for i in range(a.shape[0]):
        a[i] = v * 2.0 if twice else v


@njit
def find(a, limit):
    for i in range(a.shape[0]):
        if a[i] > limit:
            return i, a[i]
    return -1, 0.0


def average(a, b=2.0): return 0.5 * (a + b)


def scaled(x, k=None):
    if k is None: return average(x)
    x = x * k
    return average(x, b=k)


def bump(a):
    a[0] += 1.0
    return a[0]


def helpers(x, n):
    i, v = find(x, 1.0)
    y = np.empty(3)
    fill(y, twice=True)
    s = scaled(x[0]) + scaled(x[1], 3.0) * average(average(n, 1.0))
    fill(a=x, v=s)
    k = find(y, 0.0)[0]
    return i + v + y[0] + s + k


def evaluation_order(x, n):
    a = x[0] + bump(x) * 10.0 + x[0] * 100.0
    x[0] += bump(x)
    x[1] = x[0] - bump(x)
    while bump(x) < 20.0:
        a += 1.0
        if a > 5000.0: return a
    return a + (bump(x) if n > 1 else x[1])


def shadows(x, n):
    sum = 0.0
    t1 = 2.0
    i = n
    for len in range(n):
        sum = sum + len * t1 + x[len % 4]
    max = sum * i
    return max


def zmul(b, p):
    return 0.0 if b == 0.0 else b * p


def strong_zero(x, n):
    return zmul(x[0], n / 2.0) + (zmul(0.0, x[1]))


def integers(x, n):
    k: int = n
    k //= 2; k %= 5; k **= 2; k <<= 1; k |= 1; k &= 7; k ^= 2; k >>= 1
    b = not n
    c = x is None
    return k + (1 if b else 0) + (n == 2) + (2 if c is not None else 0) + +n


ALL = [f for f in list(globals().values()) if callable(f) and getattr(f, "__code__", None) is not None
       and f.__code__.co_varnames[:2] == ("x", "n") and f.__module__ == __name__]
