"""Programs with tuples, namedtuples and dicts inside. They add themselves to ``CASES``."""
import math
from collections import namedtuple
from typing import NamedTuple

import numpy as np

from tests.derivatives.programs import W, X, Y, case

COMPILED = ["chosen_at_run_time", "left_early_from_a_tuple", "carried_pair", "swapped_tuples", "a_point_in_a_loop",
            "arrays_taken_in_turn"]

Point = namedtuple("Point", "x y")
ORIGIN = Point(0.5, -1.0)


class State(NamedTuple):
    position: float
    velocity: float
    steps: int = 0


@case(X, 7)
@case(X, 1)
@case(X, 0)
def chosen_at_run_time(x, n):
    t = (x[0] * x[1], math.sin(x[2]), x[3] * x[3])
    s = 1.0
    for i in range(n):
        s = s * t[i % 3] + t[-1 - i % 2]
    return s


@case(X)
def overwritten_after_the_choice(x):
    t = (x[0], x[1], x[2])
    s = 0.0
    for i in range(3):
        v = t[i] * t[2 - i]
        t = (t[1] * v, t[0], t[2])
        s += v
        i = 5
    return s * t[0]


@case(X, 2.0)
@case(X, 0.9)
@case(X, 0.0)
def left_early_from_a_tuple(x, bound):
    s = 0.0
    for k, v in enumerate((x[0], x[1] * x[2], x[3], 2.0)):
        if v < 0.5:
            continue
        if s > bound:
            s *= v
            break
        s += v * v * (k + 1.0)
    else:
        s = s * x[1]
    return s


@case(X)
def returned_from_inside_the_copies(x):
    for v in (x[3], x[0] * x[0], x[1]):
        if v > 1.0:
            return v * x[2]
    return x[0]


@case(X, 5)
@case(X, 0)
def carried_pair(x, n):
    p = (x[0], x[1])
    for i in range(n):
        a, b = p
        p = (b, a * b + x[i % 4])
    return p[0] * p[1]


@case(X, 4)
def swapped_tuples(x, n):
    p, q = (x[0], x[1]), (x[2], x[3])
    s = 0.0
    for i in range(n):
        p, q = q, (p[1], p[0] * q[1])
        s += p[0] * q[1]
    return s


@case(X, 1)
@case(X, 0)
def a_tuple_on_either_path(x, k):
    if k > 0:
        t = (x[0], (x[1], 2))
    else:
        t = (x[2] * x[2], (x[3], 3))
    a, (b, m) = t
    return a ** m * b


@case(X)
def put_together(x):
    t = (x[0], x[1]) + (x[2],)
    u = t[1:] + t[:1]
    total = sum(u) * max(t)
    for a, b in zip(t, reversed(u)):
        total += a * b * len(u)
    return total


@case(X, 6)
def a_point_in_a_loop(x, n):
    p = Point(x[0], y=x[1])
    for i in range(n):
        p = Point(p.x + 0.1 * p.y, p.y - 0.1 * p.x * x[2]) if p.x > 0.0 else Point(p.y, x[3])
    return p.x * p[1]


def stepped(state, force, h):
    v = state.velocity + h * force
    return State(state.position + h * v, v, state.steps + 1)


@case(X)
def a_state_through_a_helper(x):
    state = State(x[0], x[1])
    while state.steps < 4:
        state = stepped(state, -math.sin(state.position) * x[2], 0.3)
    position, velocity, steps = state
    return position * velocity * steps


@case(X)
def a_constant_point(x):
    return (x[0] - ORIGIN.x) ** 2 * (x[1] - ORIGIN[1])


@case(X)
def a_dict_inside(x):
    p = {"a": x[0] * x[1], "b": x[2]}
    s = 0.0
    for key, v in p.items():
        s += v * v if key == "a" else v * p["a"]
    return s


@case(W, X, Y, wrt=("w", "x", "y"))
def arrays_taken_in_turn(w, x, y):
    h = x
    for row, shift in zip((w[0], w[1], w[2]), (y, x, y * y)):
        h = np.tanh(h * row + shift)
    return np.sum(h)


@case(X, Y, wrt=("x", "y"))
def arrays_in_a_tuple_written(x, y):
    t = (np.zeros(3), x * y)
    for i in range(3):
        t[0][i] = t[1][i] * t[1][i + 1]
    t[0][0] *= t[0][2]
    return t[0][0] + t[0][1]


@case(X)
def the_same_value_twice(x):
    a = x[0] * x[1]
    t = (a, a, (a, x[2]))
    return t[0] * t[1] * t[2][0] * t[2][1]


@case(X)
def compared_tuples(x):
    t = (1, 2)
    s = x[0] if t == (1, 2) else x[1]
    if (int(x[0]), 7) != (1, 7):
        s *= x[2]
    return s * s


@case(X)
def items_swapped_in_the_target(x):
    a, b = x[0], x[1]
    s = 0.0
    for a, b in ((b, a), (b * 2.0, a), (a, b)):  # noqa: B020
        s += a * a * b
    return s * a


@case(X)
def a_literal_changed_in_the_body(x):
    s = 0.0
    for k in (1, 2, 3):
        s += x[k] * k
        k = k - 1
        s += x[k] * x[k]
    return s * k


@case(X)
def nested_items_change_places(x):
    t = ((x[0], x[1]), x[2])
    t = ((t[1], t[0][0] * x[3]), t[0][1])
    (a, b), c = t
    t = (t[1], t[0])
    return a * b * b + c * c * c + t[0] * t[1][1]
