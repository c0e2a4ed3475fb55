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
