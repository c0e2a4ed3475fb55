"""Linear algebra by loops: factorisations, solvers, iterations. ``CASES``: name -> (function, arguments, wrt)."""
import math

import numpy as np

RNG = np.random.default_rng(11)
GENERAL = RNG.normal(size=(5, 5)) + np.diag([0.1, 0.2, 0.1, 0.3, 0.2])
SPD = GENERAL @ GENERAL.T + 2.0 * np.eye(5)
RIGHT = RNG.normal(size=5)
WEIGHTS = RNG.normal(size=5)
TALL = RNG.normal(size=(6, 3))
OBSERVED = RNG.normal(size=6)


def lu_decompose(a, pivots):
    n = a.shape[0]
    sign = 1.0
    for k in range(n):
        p = k
        largest = abs(a[k, k])
        for i in range(k + 1, n):
            if abs(a[i, k]) > largest:
                largest = abs(a[i, k])
                p = i
        if largest == 0.0:
            raise ValueError("matrix is singular")
        pivots[k] = p
        if p != k:
            sign = -sign
            for j in range(n):
                a[k, j], a[p, j] = a[p, j], a[k, j]
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return sign


def lu_solve(a, b, w):
    """Solve with partial pivoting; the determinant rides along, so that the sign of the permutation matters."""
    lu = a.copy()
    n = a.shape[0]
    pivots = np.empty(n, np.int64)
    det = lu_decompose(lu, pivots)
    x = b.copy()
    for k in range(n):
        det *= lu[k, k]
        p = pivots[k]
        x[k], x[p] = x[p], x[k]
        for i in range(k):
            x[k] -= lu[k, i] * x[i]
    for k in range(n - 1, -1, -1):
        for i in range(k + 1, n):
            x[k] -= lu[k, i] * x[i]
        x[k] /= lu[k, k]
    return np.dot(w, x) + 0.1 * det


def cholesky_solve(a, b):
    """Log density of a Gaussian up to a constant: half the log determinant and the quadratic form."""
    n = a.shape[0]
    low = np.zeros((n, n))
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= low[j, k] ** 2
        assert s > 0.0, "not positive definite"
        low[j, j] = math.sqrt(s)
        for i in range(j + 1, n):
            s = a[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            low[i, j] = s / low[j, j]
    y = np.empty(n)
    quadratic = 0.0
    logdet = 0.0
    for i in range(n):
        s = b[i]
        for k in range(i):
            s -= low[i, k] * y[k]
        y[i] = s / low[i, i]
        quadratic += y[i] * y[i]
        logdet += math.log(low[i, i])
    return -0.5 * quadratic - logdet


def householder_least_squares(a, b):
    """QR by Householder reflections in place, then the norm of the residual and of the solution."""
    r = a.copy()
    y = b.copy()
    m, n = a.shape
    v = np.zeros(m)
    for k in range(n):
        norm = 0.0
        for i in range(k, m):
            norm += r[i, k] * r[i, k]
        norm = math.sqrt(norm)
        if r[k, k] > 0.0:
            norm = -norm
        v[k:] = r[k:, k]
        v[k] -= norm
        beta = 2.0 / np.dot(v[k:], v[k:])
        for j in range(k, n):
            s = beta * np.dot(v[k:], r[k:, j])
            r[k:, j] -= s * v[k:]
        s = beta * np.dot(v[k:], y[k:])
        y[k:] -= s * v[k:]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - np.dot(r[i, i + 1:], x[i + 1:])) / r[i, i]
    return np.sum(y[n:] ** 2) + np.sum(x ** 3)


def tridiagonal_solve(lower, diagonal, upper, right):
    """Thomas algorithm, in place on copies."""
    n = diagonal.shape[0]
    d = diagonal.copy()
    x = right.copy()
    for i in range(1, n):
        factor = lower[i - 1] / d[i - 1]
        d[i] -= factor * upper[i - 1]
        x[i] -= factor * x[i - 1]
    x[n - 1] /= d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / d[i]
    total = 0.0
    for i in range(n):
        total += x[i] * x[i] * (i + 1)
    return total


def conjugate_gradients(a, b, tolerance):
    """Run until the residual is small; the number of iterations depends on the data."""
    n = b.shape[0]
    x = np.zeros(n)
    r = b - a @ x
    p = r.copy()
    rs = np.dot(r, r)
    k = 0
    while rs > tolerance * tolerance and k < 10 * n:
        q = a @ p
        alpha = rs / np.dot(p, q)
        x += alpha * p
        r -= alpha * q
        rs_new = np.dot(r, r)
        p = r + (rs_new / rs) * p
        rs = rs_new
        k += 1
    return np.sum(x * x)


