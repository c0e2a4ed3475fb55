"""Programs whose values are carried past what changes them: through loops, branches and the overwriting of a part."""
import math

import numpy as np

from tests.derivatives.programs import X, Y, case


@case(X, 1)
@case(X, 3)
@case(X, 4)
def from_a_later_start(x, m):
    s = 0.7
    for i in range(m, 4):
        s = s * math.sin(x[i] + s)
    return s


@case(X, 2)
@case(X, 0)
def down_from_a_count(x, n):
    s = 0.7
    for i in range(n, -1, -1):
        s = s * math.sin(x[i] + s)
    return s


@case(X, Y, wrt=("x", "y"))
def all_but_the_last_refilled(x, y):
    u = np.zeros(4)
    u[3] = 0.8
    s = 0.5
    for t in range(3):
        s = s * u[3] + math.sin(u[0] * y[t])
        for i in range(3):
            u[i] = s * x[i]
        u[3] = s * u[1]
    return s


@case(X, Y, wrt=("x", "y"))
def refilled_where_positive(x, y):
    u = np.ones(4)
    s = 0.5
    for t in range(3):
        s = s * u[1] + math.sin(u[0] * y[t])
        for i in range(4):
            if y[i] > 0.0:
                u[i] = s * x[i]
        u[1] = s * u[2]
    return s


@case(X, 0.8, wrt=("x", "a"))
def added_after_a_loop(x, a):
    s = a
    for t in range(2):
        p = a * x[t]
        for i in range(3):
            s = s * x[i]
        s = s + p
    return s


@case(X, 0.8, wrt=("x", "a"))
def subtracted_after_a_branch(x, a):
    s = a
    for t in range(4):
        p = a * x[t]
        if x[t] > 0.6:
            s = s * math.sin(x[t])
        s -= p
    return s


@case(X, 0.8, wrt=("x", "a"))
def each_shifted_on(x, a):
    p, q, r = a, x[0], x[1]
    for t in range(4):
        p, q, r = q, r, p * x[t] - q
    return p * q + r


@case(X, 0.8, wrt=("x", "a"))
def hypotenuse_of_itself(x, a):
    s = a
    for t in range(4):
        s = math.hypot(s, x[t] * a)
        a = math.hypot(x[t], a)
    return s * a


@case(X, 0.8, wrt=("x", "a"))
def power_of_itself(x, a):
    s = a
    for t in range(4):
        s = s ** x[t]
        a = a / (a + x[t])
    return s * a


COMPILED = ["all_but_the_last_refilled", "hypotenuse_of_itself"]
