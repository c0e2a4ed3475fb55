"""Linear systems: ``solve``, ``inv``, ``pinv``, ``lstsq``, ``det``, ``slogdet``."""
from __future__ import annotations

import numpy as np

from s2sad.rules.calls import library
from s2sad.rules.linalg import results

# ---------------------------------------------------------------------------- solve, inv


def solve_tangent(a, d_a, b, d_b):
    x = np.linalg.solve(a, b)
    return x, np.linalg.solve(a, d_b - np.dot(d_a, x))


def solve_adjoint(a, b_a, b, b_b, result, b_result):
    w = np.linalg.solve(np.conj(a.T), b_result)
    b_b += w
    if b.ndim == 1:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                b_a[i, j] -= w[i] * np.conj(result[j])
    else:
        b_a -= np.dot(w, np.conj(result.T))


def inv_tangent(a, d_a):
    x = np.linalg.inv(a)
    return x, -np.dot(np.dot(x, d_a), x)


def inv_adjoint(b_a, result, b_result):
    h = np.conj(result.T)
    b_a -= np.dot(np.dot(h, b_result), h)


library("np.linalg.solve(a, b)", tangent=solve_tangent, adjoint=solve_adjoint, results=("b",), types=results.solved)
library("np.linalg.inv(a)", tangent=inv_tangent, adjoint=inv_adjoint, results=("a",), types=results.in_f_order)

# ---------------------------------------------------------------------------- det, slogdet


def cofactors(a, d):
    """The gradient of the determinant `d`; of a matrix that is nearly singular by its singular values."""
    n = a.shape[0]
    c = np.zeros_like(a)
    if n == 0:
        return c
    regular = False
    if d != 0.0:
        x = np.linalg.inv(a)
        regular = column_sum(a) * column_sum(x) < 1e3
        for i in range(n):
            for j in range(n):
                c[i, j] = d * x[j, i]
    if not regular:
        u, s, vh = np.linalg.svd(a)
        phase = np.linalg.det(u) * np.linalg.det(vh)
        c[:] = 0.0
        for k in range(n):
            p = phase
            for m in range(n):
                if m != k:
                    p *= s[m]
            for i in range(n):
                for j in range(n):
                    c[i, j] += p * np.conj(u[i, k]) * np.conj(vh[k, j])
    return c


def column_sum(a):
    """The largest sum of absolute values of a column."""
    largest = 0.0
    for j in range(a.shape[1]):
        total = 0.0
        for i in range(a.shape[0]):
            total += abs(a[i, j])
        largest = max(largest, total)
    return largest


def det_tangent(a, d_a):
    d = np.linalg.det(a)
    return d, np.sum(cofactors(a, d) * d_a)


def det_adjoint(a, b_a, result, b_result):
    b_a += np.conj(cofactors(a, result)) * b_result


def slogdet_tangent(a, d_a):
    sign, log = np.linalg.slogdet(a)
    x = np.linalg.inv(a)
    t = np.sum(x.T * d_a)
    if np.iscomplexobj(a):
        return (sign, log), (sign * 1j * t.imag, t.real)
    return (sign, log), (0.0, t)


def slogdet_adjoint(a, b_a, result, b_result):
    x = np.linalg.inv(a)
    if np.iscomplexobj(a):
        g = b_result[1] + 1j * np.real(1j * np.conj(b_result[0]) * result[0])
        b_a += np.conj(x.T) * g
    else:
        b_a += x.T * b_result[1]


library("np.linalg.det(a)", tangent=det_tangent, adjoint=det_adjoint, types=results.determinant)
library("np.linalg.slogdet(a)", tangent=slogdet_tangent, adjoint=slogdet_adjoint, results=(None, None),
        types=results.sign_and_logarithm)

# ---------------------------------------------------------------------------- pinv, lstsq


def off(a, p, right):
    """What of `right` lies outside the range of `a`, whose pseudo-inverse is `p`."""
    return right - np.dot(a, np.dot(p, right))


def pinv_tangent(a, d_a, rcond=1e-15):
    p = np.linalg.pinv(a, rcond)
    ph, dh = np.conj(p.T), np.conj(d_a.T)
    left = np.dot(np.dot(p, ph), dh)
    d_p = off(p, a, np.dot(dh, np.dot(ph, p))) - np.dot(np.dot(p, d_a), p)
    return p, d_p + left - np.dot(np.dot(left, a), p)