def power_iteration(a, steps):
    """The largest eigenvalue as a Rayleigh quotient."""
    n = a.shape[0]
    v = np.ones(n) / math.sqrt(n)
    for _ in range(steps):
        w = np.zeros(n)
        for i in range(n):
            for j in range(n):
                w[i] += a[i, j] * v[j]
        v = w / math.sqrt(np.sum(w * w))
    return v @ (a @ v)


def gram_schmidt(a):
    """Modified Gram-Schmidt in place on columns; a functional of the triangular factor."""
    q = a.copy()
    m, n = q.shape
    total = 0.0
    for k in range(n):
        column = q[:, k]
        rkk = math.sqrt(np.sum(column ** 2))
        column /= rkk
        total += math.log(rkk)
        for j in range(k + 1, n):
            rkj = np.sum(column * q[:, j])
            q[:, j] -= rkj * column
            total += rkj * rkj
    return total + q[m - 1, n - 1]


def smooth(u, f, h, sweeps):
    for _ in range(sweeps):
        for i in range(1, u.shape[0] - 1):
            u[i] = 0.5 * (u[i - 1] + u[i + 1] + h * h * f[i])


def multigrid(f, cycles):
    """V-cycles for a Poisson equation; all levels lie in one buffer, one behind the other."""
    n = f.shape[0]
    levels = 0
    m = n
    while m >= 3:
        levels += 1
        m = (m - 1) // 2 + 1
        if m == 2:
            break
    start = np.zeros(levels + 1, np.int64)
    size = n
    for level in range(levels):
        start[level + 1] = start[level] + size
        size = (size - 1) // 2 + 1
    u = np.zeros(start[levels])
    right = np.zeros(start[levels])
    right[:n] = f
    for _ in range(cycles):
        h = 1.0 / (n - 1)
        for level in range(levels - 1):
            v, g = u[start[level]:start[level + 1]], right[start[level]:start[level + 1]]
            smooth(v, g, h, 2)
            coarse_u, coarse = start[level + 1], start[level + 1]
            length = start[level + 2] - start[level + 1]
            for i in range(1, length - 1):
                k = 2 * i
                before = g[k - 1] + (v[k - 2] - 2.0 * v[k - 1] + v[k]) / (h * h)
                here = g[k] + (v[k - 1] - 2.0 * v[k] + v[k + 1]) / (h * h)
                after = g[k + 1] + (v[k] - 2.0 * v[k + 1] + v[k + 2]) / (h * h)
                right[coarse + i] = 0.25 * (before + 2.0 * here + after)
                u[coarse_u + i] = 0.0
            h *= 2.0
        smooth(u[start[levels - 1]:], right[start[levels - 1]:], h, 20)
        for level in range(levels - 2, -1, -1):
            h *= 0.5
            v = u[start[level]:start[level + 1]]
            correction = u[start[level + 1]:start[level + 2]]
            for i in range(correction.shape[0] - 1):
                v[2 * i] += correction[i]
                v[2 * i + 1] += 0.5 * (correction[i] + correction[i + 1])
            smooth(v, right[start[level]:start[level + 1]], h, 2)
    return np.sum(u[:n] ** 2)


CASES = {
    "lu_solve": (lu_solve, (GENERAL, RIGHT, WEIGHTS), ("a", "b")),
    "cholesky_solve": (cholesky_solve, (SPD, RIGHT), ("a", "b")),
    "householder_least_squares": (householder_least_squares, (TALL, OBSERVED), ("a", "b")),
    "tridiagonal_solve": (tridiagonal_solve, (RIGHT[:4].copy(), 4.0 + WEIGHTS, WEIGHTS[:4].copy(), RIGHT),
                          ("lower", "diagonal", "upper", "right")),
    "conjugate_gradients": (conjugate_gradients, (SPD, RIGHT, 1e-12), ("a", "b")),
    "power_iteration": (power_iteration, (SPD, 30), ("a",)),
    "gram_schmidt": (gram_schmidt, (TALL,), ("a",)),
    "multigrid": (multigrid, (np.sin(np.arange(17.0)), 3), ("f",)),
}
