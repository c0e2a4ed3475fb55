"""Loops of linear algebra, filters and stencils, written out: the kind of code numba is used for."""
import numpy as np

from workloads.case import Workload


def lu(a):
    m = a.copy()
    n = m.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                m[i, j] -= m[i, k] * m[k, j]
            m[i, j] /= m[j, j]
        for j in range(i, n):
            for k in range(i):
                m[i, j] -= m[i, k] * m[k, j]
    s = 0.0
    for i in range(n):
        s += np.log(abs(m[i, i]))
    return s


def cholesky(a):
    m = a.copy()
    n = m.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                m[i, j] -= m[i, k] * m[j, k]
            m[i, j] /= m[j, j]
        for k in range(i):
            m[i, i] -= m[i, k] * m[i, k]
        m[i, i] = np.sqrt(m[i, i])
    s = 0.0
    for i in range(n):
        s += np.log(m[i, i])
    return s


def gram_schmidt(a):
    q = a.copy()
    rows, columns = q.shape
    s = 0.0
    for k in range(columns):
        norm = 0.0
        for i in range(rows):
            norm += q[i, k] * q[i, k]
        norm = np.sqrt(norm)
        s += np.log(norm)
        for i in range(rows):
            q[i, k] /= norm
        for j in range(k + 1, columns):
            r = 0.0
            for i in range(rows):
                r += q[i, k] * q[i, j]
            for i in range(rows):
                q[i, j] -= q[i, k] * r
    return s


def triangular_solve(a, b):
    x = np.empty_like(b)
    n = b.shape[0]
    for i in range(n):
        t = b[i]
        for j in range(i):
            t -= a[i, j] * x[j]
        x[i] = t / a[i, i]
    s = 0.0
    for i in range(n):
        s += x[i] * x[i]
    return s


def seidel(a0, sweeps):
    a = a0.copy()
    n = a.shape[0]
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                a[i, j] = (a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1] + a[i, j - 1] + a[i, j] + a[i, j + 1]
                           + a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]) / 9.0
    s = 0.0
    for i in range(n):
        for j in range(n):
            s += a[i, j] * a[i, j]
    return s


def durbin(r):
    n = r.shape[0]
    y = np.empty(n)
    z = np.empty(n)
    y[0] = -r[0]
    beta = 1.0
    alpha = -r[0]
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        t = 0.0
        for i in range(k):
            t += r[k - i - 1] * y[i]
        alpha = -(r[k] + t) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - i - 1]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    s = 0.0
    for i in range(n):
        s += y[i] * y[i]
    return s


def recursive_filter(image, a, b):
    rows, columns = image.shape
    down = np.empty_like(image)
    s = 0.0
    for i in range(rows):
        before = 0.0
        for j in range(columns):
            before = a * image[i, j] + b * before
            down[i, j] = before
        after = 0.0
        for j in range(columns - 1, -1, -1):
            after = a * image[i, j] + b * after
            e = down[i, j] + after
            s += e * e
    return s


def fdtd(ex0, ey0, hz0, steps):
    ex = ex0.copy()
    ey = ey0.copy()
    hz = hz0.copy()
    nx, ny = hz.shape
    for t in range(steps):
        for j in range(ny):
            ey[0, j] = 0.1 * t
        for i in range(1, nx):
            for j in range(ny):
                ey[i, j] -= 0.5 * (hz[i, j] - hz[i - 1, j])
        for i in range(nx):
            for j in range(1, ny):
                ex[i, j] -= 0.5 * (hz[i, j] - hz[i, j - 1])
        for i in range(nx - 1):
            for j in range(ny - 1):
                hz[i, j] -= 0.7 * (ex[i, j + 1] - ex[i, j] + ey[i + 1, j] - ey[i, j])
    s = 0.0
    for i in range(nx):
        for j in range(ny):
            s += hz[i, j] * hz[i, j]
    return s


