"""Functions as values and functions inside functions; added to ``CASES`` of ``programs.py``."""
import functools
import math

import numba
import numpy as np
from numba.extending import register_jitable

from tests.derivatives.programs import X, case

FLAG = True
COMPILED = ["loops_over_tuples", "calls_within_calls", "inside_twice", "arguments_with_effects"]


def square(v):
    return v * v


@numba.njit
def cube(v):
    return v * v * v


@register_jitable
def reciprocal(v):
    return 1.0 / v


TABLE = (square, cube, math.sin)


def apply(f, v):
    return f(v)


def twice(f, v):
    return f(f(v))


def doubled(y):
    for i in range(y.shape[0]):
        y[i] = 2.0 * y[i] * y[i]


def each(f, y):
    for i in range(y.shape[0]):
        y[i] = f(y[i])


def total(*args):
    return args[0] + args[1] * args[-1] + len(args)


def scaled(v, *, by=2.0, shift=0.5):
    return v * by + shift


def divided(a, b=2.0, *rest, c=1.0):
    return a / b + c * len(rest)


# ---------------------------------------------------------------- functions inside

@case(1.3, 0.7, wrt=("x", "y"))
def captures_late(x, y):
    a = x
    def g(v): return a * v                # noqa: E306, E704
    a = a * y
    s = g(y)
    a = x * x
    return s + g(x)


@case(1.3)
def captures_a_parameter_that_is_assigned(x):
    def g(v):
        return x * v
    x = x * x + 1.0
    return g(x)


@case(X, 3)
def captures_the_loop_variable(x, n):
    i = 0
    def at(): return x[i] * x[i]          # noqa: E306, E704
    s = 0.0
    for i in range(n):
        s = s * at() + x[i]
    return s + at()


@case(X)
def defined_in_a_loop(x):
    s = 1.0
    for i in range(4):
        def g(v, k=x[i]):
            return v * k + x[i]           # noqa: B023
        s = g(s)
    return s


@case(X)
def writes_a_captured_array(x):
    z = np.zeros(4)
    def put(i, v):                        # noqa: E306
        z[i] += v * v
    for i in range(4):
        put(i, x[i])
        put(3 - i, z[i])
    return np.sum(z * x)


@case(1.3)
def default_taken_at_the_definition(x):
    a = x * x
    def g(v, k=a): return v * k           # noqa: E306, E704
    a = 5.0
    return g(x) + a * x


@case(0.8, 1.7, wrt=("x", "y"))
def inside_twice(x, y):
    def outer(a):
        b = a * y
        def inner(c): return b * c * x    # noqa: E306, E704
        b = b * b
        return inner(a) + inner(b)
    return outer(x) * outer(y)


@case(1.3, 0.4, wrt=("x", "y"))
def returned_function_keeps_its_variables(x, y):
    def adder(a):
        b = a * a
        def g(v): return v * b + x        # noqa: E306, E704
        return g
    first = adder(x)
    second = adder(y)
    return first(y) * second(x)


@case(1.3)
@case(0.4)
def chosen_by_a_branch(x):
    if x > 1.0:
        def g(v): return v * v * x        # noqa: E704
    else:
        def g(v): return math.sin(v) + x  # noqa: E704
    x = x * 2.0
    return g(x) * g(0.5)


@case(X)
def chosen_again_in_each_iteration(x):
    s = 1.0
    for i in range(4):
        f = square if x[i] > 0.9 else math.sin
        g = f
        if x[i] > 1.5:
            g = cube
        s = s * 0.5 + g(x[i]) * f(s)
    return s


@case(1.3)
def nonlocal_counter(x):
    count = 0.0
    a = x
    def g(v):                             # noqa: E306
        nonlocal a, count
        a = a * v
        count += 1.0
        return a
    s = a + g(x) * a + g(a) * count
    return s + a


@case(X)
def same_names_inside_and_outside(x):
    s = x[0]
    i = 2
    def g(s):                             # noqa: E306
        i = s * s
        for k in range(2):
            i = i * s
        return i
    for k in range(3):
        s = s * 0.5 + g(x[k])
    return s * x[i] * k


@case(X)
def returns_early_inside(x):
    def first_large(limit):
        for v in x:
            if v > limit:
                return v * v
        return limit * x[0]
    return first_large(1.0) + first_large(1.5) * first_large(9.0)


# ---------------------------------------------------------------- lambdas

@case(1.3, 0.6, wrt=("x", "y"))
def lambda_in_a_name(x, y):
    g = lambda v, k=x: v * k * y          # noqa: E731
    x = x * 2.0
    return g(x) + g(y, x)


@case(1.3)
def lambda_on_the_spot(x):
    return (lambda a, b: a * b + a)(x, x * x) + (lambda: x)()


@case(1.3, 0.6, wrt=("x", "y"))
def lambda_passed_on(x, y):
    return apply(lambda v: v * y, x) + twice(lambda v: v * v + y, x)


@case(X)
def lambda_within_lambda(x):
    make = lambda a: lambda b: a * b + x[1]   # noqa: E731
    return make(x[0])(x[2]) * apply(lambda v: twice(lambda w: w * v, x[3]), x[0])


@case(X)
def procedure_of_a_lambda(x):
    y = x.copy()
    each(lambda v: v * v * x[0], y)
    each(cube, y)
    doubled(y)
    return np.sum(y * x)


# ---------------------------------------------------------------- functions as values

