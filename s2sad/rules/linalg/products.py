"""``trace`` and ``matrix_power``."""
from __future__ import annotations

import numpy as np

from s2sad.rules.calls import library
from s2sad.rules.linalg import results

# ---------------------------------------------------------------------------- trace


def trace_tangent(a, d_a, offset=0):
    return np.trace(a, offset), np.trace(d_a, offset)


def trace_adjoint(a, b_a, b_result, offset=0):
    for i in range(a.shape[0]):
        if 0 <= i + offset < a.shape[1]:
            b_a[i, i + offset] += b_result


library("np.trace(a, offset)", offset=0, tangent=trace_tangent, adjoint=trace_adjoint)

# ---------------------------------------------------------------------------- matrix_power


def matrix_power_tangent(a, d_a, n):
    if n < 0:
        x = np.linalg.inv(a)
        return powers(x, -np.dot(np.dot(x, d_a), x), -n, np.linalg.matrix_power(a, n))
    return powers(a, d_a, n, np.linalg.matrix_power(a, n))


def powers(a, d_a, n, value):
    """The value given, and the tangent of the power: Horner's way through the product rule."""
    d = np.zeros_like(value)
    p = np.zeros_like(value)
    for i in range(a.shape[0]):
        p[i, i] = 1.0
    for _ in range(n):
        d[:] = np.dot(d, a) + np.dot(p, d_a)
        p[:] = np.dot(p, a)
    return value, d


def matrix_power_adjoint(a, b_a, b_result, n):
    x = np.linalg.inv(a) if n < 0 else a.copy()
    h = np.conj(x.T)
    g = b_result.copy()
    left = np.zeros_like(g)
    p = np.zeros_like(g)
    for i in range(a.shape[0]):
        p[i, i] = 1.0
    # the sum over k of h**k g h**(|n| - 1 - k)
    for _ in range(abs(n)):
        left[:] = np.dot(left, h) + np.dot(p, g)
        p[:] = np.dot(h, p)
    if n < 0:
        b_a -= np.dot(np.dot(h, left), h)
    else:
        b_a += left


library("np.linalg.matrix_power(a, n)", tangent=matrix_power_tangent, adjoint=matrix_power_adjoint, results=("a",),
        types=results.in_c_order)
