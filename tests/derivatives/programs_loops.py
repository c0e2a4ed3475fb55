"""Loops left in every way, with bounds and conditions that do things. They add themselves to ``CASES``."""
import math

import numpy as np
from numba import prange

from tests.derivatives.programs import X, case

COMPILED = ["condition_fills_an_array", "walrus_in_a_condition", "leaves_from_any_depth", "else_of_everything",
            "loop_variable_outlives_its_loop", "bounds_from_active_values", "one_path_only", "collatz"]


def shifted(y, x):
    z = np.empty(4)
    for i in range(4):
        z[i] = y * x[i] - 0.1
    return z


def advanced(state, x):
    state[0] = state[0] * x[0] * 0.7 + 0.1
    return state[0]


@case(X)
def condition_fills_an_array(x):
    y = x[0] * 5.0
    while np.sum(shifted(y, x)) > 1.0:
        y = y * 0.5 * x[1]
    return y * y


@case(X)
def condition_changes_the_state(x):
    state = x * x
    t = 0.0
    while advanced(state, x) < 6.0 and t < 100.0:
        t = t + state[0] * state[1]
        if t > 40.0:
            break
    return t * state[0]


@case(X)
def walrus_in_a_condition(x):
    y = x[0] + 2.0
    t = 0.0
    while (r := y * y - x[2]) > 0.017 or r < -0.017:
        y = y - r / (2.0 * y)
        t += r * x[1]
    return y * t + r


@case(X)
def condition_with_else_and_break(x):
    state = x * 1.0
    t = x[1]
    k = 0
    while advanced(state, x) < 1.2:
        t = t * state[0]
        k += 1
        if t > 0.9 or k > 9:
            t += 10.0
            break
        continue
    else:
        t = t * t * state[0]
    return t


@case(X)
def nested_conditions_that_write(x):
    a = x * 1.0
    b = x * 0.5
    t = 0.0
    n = 0
    while advanced(a, x) < 2.5 and n < 5:
        n += 1
        k = 0
        while advanced(b, a) < 1.5 and k < 3:
            t = t * 0.5 + b[0] * a[0]
            k += 1
        a[0] += 0.3 * t * x[3]
    return t * a[0] * b[0]


@case(X, 0)
@case(X, 1)
@case(X, 2)
@case(X, 3)
@case(X, 4)
def leaves_from_any_depth(x, n):
    s = x[0]
    for i in range(4):
        j = 0
        while True:
            s = s * 0.9 + x[j] * x[i]
            if j == n and i == 1:
                for k in range(3):
                    s = s * x[k]
                    if k == n:
                        return s * s
                    if k == 1 and n == 2:
                        break
                else:
                    s = s + 1.0
                    if n == 3:
                        return s * x[2]
            if j >= 2:
                break
            j += 1
            if j == 2 and n == 4:
                return s * x[3]
        else:
            return -s
        if i == n - 1:
            continue
        s = s + x[i]
    return s * x[1]


@case(X, 0, 9)
@case(X, 2, 9)
@case(X, 9, 1)
@case(X, 9, 9)
def else_of_everything(x, n, m):
    s = 1.0
    for i in range(4):
        s = s * x[i]
        if i == n:
            break
        for j in range(3):
            if j == m:
                break
            s += x[j] * s * 0.1
        else:
            s = s * 1.1
            continue
        s = s - x[i]
    else:
        s = s + x[0] * x[0]
        k = 0
        while k < 5:
            k += 1
            if k == n:
                break
            s = s * 0.9
        else:
            s = s * x[3]
    return s * s


@case(X, 3)
@case(X, 0)
def loop_variable_outlives_its_loop(x, n):
    i = 1
    s = x[0]
    for i in range(n):
        s = s * x[i]
        i = i + 5
        s += i
    s = s * (i + 1)
    for i in range(2, 2 * n, 2):
        s += x[i % 4] * i
    return s * s * i


@case(X, 3)
def bounds_bound_again(x, n):
    s = x[0]
    step = 1
    start = 0
    for i in range(start, n, step):
        n = n + 1
        step = 3
        start = i
        s = s * x[i] + n
    return s * n + start * step


