"""Programs that keep arrays in lists: histories, rows. They add themselves to ``CASES``."""
import numpy as np

from tests.derivatives.programs import X, case

COMPILED = ["history_of_states", "rows_filled_later", "ragged_rows", "states_of_growing_size"]


@case(X, 4)
@case(X, 40)
@case(X, 0)
def history_of_states(x, n):
    history = []
    u = x * x
    for k in range(n):
        history.append(u.copy())
        for i in range(4):
            u[i] = 0.9 * u[i] * x[i] + 0.1 * history[k][(i + 1) % 4]
    t = x[0]
    for k in range(n - 1, -1, -1):
        t = 0.5 * t + history[k][1] * history[n - 1 - k][2]
    return t + len(history)


@case(X, 3)
def rows_filled_later(x, n):
    rows = [np.zeros(3) for _ in range(n)]
    for k in range(n):
        row = rows[k]
        for i in range(3):
            row[i] = x[k] * x[i]
        rows[0][2] = rows[k][1] * 0.5 + rows[0][2]
    return rows[0][2] * rows[-1][0] + np.sum(rows[1] * rows[n - 1])


@case(X, 4)
def ragged_rows(x, n):
    rows = []
    for k in range(n):
        rows.append(x[:k] * x[k])
    t = 0.0
    for r in rows:
        for v in r:
            t = t * 0.8 + v * v
    for k, r in enumerate(rows):
        t += k * r.shape[0] * np.sum(r)
    return t * len(rows)


@case(X, 5)
def appended_and_bound_anew(x, n):
    seen = [x * 1.0]
    u = x * 2.0
    for k in range(n):
        seen.append(u)
        u = u * x * 0.5 + seen[k] * 0.3
    return np.dot(seen[n], seen[1]) * seen[-2][3]


@case(X, 3)
def list_of_arrays_in_a_loop(x, n):
    t = x[0]
    for k in range(n):
        parts = []
        for i in range(k + 1):
            parts.append(x * t)
        last = parts[k]
        t = t * 0.5 + last[k] * parts[0][3]
    return t


@case(X)
def first_element_kept_while_growing(x):
    h = []
    h.append(x * x)
    first = h[0]
    for k in range(30):
        h.append(h[k] * 0.9)
    return first[0] * h[30][1] + np.sum(first * h[7])


@case(X)
def intervals_on_a_stack(x):
    stack = [np.array([0.1 * x[0], 1.0 + 0.2 * x[1]])]
    total = 0.0
    while len(stack) > 0:
        ends = stack.pop()
        low, high = ends[0], ends[1]
        middle = 0.5 * (low + high)
        if high - low > 0.3:
            stack.append(np.array([low, middle]))
            stack.append(np.array([middle, high]))
        else:
            total += (high - low) * np.exp(middle * x[2])
    return total


@case(X, 3)
def states_of_growing_size(x, n):
    states = [x[:2].copy()]
    for k in range(n):
        u = np.empty(k + 1)
        for i in range(k + 1):
            u[i] = x[i] * x[k]
        states.append(u)
    second = states.pop(1)
    first = states.pop(0)
    states.append(first * second[0])
    t = np.sum(second * second)
    while len(states) > 0:
        last = states.pop()
        last[0] = last[0] * t
        t = 0.3 * t + np.sum(last * last)
    return t


@case(X)
def top_replaced(x):
    stack = [x * 2.0]
    t = 0.0
    for k in range(3):
        top = stack[-1]
        t += np.sum(top) * x[k]
        if k == 1:
            stack.pop()
            stack.append(top * x[0])
        stack.append(top * top)
    stack.clear()
    stack.append(x)
    return t * stack[0][0]


@case(X)
def pieces_changed_before_they_are_kept(x):
    kept = [x.copy()]
    for k in range(3):
        u = x * x
        tail = u[1:]
        tail[0] = x[k] ** 3
        u += x
        if x[k] > 0.0:
            kept.append(u)
    t = 0.0
    while len(kept) > 0:
        v = kept.pop()
        t = t * 0.5 + v[1] * v[2]
    return t
