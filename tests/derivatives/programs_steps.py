"""Programs whose names refer to views with steps that are many, or known at run time only; they join ``CASES``."""
import numpy as np

from tests.derivatives.programs import case

X = np.linspace(0.3, 1.4, 8)
M = np.arange(24.0).reshape(4, 6) / 11 + 0.2

COMPILED = ["swapped_steps"]


@case(X)
def halved_under_a_second_name(x):
    v = x * 1.0
    w = v
    s = 0.0
    while len(v) > 1:
        v[0] *= v[1]
        v = v[::2]
        s += w[0] * w[-1]
    return s


@case(X)
def halved_and_swapped(x):
    v = x * 1.0
    w = x * 2.0
    while len(v) > 1:
        v = v[::2]
        w = w[::2]
        v, w = w, v
        v[0] += w[-1]
    return v[0] * w[0]


@case(X, 3)
@case(X, 0)
def step_of_one_path(x, k):
    a = x * x
    v = a[::k] if k > 1 else a
    v[0] *= v[-1]
    v[1] = x[0]
    return np.sum(a) + np.sum(v) * a[2]


@case(X, 2)
def steps_down_and_up(x, n):
    a = x * 1.0
    v = a
    for t in range(n):
        v = v[::-2] if t % 2 else v[1::2]
        v[0] = v[0] * x[t] + v[-1]
    return np.sum(a * a) + np.sum(v)


@case(M, 3)
def steps_of_a_matrix(x, n):
    A = x * 1.0
    V = A
    for t in range(1, n):
        V = V[::t, ::-1].T
        V[0, 0] *= V[-1, 1]
        V[1] = V[0] * 2.0
    return np.sum(A * A) + np.sum(V)


@case(X, 3)
def swapped_steps(x, n):
    a = x * 1.0
    b = x * 2.0
    v, w = a, b[::2]
    for t in range(1, n):
        v, w = w[::t], v
        v[0] += w[-1] * x[t]
        w[1] = v[0] * w[0]
    return np.sum(a * b) + v[-1] + np.sum(w)


@case(M, 4)
def steps_along_rows(x, n):
    v = x[0]
    s = 0.0
    for t in range(1, n):
        s += np.sum(v) * v[-1]
        v = x[t, ::t]
    return s + v[0]


@case(X, 3)
def steps_of_an_argument(x, k):
    v = x[1:]
    for t in range(1, k):
        v = v[::t]
        v[0] *= 2.0
    return np.sum(x) * v[-1]


@case(X, 1)
@case(X, 3)
def old_steps_kept(x, n):
    a = x * 1.0
    v = a
    old = a
    for t in range(1, n):
        old = v
        v = v[t // 2::t]
        v[0] = old[0] * old[-1]
        old[-1] += v[0]
    return np.sum(a) + old[0] * v[-1]


@case(X, 0)
@case(X, 3)
def bound_to_part_of_an_old_view(x, n):
    b = x * 2.0
    c = b[1:]
    for _ in range(n):
        b = c[1:]
    return np.sum(b * b) + np.sum(c)


@case(X, 0)
@case(X, 3)
def bound_to_part_of_an_old_view_written(x, n):
    b = x * 2.0
    c = b[1:]
    d = c[1:]
    for _ in range(n):
        b = d[:-1]
        d[0] = 3.0 * x[0]
        b[0] *= c[1]
    return np.sum(b * b) + np.sum(c)


@case(X, 4)
@case(X, 0)
def bound_anew_after_a_view_of_either(x, n):
    a = np.sin(x)
    b = x * 1.0
    if n < 3:
        b = a[1:]
    a = b[::2]
    a[1] += a[1] * x[0]
    if n > 1:
        b = b * x[1]
    return np.sum(a) + np.sum(b * b)


@case(X)
def results_kept_at_shifted_places(x):
    s = x[0]
    u = np.zeros(8)
    for i in range(4):
        s = 0.5 * s + x[i] * x[1]
        u[i + 1] = np.sqrt(1.0 + s * s)
    return s + np.sum(u)


@case(X)
def results_kept_in_two_rows(x):
    s = x[0]
    u = np.zeros((3, 8))
    for i in range(4):
        k = i + 1
        s = 0.5 * s + x[i] * x[1]
        t = np.exp(0.1 * s)
        u[i // 2, 2 * i + 1] = t
        s += t * x[k % 4]
    return s + np.sum(u)


@case(X)
def results_kept_where_an_array_says(x):
    s = x[0]
    u = np.zeros(8)
    places = np.array([3, 1, 2, 0])
    for i in range(4):
        s = 0.5 * s + x[i] * x[1]
        u[places[i] + 1] = np.exp(0.1 * s)
    return s + np.sum(u)
