"""Programs that keep arrays in lists: histories, rows. They add themselves to ``CASES``."""
import numpy as np

from tests.derivatives.programs import X, case

COMPILED = ["history_of_states", "rows_filled_later", "ragged_rows"]


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