def heat(u0, steps):
    n = u0.shape[0]
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                for k in range(1, n - 1):
                    v[i, j, k] = (0.125 * (u[i + 1, j, k] - 2.0 * u[i, j, k] + u[i - 1, j, k])
                                  + 0.125 * (u[i, j + 1, k] - 2.0 * u[i, j, k] + u[i, j - 1, k])
                                  + 0.125 * (u[i, j, k + 1] - 2.0 * u[i, j, k] + u[i, j, k - 1]) + u[i, j, k])
        u, v = v, u
    s = 0.0
    for i in range(n):
        for j in range(n):
            for k in range(n):
                s += u[i, j, k] * u[i, j, k]
    return s


def sparse_product(values, columns, starts, x):
    s = 0.0
    for i in range(starts.shape[0] - 1):
        t = 0.0
        for k in range(starts[i], starts[i + 1]):
            t += values[k] * x[columns[k]]
        s += t * t
    return s


def alternating_directions(u0, steps):
    n = u0.shape[0]
    u = u0.copy()
    p = np.empty((n, n))
    q = np.empty((n, n))
    v = np.empty((n, n))
    a = -0.4
    b = 1.8
    for _ in range(steps):
        for i in range(1, n - 1):
            v[0, i] = 1.0
            p[i, 0] = 0.0
            q[i, 0] = 1.0
            for j in range(1, n - 1):
                p[i, j] = -a / (a * p[i, j - 1] + b)
                q[i, j] = (0.4 * u[j, i - 1] + 0.2 * u[j, i] + 0.4 * u[j, i + 1] - a * q[i, j - 1]) \
                    / (a * p[i, j - 1] + b)
            v[n - 1, i] = 1.0
            for j in range(n - 2, 0, -1):
                v[j, i] = p[i, j] * v[j + 1, i] + q[i, j]
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                u[i, j] = v[i, j] + 0.1 * u[i, j] * u[i, j]
    s = 0.0
    for i in range(n):
        for j in range(n):
            s += u[i, j] * u[i, j]
    return s


def positive(n):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(n, n))
    return a @ a.T / n + np.eye(n)


def sparse(rows, per_row):
    rng = np.random.default_rng(0)
    return (rng.normal(size=rows * per_row), rng.integers(0, rows, rows * per_row),
            np.arange(rows + 1) * per_row, rng.normal(size=rows))


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


WORKLOADS = [
    Workload("LU, n = 150", lu, lambda small: (positive(5 if small else 150),), ("a",), reach=4.0),
    Workload("Cholesky, n = 200", cholesky, lambda small: (positive(5 if small else 200),), ("a",), reach=4.0),
    Workload("Gram-Schmidt, 200 x 150", gram_schmidt,
             lambda small: (normal(6, 4) if small else normal(200, 150),), ("a",), reach=4.0),
    Workload("triangular solve, n = 800", triangular_solve,
             lambda small: (positive(5 if small else 800), normal(5 if small else 800)), ("a", "b"), reach=4.0),
    Workload("Seidel, 200 x 200, 20 sweeps", seidel,
             lambda small: (normal(6, 6), 2) if small else (normal(200, 200), 20), ("a0",), reach=2.5),
    Workload("Durbin, n = 800", durbin,
             lambda small: (0.5 ** np.arange(1.0, 6.0 if small else 801.0) / 2.0,), ("r",), reach=4.0),
    Workload("recursive filter, 500 x 500", recursive_filter,
             lambda small: (normal(4, 5) if small else normal(500, 500), 0.3, 0.6), ("image", "a", "b"), reach=4.0),
    Workload("2-D Maxwell, 100 x 120, 50 steps", fdtd,
             lambda small: (*(normal(5, 6) for _ in range(3)), 3) if small
             else (*(normal(100, 120) for _ in range(3)), 50), ("ex0", "ey0", "hz0"), reach=2.5),
    Workload("3-D heat, 40^3, 10 steps", heat,
             lambda small: (normal(5, 5, 5), 2) if small else (normal(40, 40, 40), 10), ("u0",), reach=2.5),
    Workload("sparse product, 1e5 x 8", sparse_product, lambda small: sparse(*((6, 2) if small else (100_000, 8))),
             ("values", "x"), reach=4.0),
    Workload("alternating directions, 100 x 100, 10 steps", alternating_directions,
             lambda small: (normal(6, 6), 2) if small else (normal(100, 100), 10), ("u0",), reach=4.0),
]
