"""Programs with index arrays and boolean masks, read and written, each a trap; collected by ``programs.py``."""
import numpy as np

from tests.derivatives.programs import W, X, Y, case

TWICE = np.array([1, 1, -1, 0])
ROWS = np.array([2, 0, 2])
TABLE = np.array([[0, 3], [2, -1]])
SOME = np.array([True, False, True, True])
NONE = np.array([False, False, False, False])


@case(X, TWICE)
@case(X, TWICE[:0])
@case(X, TWICE.astype(np.uint8) % 4)
def gather(x, idx):
    y = x[idx]
    s = 1.0
    for i in range(y.shape[0]):
        s = s * y[i] + y[i] * y[i]
    return s


@case(X, TWICE)
def gather_is_a_copy(x, idx):
    y = x[idx]
    y[0] = 3.0
    x[1] = x[1] * x[0]
    return np.sum(y * y) + x[1]


@case(X, TWICE)
def gather_of_reversed_view(x, idx):
    v = x[:0:-1]
    idx = idx[:2]
    return np.sum(v[idx] * v[idx - 3])


@case(W, ROWS, wrt=("a",))
def gather_rows(a, idx):
    b = a[idx]
    return np.sum(b * b * b)


@case(W, ROWS, wrt=("a",))
def gather_column(a, idx):
    return np.sum(a[idx, 1] * a[idx, -1]) + np.sum(np.exp(a[1, idx]))


@case(W, TWICE, wrt=("a",))
def gather_columns(a, idx):
    b = a[:, idx]
    c = a[1:, idx]
    return np.sum(b[1:] * c) + b[0, 0]


@case(W, ROWS, wrt=("a",))
def gather_pairs(a, idx):
    d = a[idx, idx]
    return d[0] * d[1] * d[2]


@case(X, TABLE)
def gather_by_table(x, table):
    b = x[table]
    return b[0, 1] * b[1, 1] * b[1, 0]


@case(X, Y, TWICE, wrt=("x", "y"))
def last_write_wins(x, y, idx):
    z = x.copy()
    z[idx] = y * y
    return np.sum(z * z * x)


@case(X, TWICE)
def writes_one_number(x, idx):
    z = x * x
    z[idx[:3]] = x[2]
    return z[0] * z[1] * z[2] * z[3]


@case(X, Y, TWICE, wrt=("x", "y"))
def update_reads_before_it_writes(x, y, idx):
    z = x * x
    z[idx] += y
    z[idx] *= 1.0 + y
    return np.sum(z * z)


@case(X, np.array([3, 2, 1, 0]))
def source_overlaps_target(x, idx):
    x[idx] = x
    x[idx[1:]] = x[:3] * x[1:]
    return x[0] + 2.0 * x[1] + 3.0 * x[2] * x[3]


@case(W, ROWS, wrt=("a",))
def rows_written(a, idx):
    a[idx] = a[1] * a[0]
    a[idx, 2] = a[1, :3]
    a[:, idx] *= 2.0
    return np.sum(a * a)


@case(X, SOME)
@case(X, NONE)
def masked(x, mask):
    y = x[mask]
    s = 1.0
    for v in y:
        s = s + v * v * s
    return s


@case(X)
@case(X - 2.0)
@case(X + 2.0)
def masked_by_value(x):
    y = x * x
    y[x > 0.6] = x[1]
    big = y[y > 0.3]
    return np.sum(big * big) + np.sum(x[x <= 1.0]) * y[0]


@case(X, SOME)
def masked_store(x, mask):
    y = x * 2.0
    y[mask] = np.sin(x[:3])
    y[mask] += x[1:]
    y[mask] *= 3.0
    y[~mask] -= x[0]
    return np.sum(y * y)


@case(X, SOME)
def mask_overwritten_later(x, mask):
    y = x[mask]
    mask[:] = False
    mask[1] = True
    y[1] = y[1] * x[mask][0]
    return np.sum(y * y)


@case(X, TWICE % 4)
def index_overwritten_later(x, idx):
    s = 0.0
    for k in range(4):
        y = x[idx]
        s = s * y[0] + y[1] * y[2] * y[3]
        idx[k] = 3 - idx[k]
    return s


@case(W, np.array([True, False, True]), wrt=("a",))
def mask_on_one_axis(a, mask):
    b = a[mask]
    a[mask, 1] = 2.0
    a[1:, a[0] > 0.0] *= a[0, 0]
    return np.sum(b * b * b) + np.sum(a * a)


@case(X)
def masks_in_a_loop(x):
    s = 0.0
    y = x * x
    for i in range(3):
        t = y[x > 0.5 * i]
        for k in range(t.shape[0]):
            s = s + t[k] * t[0] * s + t[k]
        y[y < s] = y[i] * x[0]
    return s + np.sum(y)


@case(X, TWICE)
def updates_in_a_loop(x, idx):
    h = np.zeros(4)
    for i in range(4):
        h[idx] += x[i] * x
        idx[i] = 2
    return np.sum(h * h)


@case(X, 3)
@case(X, 0)
def counted_arrays(x, n):
    s = 0.0
    for i in np.arange(n):
        s += x[i] * i
    down = np.arange(n - 1, -1, -1)
    odd = np.arange(1, 8, 2) * x
    for i in range(4):
        q = np.arange(i, n + 2)
        s += np.sum(q * x[i]) * np.sum(x[np.arange(4)[:n]])
    z = np.zeros(4)
    z[np.arange(n)] = x[down]
    return s + np.sum(odd) * np.sum(z * z) + np.sum(np.arange(5) / x[0]) + np.sum(np.arange(3, 0))