def pinv_adjoint(a, b_a, result, b_result):
    p = result.copy()
    add_pinv(a, b_a, p, b_result)


def add_pinv(a, b_a, p, b_p):
    """Add to `b_a` what the pseudo-inverse `p` of `a` with the cotangent `b_p` contributes."""
    ph, bh = np.conj(p.T), np.conj(b_p.T)
    b_a -= np.dot(np.dot(ph, b_p), ph)
    b_a += off(a, p, np.dot(np.dot(bh, p), ph))
    right = np.dot(np.dot(ph, p), bh)
    b_a += right - np.dot(np.dot(right, p), a)


library("np.linalg.pinv(a, rcond)", rcond=1e-15, constants=("rcond",), tangent=pinv_tangent,
        adjoint=pinv_adjoint, results=((("a", 1), ("a", 0)),), types=results.in_f_order)


def lstsq_tangent(a, d_a, b, d_b, rcond=-1.0):
    x, residuals, rank, s = np.linalg.lstsq(a, b, rcond)
    u, _, vh = np.linalg.svd(a, False)
    p = inverse_of_rank(u, s, vh, rank)
    r = b - np.dot(a, x)
    t = d_b - np.dot(d_a, x)
    ph = np.conj(p.T)
    normal = np.dot(np.conj(d_a.T), r)
    # x = pinv(a) b: the range part, what the normal equations say of the residual, and what leaves the range of a^H
    w = np.dot(ph, x)
    back = np.dot(np.conj(d_a.T), w)
    d_x = np.dot(p, t) + np.dot(p, np.dot(ph, normal)) + off(p, a, back)
    d_residuals = np.zeros_like(residuals)
    for k in range(residuals.shape[0]):
        for i in range(a.shape[0]):
            if b.ndim == 1:
                d_residuals[k] += 2.0 * np.real(np.conj(r[i]) * t[i])
            else:
                d_residuals[k] += 2.0 * np.real(np.conj(r[i, k]) * t[i, k])
    d_s = np.zeros_like(s)
    m = np.dot(np.dot(np.conj(u.T), d_a), np.conj(vh.T))
    for k in range(s.shape[0]):
        d_s[k] = np.real(m[k, k])
    return (x, residuals, rank, s), (d_x, d_residuals, 0, d_s)


def lstsq_adjoint(a, b_a, b, b_b, result, b_result):
    x, residuals, rank, s = result
    b_x, b_residuals, _, b_s = b_result
    u, _, vh = np.linalg.svd(a, False)
    p = inverse_of_rank(u, s, vh, rank)
    ph = np.conj(p.T)
    r = b - np.dot(a, x)
    y = np.dot(ph, b_x)                        # what t, the change of the residual, gets
    for k in range(residuals.shape[0]):
        for i in range(a.shape[0]):
            if b.ndim == 1:
                y[i] += 2.0 * b_residuals[k] * r[i]
            else:
                y[i, k] += 2.0 * b_residuals[k] * r[i, k]
    b_b += y
    z = np.dot(p, np.dot(ph, b_x))             # what normal gets
    q = b_x - np.dot(np.conj(a.T), np.dot(ph, b_x))    # what back gets
    w = np.dot(ph, x)
    n = a.shape[1]
    if b.ndim == 1:
        for i in range(a.shape[0]):
            for j in range(n):
                b_a[i, j] += r[i] * np.conj(z[j]) + w[i] * np.conj(q[j]) - y[i] * np.conj(x[j])
    else:
        b_a += np.dot(r, np.conj(z.T)) + np.dot(w, np.conj(q.T)) - np.dot(y, np.conj(x.T))
    for k in range(s.shape[0]):
        for i in range(a.shape[0]):
            for j in range(n):
                b_a[i, j] += b_s[k] * u[i, k] * vh[k, j]


def inverse_of_rank(u, s, vh, rank):
    """The pseudo-inverse from a thin singular value decomposition and a rank."""
    p = np.zeros_like(np.dot(u, vh).T)
    for k in range(rank):
        for j in range(vh.shape[1]):
            for i in range(u.shape[0]):
                p[j, i] += np.conj(vh[k, j]) * np.conj(u[i, k]) / s[k]
    return p


library("np.linalg.lstsq(a, b, rcond)", rcond=-1.0, constants=("rcond",), tangent=lstsq_tangent, adjoint=lstsq_adjoint,
        results=(None, None, None, None), types=results.least_squares)
