"""What functions inside functions hold when names are assigned anew; added to ``CASES`` of ``programs.py``."""
from collections import namedtuple

import numpy as np

from tests.derivatives.programs import X, case

COMPILED = ["parameter_outlives_its_argument", "two_deep_nonlocal"]
Pair = namedtuple("Pair", "a b")


def times(a):
    return lambda v: v * a


def linear(pair):
    def g(v): return v * pair.a + pair.b      # noqa: E306, E704
    return g


def sized(y):
    return lambda: y.shape[0] * y[0]


@case(1.3)
def parameter_outlives_its_argument(x):
    f = times(x)
    x = x * x
    g = times(x)
    x = x + 1.0
    return f(x) + g(x)


@case(1.3)
def curried(x):
    add = lambda a: lambda b: lambda c: a * b + c * x    # noqa: E731
    f = add(x)
    g = f(2.0)
    x = x * x
    return f(x)(1.0) + g(x)


@case(1.3)
def namedtuple_outlives(x):
    q = Pair(x, x * x)
    f = linear(q)
    q = Pair(q.b, x)
    g = linear(q)
    x = x * 2.0
    return f(x) * g(q.a)


@case(X)
def array_bound_anew(x):
    a = x * 1.0
    f = sized(a)
    a = a[1:] * 2.0
    g = sized(a)
    a = x * 3.0
    return f() * g() + a[0]


@case(X)
def namedtuple_as_default(x):
    q = Pair(x[0], x[1])
    def g(v, k=q): return v * k.a + k.b       # noqa: E306, E704
    q = Pair(x[2], x[3])
    return g(q.a) + g(q.b, q)


@case(1.3, 0.4, wrt=("x", "y"))
def tuple_assigned_in_an_expression(x, y):
    t = (x, y)
    s = t[0] + (t := (y * x, x))[1] * t[0] + t[1]
    u = [t[0], (t := (t[1], 2.0 * x))[0], t[1]]
    return s * u[0] + u[1] * u[2] * t[1]


@case(X)
def shape_assigned_in_an_expression(x):
    y = x[1:]
    shape = y.shape
    return (shape[0] + (shape := x.shape)[0] * shape[0]) * np.sum(y)


@case(X)
def two_deep_nonlocal(x):
    acc = x[0]

    def mid(j):
        def inner(k):
            nonlocal acc
            acc = x[j] * x[k] + acc
        inner(1)
        inner(j + 1)
    mid(0)
    s = acc
    mid(1)
    return s * acc


@case(X)
def parameter_assigned_from_inside(x):
    def outer(v, k):
        def up():
            nonlocal v
            v = v * x[k]
            return v
        return v + up() * v + up() + v
    a = x[3]
    return outer(a, 1) * outer(a, 2) + a
