"""Statements and expressions of Python that become simpler ones; added to ``CASES`` of ``programs.py``."""
import math

import numpy as np

from tests.derivatives.programs import X, case

LIMIT = 2
COMPILED = ["match_numbers", "starred_assignment", "membership", "values_of_logic", "loop_else", "unicode_names",
            "names_of_ours", "names_of_builtins"]


@case(X, 1)
@case(X, 2)
@case(X, 3)
@case(X, 4)
@case(X, 7)
def match_numbers(x, n):
    s = 1.0
    for i in range(4):
        match n + i % 2:
            case 1:
                s = s * x[i]
            case 2 | 3:
                s = s + x[i] * x[i]
            case k if k > 4 and s > 0.1:
                s = s * k * x[0]
            case 4:
                continue
            case k:
                n = n + 1
                s = s - k * x[1] * n
    return s


@case(1.3, "a")
@case(1.3, "b")
@case(1.3, "zz")
@case(1.3, None)
def match_texts(x, kind):
    match kind:
        case None:
            return math.sin(x)
        case "a" | "aa":
            return x * x
        case "b":
            y = x * 3.0
        case _:
            y = math.exp(x)
    return y * x


@case(X, 0)
@case(X, 1)
def match_tuples(x, n):
    t = (n, x[1])
    match t:
        case (0, v):
            s = v * v
        case (1, v) if v > 5.0:
            s = v
        case (k, v) as both if k == 1:
            s = v * both[1] * x[0]
    match n, n + 1:
        case 0, 1:
            s = s * x[2]
        case (1, 2 | 3) | (2, 2):
            s = s + x[3] * x[3]
    return s


def stepped(y):
    y[0] = y[0] * y[1]
    return y[0]


@case(X)
@case(np.array([0.5, 0.9, 1.7, 0.4]))
def match_evaluates_once(x):
    y = x * 1.0
    s = 0.0
    for _ in range(2):
        match stepped(y) > 0.3:
            case 1:
                s = s + y[0]
            case _:
                s = s - y[0] * x[3]
        match stepped(y):
            case v if v > 0.4:
                s += v * x[2]
            case v:
                s += v * v
    return s


@case(1.3, 0.6, wrt=("x", "y"))
def starred_assignment(x, y):
    a, *b = x * y, y, x
    *c, d = b
    (e, *f), g = (a, d), x
    return a * b[1] + c[0] * d + e * f[0] + len(b) * g + sum(b)


@case(1.3, 0.6, wrt=("x", "y"))
def starred_displays(x, y):
    t = (x, y)
    u = (x * y, *t, *(2.0, y))
    return u[0] * u[1] + u[2] * u[4] + u[3] + max(*u) * min(*t)


@case(X, 2)
@case(X, 5)
def membership(x, n):
    s = x[0]
    for k in range(4):
        if k in (1, n):
            s = s * x[k]
        if k not in (n, LIMIT) and n in (2, 3.5):
            s = s + x[k] * s
    return s if s in (0.0, x[0]) else s * x[3]


@case(1.3, "fast")
@case(1.3, "slow")
def switched_by_text(x, mode):
    def f(v, kind="fast"):
        return v * v if kind == "fast" else v * v * v
    s = f(x) if mode in ("fast", "quick") else f(x, kind=mode)
    if mode != "fast":
        s = s + f(s, "other")
    return s * f(x, mode)


def weighted(v, w=None):
    if w is None:
        return v * v
    return v * w


@case(1.3)
def absent_arguments(x):
    return weighted(x) + weighted(x, None) * weighted(x, x)


@case(X)
def declared_first(x):
    """With a docstring."""
    s: float
    s = 0.0
    t: np.ndarray = x * x
    for i in range(4):
        pass
        s += t[i] * x[i]
    "a text that does nothing"
    return s


@case(X, 3)
def raises_elsewhere(x, n):
    assert n < 10, f"too large: {n}"
    s = 0.0
    for i in range(n):
        if x[i] > 100.0:
            raise ValueError(f"{i} of {n!r} is {x[i]:.3f}")
        if x[i] < -100.0:
            raise ArithmeticError
        s += x[i] * x[i]
    return s


def between(y, k):
    y[k] = y[k] + 0.1 * y[0]
    return y[k]


@case(X)
@case(-X)
def chained_with_effects(x):
    y = x.copy()
    s = 0.0
    if x[3] < between(y, 1) < between(y, 2) < 5.0:
        s = y[1] * y[2]
    return s + (y[1] if 0.1 < between(y, 1) != y[2] else between(y, 2)) + np.sum(y)


@case(X, 0)
@case(X, 2)
def values_of_logic(x, n):
    a = x[0] and x[1] * x[1]
    b = n and x[2]
    c = (n > 1 and x[0] > 1.0) or x[1]
    d = 2.0 if not (n or x[3] > 9.0) else x[3]
    return a + b * x[0] + c * d * d


@case(X, 2)
@case(X, 9)
def loop_else(x, n):
    s = 0.0
    for i in range(4):
        if i == 1:
            continue
        if i == n:
            break
        s += x[i] * x[i]
    else:
        s = s * x[0]
    k = 0
    while k < n:
        k += 1
        if x[k % 4] > 1.6:
            return s * x[1] + k
        s = s * x[k % 4]
    else:
        s = s + x[3]
    return s


@case(X)
def chained_assignment(x):
    y = x.copy()
    i = y[1] = k = 2
    y[0], y[i] = z = (x[0] * y[k], x[1])
    a = b = y[0] * z[1]
    a = a * b
    return a + np.sum(y) * b


@case(0.7, 1.9, wrt=("größe", "λ"))
def unicode_names(größe, λ):
    ψ = größe * λ
    for _ in range(3):
        ψ = ψ * ψ + λ
    return ψ


def t1(x):
    b_x = x * x
    return b_x


@case(1.3, 0.4, wrt=("b_x", "value"))
def names_of_ours(b_x, value):
    d_x = b_x * value
    t1_1 = t1(d_x)
    tape = trips = saved = t1_1 * value
    for _i in range(2):
        counter = stop = returned = tape * b_x
        tape = counter + stop * returned
    result = b_value = trips
    return result * b_value + saved * tape


@case(X)
def names_of_builtins(x):
    math = x[0]
    np = math * x[1]
    range_ = np
    len = range_ * math
    for abs in x:
        len = len * 0.5 + abs * np
    def max(min):                                       # noqa: E306
        return min * len
    int = float = max(x[3])
    return int * float + len


@case(1.3)
def local_like_its_helper(x):
    square = x * x
    weighted_ = weighted(square, square)
    stepped = between = weighted_ * square
    return stepped * between