@case(X)
def bounds_from_active_values(x):
    s = x[0]
    for i in range(int(x[0] * 3.0)):
        s = s * x[1] + i
    k = int(s)
    for i in range(k, int(-2.0 * x[2]), -max(int(x[0] * 2.0), 1)):
        s = s * 0.5 + x[i % 4]
    return s * s


@case(X, 3, -1, -1)
@case(X, 0, 4, 2)
@case(X, 3, -9, -2)
@case(X, 2, 1, 1)
def run_time_steps(x, a, b, c):
    s = x[0]
    last = -1
    for i in range(a, b, c):
        s = s * x[i % 4] + x[1]
        last = i
    for i in range(a, b, 2 * c):
        for j in range(i, b, c):
            s += x[j % 4] * s * 0.1
            if j == last:
                break
    return s * (last + 3)


@case(X, 1)
@case(X, 0)
def one_path_only(x, k):
    s = x[0]
    for i in range(3):
        if k > 0:
            y = x[i] * s
            m = i
        if i > 0 and k > 0:
            s = s + y * y + m
    return s


@case(X)
def predicates_overwritten_in_their_branches(x):
    a = x[0]
    flag = a > 1.0
    n = 3
    for i in range(6):
        if flag:
            flag = a < 3.0
            a = a * x[1]
            if flag and n > 1:
                n = n - 1
                flag = not flag
        else:
            a = a * a + x[2]
            flag = i % 2 == 0
            if flag or n == 1:
                flag = a > 2.0
    return a * n


@case(X, 27)
def collatz(x, n):
    s = x[0]
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            s = s * 0.99 + x[1] * 0.01
        else:
            n = 3 * n + 1
            s = s + 0.01 * x[2] * s
    return s * s


@case(X, 1000)
def huge_and_empty(x, n):
    s = x[0]
    for i in range(n):
        pass
    for i in range(n):
        s = s * x[1]
        if s < 0.1:
            break
    return s * i


@case(X)
def reduction_by_prange(x):
    s = 0.0
    for i in prange(4):
        y = x[i] * x[i]
        s += y * math.sin(y)
    return s * s


@case(X)
def always_returns_inside(x):
    k = 0
    while True:
        for i in range(3):
            k += 1
            if x[i] * k > 4.0:
                return x[i] * x[0] * k
            if k > 20:
                return x[0]
        if k > 7:
            break
    return x[1] * k


@case(X)
def exits_of_equal_rank(x):
    s = x[0]
    i = 0
    while i < 50:
        i += 1
        if s > 30.0:
            s = s - x[1]
            break
        if s > 20.0 and i > 3:
            s = s * x[2]
            continue
        if s < 0.0:
            return s
        s = s * 1.2 + x[3]
    else:
        s = -s
    return s * s


@case(X, 12)
def countdown_by_subtraction(x, n):
    s = x[0]
    while n:
        s = s * x[n % 4] + 0.5
        n -= 1
        if not n % 5 and n:
            n -= 1
    return s


@case(X, np.array([2, 0, 3, 1]))
def indirect_walk(x, successor):
    s = x[0]
    i = 0
    for k in range(5):
        i = successor[i]
        s = s * x[i] + x[k % 4]
        if i == 0:
            i = 3
    return s


@case(X, np.int32(3))
@case(X, np.uint8(3))
def narrow_bounds(x, n):
    s = x[0]
    for i in range(n):
        s = s * x[i] + i
    for i in range(n, 0, -1):
        s = s + x[i] * s * 0.1
    return s * n


# ---------------------------------------------------------------------------- names that generated code uses

@case(np.array([0.7, 1.1]), 1.3, 0.9, 0.2, wrt=("x", "sech2", "grown"))
def named(x, named_adjoint, sech2, grown):
    s = np.tanh(x[0]) * named_adjoint
    while s > 0.1:
        s = s * 0.5 * sech2
    return s * s + grown


@case(0.4, 0.3, wrt=("value", "b"))
def called_value(value, b):
    for i in range(3):
        value = np.exp(np.sin(value * b))
    return value + b
