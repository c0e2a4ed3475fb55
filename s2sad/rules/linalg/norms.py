"""Norms: ``norm`` of vectors and matrices, ``cond``, ``matrix_rank``.

At ties (two elements of largest absolute value) the derivative is shared, and at zero it is zero.
"""
from __future__ import annotations

import math

import numpy as np

from s2sad.rules.calls import library
from s2sad.rules.linalg import results

# ---------------------------------------------------------------------------- norm


def sign(x):
    """``x / abs(x)``, zero at zero."""
    return x / abs(x) if x != 0.0 else 0.0 * x


def extreme(sums, value):
    """The share of each sum in its largest or smallest, `value`."""
    share = np.zeros_like(sums)
    count = 0
    for k in range(sums.shape[0]):
        if sums[k] == value:
            count += 1
    for k in range(sums.shape[0]):
        if sums[k] == value:
            share[k] = 1.0 / count
    return share


def vector_gradient(x, n, p):
    """The gradient of the norm `n` of order `p` of a vector."""
    g = np.zeros_like(x)
    if n != 0.0 and p != 0:
        share = extreme(np.abs(x), n)
        for k in range(x.shape[0]):
            if p == math.inf or p == -math.inf:
                g[k] = share[k] * sign(x[k])
            elif p == 1:
                g[k] = sign(x[k])
            elif x[k] != 0.0:
                g[k] = sign(x[k]) * (abs(x[k]) / n) ** (p - 1.0)
    return g


def matrix_gradient(x, n, p):
    """The gradient of the norm `n` of order `p` of a matrix."""
    g = np.zeros_like(x)
    if p == 2 or p == -2:
        u, s, vh = np.linalg.svd(x, False)
        share = extreme(s, s[0] if p == 2 else s[-1])
        for k in range(s.shape[0]):
            if share[k] != 0.0:
                for i in range(x.shape[0]):
                    for j in range(x.shape[1]):
                        g[i, j] += share[k] * u[i, k] * vh[k, j]
        return g
    sums = column_sums(x) if p == 1 or p == -1 else row_sums(x)
    share = extreme(sums, n)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            g[i, j] = sign(x[i, j]) * share[j if p == 1 or p == -1 else i]
    return g


def column_sums(x):
    sums = np.abs(x[0, :]) * 0.0
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            sums[j] += abs(x[i, j])
    return sums


def row_sums(x):
    sums = np.abs(x[:, 0]) * 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            sums[i] += abs(x[i, j])
    return sums


def norm_gradient(x, n, p):
    if p is None:
        return x / n if n != 0.0 else 0.0 * x
    if x.ndim == 1:
        return vector_gradient(x, n, p)
    return matrix_gradient(x, n, p)


def norm_tangent(x, d_x, ord=None):
    n = np.linalg.norm(x, ord)
    return n, np.real(np.sum(np.conj(norm_gradient(x, n, ord)) * d_x))


def norm_adjoint(x, b_x, result, b_result, ord=None):
    b_x += norm_gradient(x, result, ord) * b_result


library("np.linalg.norm(x, ord)", ord=None, constants=("ord",), tangent=norm_tangent, adjoint=norm_adjoint,
        types=results.length)

# ---------------------------------------------------------------------------- cond, matrix_rank


def cond_gradient(x, c, p):
    """The gradient of the condition number `c`."""
    g = np.zeros_like(x)
    if p is None or p == 2 or p == -2:
        u, s, vh = np.linalg.svd(x, False)
        last = s.shape[0] - 1
        sign_of = -1.0 if p == -2 else 1.0
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                g[i, j] = sign_of * c * (u[i, 0] * vh[0, j] / s[0] - u[i, last] * vh[last, j] / s[last])
        return g
    y = np.linalg.inv(x)
    n, m = np.linalg.norm(x, p), np.linalg.norm(y, p)
    h = np.conj(y.T)
    return m * matrix_gradient(x, n, p) - n * np.dot(np.dot(h, matrix_gradient(y, m, p)), h)


def cond_tangent(x, d_x, p=None):
    c = np.linalg.cond(x, p)
    return c, np.real(np.sum(np.conj(cond_gradient(x, c, p)) * d_x))


def cond_adjoint(x, b_x, result, b_result, p=None):
    b_x += cond_gradient(x, result, p) * b_result


library("np.linalg.cond(x, p)", p=None, constants=("p",), tangent=cond_tangent, adjoint=cond_adjoint,
        types=results.length)
library("np.linalg.matrix_rank(A, tol)", tol=None, constant=True)
