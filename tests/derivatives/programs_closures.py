"""More functions within functions: loops, early exits, and variables that change in the middle; added to ``CASES``."""

import numpy as np

from tests.derivatives.programs import X, case


def sq(v):
    return v * v


def mk(a):
    b = a * a

    def g(v):
        return v * b
    return g


@case(X)
def maker_in_a_loop(x):
    s = 1.0
    for i in range(4):
        g = mk(x[i])
        s = g(s) + x[0]
        if s > 3.0:
            continue
        s = g(s) * 0.5
    return s


@case(X)
def counts_by_nonlocal(x):

    def upd(y, i):
        nonlocal cnt
        cnt = cnt * 1.1
        y[i] = y[i] * cnt
    cnt = x[0]
    y = x * 1.0
    for i in range(4):
        upd(y, i)
        if cnt > 1.6:
            upd(y, 0)
    return np.sum(y) * cnt


@case(X)
def accumulates_by_nonlocal(x):
    t = 0.0

    def acc(v):
        nonlocal t
        t = t + v * v
        return t
    for v in x:
        if acc(v) > 3.0:
            break
    return t * x[0]


@case(X)
def leaves_a_loop_inside(x):

    def f(n):
        if n == 1:
            return x[0]
        elif n == 2:
            return x[1] * x[1]
        s = 0.0
        for v in x:
            s += v * n
            if s > 5:
                return s * x[2]
        return s
    return f(1) * f(2) + f(3) + f(0)


@case(X)
def reassigned_within_expressions(x):
    a = x[0]
    b = (a := (a * x[1])) * (a := (a * x[2])) + a
    c = [a, (a := (a + 1.0)), a]
    return b * c[0] + c[1] * c[2]


@case(X)
def match_steers_a_loop(x):
    for k in range(3):
        match k:
            case 0:
                continue
            case 1:
                y = x[0] * x[1]
            case 2:
                y = y * y
                break
    else:
        y = 1.0
    return y


@case(X)
def sees_the_array_of_now(x):
    f = lambda: y[0]  # noqa: E731
    y = x * 2.0
    a = f()
    y = x * x
    return a * f()


@case(X)
def chosen_from_a_tuple(x):
    fs = (lambda v: v * x[0], sq)
    g = fs[0] if x[1] > 1 else fs[1]
    k, h = (g, fs[0])
    return k(x[2]) * h(x[3])


@case(X)
def enumerates_functions(x):
    y = x.copy()
    for i, g in enumerate((sq, lambda v: v * y[0])):
        y[i] = g(x[i + 1])
    return np.sum(y * y)


@case(X)
def lists_of_lists_read_again(x):
    y = [v * v for v in x]
    z = [w * y[0] for w in y if w < 2]
    y[0] = 3.0 * x[1]
    return sum(y) * sum(z)


@case(X)
def pairs_in_a_loop(x):
    s = 0.0
    for a, b in [(x[0], x[1]), (x[2], x[3])]:
        s += a * b * s + a
    return s


@case(X)
def adds_what_it_sees(x):
    a = x[0]
    a += (lambda: a * x[1])()
    return a


@case(X)
def swaps_by_nonlocal(x):
    a, b = (x[0], x[1])

    def sw():
        nonlocal a, b
        a, b = (b, a * b)
    sw()
    sw()
    return a * b


@case(X)
def swaps_arrays_by_nonlocal(x):
    y = x.copy()
    z = x * 2.0

    def sw():
        nonlocal y, z
        y, z = (z, y)
        z[0] = z[0] * y[1]
    for i in range(3):
        sw()
    return np.sum(y) + np.sum(z * x)


@case(X)
def default_of_the_same_name(x):
    c = 1.0
    for i in range(3):

        def g(v, c=c):
            return v * c
        c = g(x[i])
    return c


@case(X)
def condition_counts(x):
    s = 0.0
    n = 0
    while (n := (n + 1)) < 6:
        if n == 2:
            continue
        if n == 5:
            break
        s = s * x[0] + n * x[1]
    else:
        s = 0.0
    return s * n


@case(X)
def function_of_a_function(x):
    return (lambda f: f(f(x[0])))(lambda v: v * v * x[1])


@case(X)
def starred_into_elements(x):
    z = np.zeros(3)
    z[0], *rest = (x[0] * x[1], x[2], x[3])
    z[1], z[2] = rest
    return np.sum(z * z)
