"""Programs that loop over something else than a plain range, and arrays without axes."""
import numpy as np

from tests.derivatives.programs import W, X, Y, case


@case(X, 3)
@case(X, -2)
def enumerated_range(x, k):
    s = 0.0
    for i, j in enumerate(range(3, -1, -2), k):
        k += 5
        s = s * x[j] + i * x[j] * x[0]
    return s + k


@case(X, 0, 4, 3)
@case(X, 3, -1, -1)
@case(X, 3, 0, 1)
def enumerated_range_of_unknown_step(x, a, b, c):
    s = x[0]
    for i, j in enumerate(range(a, b, c)):
        s = s * x[j] * (i + 1.0)
        a += 1
        c += 1
    return s


@case(X, W, wrt=("x", "w"))
def zipped_unequal(x, w):
    s = 1.0
    for v, j, (k, u), row in zip(x, range(1, 9, 2), enumerate(x[::-1]), w):
        s = s * v + j * u * k + row[1] * row[0]
    return s


@case(W, wrt=("w",))
def all_indices(w):
    s = 0.0
    for i, j in np.ndindex(w.shape):
        if j == 2:
            continue
        w[i, j] = w[i, j] * w[0, 0]
        s = s * w[i, j] + s + w[i, j]
    else:
        s = s * s
    for ij in np.ndindex((2, 3)):
        s += w[ij] * s
    for (k,) in np.ndindex(2):
        s *= w[k, 0]
    return s


@case(W, wrt=("w",))
def all_indices_until(w):
    s = 0.0
    for i, j in np.ndindex(3, 4):
        s = s + w[i, j] * w[j - 3, i]
        if s > 0.4:
            break
    else:
        s = -s
    return s * s


@case(W, wrt=("w",))
def leaves_all_indices(w):
    s = 1.0
    for i, j in np.ndindex(w.shape):
        s = s * (1.0 + w[i, j])
        if s > 2.0:
            return s * w[i, j]
    return s


@case(W, wrt=("w",))
def rows_backwards(w):
    for row in w[::-1]:
        row[0] = row[1] * row[2]
        row[1:] *= row[0]
    s = 0.0
    for a, b, _, _ in w:
        s = s * a + b
    for a, b, c in w.T[1:]:
        s += a * b * c
    return s


@case(X)
def loops_over_what_is_written(x):
    s = 0.0
    for v in x[::-1]:
        x[0] = x[0] + v
        s = s * v + x[0]
    return s


@case(X, Y, wrt=("x", "y"))
def without_axes(x, y):
    a = np.where(x[0] > 1.0, x[0] * y[0], 2.0)
    b = np.where(x[1] > 1.0, x[1], a) + 1.0
    c = np.array(3.0)
    d = np.array(x[2])
    s = 0.0
    for i in range(3):
        e = np.where(s > 1.0, s * y[i], x[i])
        s = s + e * e
    return a * b * c[()] + d * s + np.sum(x * a) + x[()][1]