@case(1.3)
def held_in_names(x):
    g, h = square, cube
    g, h = h, g
    f = math.exp
    return g(x) + 10.0 * h(f(x))


@case(1.3)
def library_functions_passed(x):
    return apply(math.sin, x) * twice(np.cos, x) + apply(abs, -x)


@case(X)
def library_function_of_arrays(x):
    return np.sum(apply(np.sin, x) * apply(square, x))


@case(1.3)
def tuples_of_functions(x):
    t = (cube, math.cos, lambda v: v * x)
    s = t[0](x) * t[1](x) + t[-1](x)
    for k in range(2):
        s = s * TABLE[1](x) + TABLE[2](s)
    return s + TABLE[0](x)


@case(1.3)
def chosen_when_compiled(x):
    f = cube if FLAG else square
    if not FLAG:
        f = math.sin
    return f(x)


@case(1.3)
@case(0.3)
def chosen_at_run_time(x):
    f = (cube if x > 1.0 else math.sin) if x > 0.5 else square
    g = square
    if x > 1.2:
        g = lambda v: v * x               # noqa: E731
    return twice(f, x) * g(x)


@case(1.3)
def dispatchers_and_jitables(x):
    return reciprocal(x) * cube(reciprocal(cube(x) + 1.0))


def compose(f, g, v):
    return f(g(v))


def newton(f, df, v, steps=5):
    for _ in range(steps):
        v = v - f(v) / df(v)
    return v


@case(1.9, wrt=("a",))
def root_of_a_closure(a):
    return newton(lambda v: v * v - a, lambda v: 2.0 * v, 1.0) * compose(square, reciprocal, a)


# ---------------------------------------------------------------- arguments

@case(1.3, 0.6, wrt=("x", "y"))
def any_number_of_arguments(x, y):
    t = (x * y, y)
    return total(x, y, x * x) + total(*t) * total(1.0, *t) + total(*t, *t)


@case(1.3, 0.6, wrt=("x", "y"))
def keyword_only_arguments(x, y):
    s = scaled(x, by=y) + scaled(y, shift=x * x) * scaled(shift=y, v=x, by=3.0)
    return s + divided(x, y, 1, 2, c=x) + divided(x)


def taking(y, k):
    v = y[k]
    y[k] = v * v + 1.0
    return v


def ordered(a, b, c=0.0):
    return a * 10.0 + b * b + c


@case(X)
def arguments_with_effects(x):
    y = x.copy()
    s = ordered(taking(y, 0), taking(y, 0), taking(y, 0))
    s += ordered(c=taking(y, 0), a=taking(y, 1), b=taking(y, 0))
    s += ordered(*(taking(y, 1), taking(y, 1)), c=taking(y, 1))
    return s + np.sum(y)


def counted(y, k=2):
    y[k] = y[k] * y[k + 1]
    return y[k]


@case(X)
def mutating_functions_passed(x):
    y = x * 1.0
    f = counted
    s = f(y) + f(y, 0) + apply(counted, y)
    (lambda z: each(square, z))(y)
    g = doubled
    g(y)
    h = lambda z: doubled(z)              # noqa: E731
    h(y[1:3])
    return s + np.sum(y * x)


# ---------------------------------------------------------------- names assigned in expressions

@case(1.3)
@case(0.3)
def walrus(x):
    s = 0.0
    if (y := x * x) > 1.0:
        s += y * x
    s = s + x + (x := x * y) * x
    while (s := s * 0.5 + 0.1 * x) > 0.4 and (z := s * x) > 0.1:
        x = x * 0.9 + 0.01 * z
    return s * x + y


@case(1.3, 0.6, wrt=("x", "y"))
def walrus_in_arguments(x, y):
    return ordered(x, (x := x * y), x) + x * (y := y + x) + (y if (y := y * y) > 0.2 else x)


@functools.cache
def cached(v):
    return v * v


@case(1.3)
def wrapped_function(x):
    return cached(x) * x


# ---------------------------------------------------------------- loops over tuples, calls within calls of one function

def squares(*args):
    s = 0.0
    for a in args:
        s += a * a
    return s


@case(X, 1.0)
@case(X, 9.0)
def loops_over_tuples(x, most):
    s = squares(x[0], x[1], 2.0) + squares(x[2])
    a, b = x[0], x[1]
    for v in (a, b, a * b):
        a = a * 2.0
        s += v * a
        if s > most:
            break
    else:
        s *= x[3]
    for f, (v, w) in ((square, (a, b)), (math.sin, (b, s)), (cube, (s, 1.0))):
        s = 0.1 * s * f(v) + w
    for k, v in enumerate((a, b)):
        s += k * v * v
    return s


def with_default_function(v, f=square):
    return f(v)


@case(1.3)
def calls_within_calls(x):
    s = apply(lambda v: apply(square, v) * v, x)
    s += twice(lambda v: twice(lambda w: w * v, x), 0.5)
    return s + with_default_function(x) * with_default_function(x, math.sin) + with_default_function(x, f=cube)


@case(1.3)
def calls_what_is_defined_later(x):
    def h(v): return k(v) * 2.0           # noqa: E306, E704
    def k(v): return v * v * x            # noqa: E306, E704
    return h(x)


@case(X)
def rebinds_an_array_inside(x):
    y = x.copy()

    def double():
        nonlocal y
        z = y * 2.0
        y = z * x
    double()
    double()
    return np.sum(y)
