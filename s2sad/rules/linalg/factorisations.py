"""Factorisations: ``cholesky``, ``qr``."""
from __future__ import annotations

import numpy as np

from s2sad.rules.calls import library
from s2sad.rules.linalg import results

# ---------------------------------------------------------------------------- cholesky


def cholesky_tangent(a, d_a):
    # a function of the lower triangle, and of the real part of the diagonal
    lower = np.linalg.cholesky(a)
    d = np.zeros_like(a)
    for i in range(a.shape[0]):
        for j in range(i):
            d[i, j] = d_a[i, j]
            d[j, i] = np.conj(d_a[i, j])
        d[i, i] = np.real(d_a[i, i])
    m = np.conj(np.linalg.solve(lower, np.conj(np.linalg.solve(lower, d).T)).T)
    for i in range(a.shape[0]):
        for j in range(i + 1, a.shape[0]):
            m[i, j] = 0.0
        m[i, i] = 0.5 * m[i, i]
    return lower, np.dot(lower, m)


def cholesky_adjoint(b_a, result, b_result):
    n = result.shape[0]
    p = np.zeros_like(result)
    for i in range(n):
        for j in range(i + 1):
            for k in range(i, n):
                p[i, j] += np.conj(result[k, i]) * b_result[k, j]
        p[i, i] = 0.5 * np.real(p[i, i])
    h = np.conj(result.T)
    s = np.conj(np.linalg.solve(h, np.conj(np.linalg.solve(h, p).T)).T)
    for i in range(n):
        for j in range(i):
            b_a[i, j] += s[i, j] + np.conj(s[j, i])
        b_a[i, i] += np.real(s[i, i])


library("np.linalg.cholesky(a)", tangent=cholesky_tangent, adjoint=cholesky_adjoint, results=("a",),
        types=results.in_c_order)

# ---------------------------------------------------------------------------- qr


def qr_tangent(a, d_a):
    q, r = np.linalg.qr(a)
    k = r.shape[0]
    square = r[:, :k].copy()
    h = np.conj(q.T)
    # x = d_a[:, :k] / square
    x = np.linalg.solve(square.T, d_a[:, :k].T).T.copy()
    c = np.dot(h, x)
    turn = np.zeros_like(c)
    for i in range(k):
        for j in range(i):
            turn[i, j] = c[i, j]
            turn[j, i] = -np.conj(c[i, j])
        turn[i, i] = c[i, i] - np.real(c[i, i])
    qc = q.copy()
    d_q = np.dot(qc, turn) + x - np.dot(qc, c)
    d_r = np.dot(h, d_a) - np.dot(turn, r)
    for i in range(k):
        for j in range(i):
            d_r[i, j] = 0.0
    return (q, r), (d_q, d_r)


def qr_adjoint(a, b_a, result, b_result):
    q, r = result
    b_q, b_r = b_result
    k, n = r.shape
    qc = q.copy()
    square = r[:, :k].copy()
    b_qc = b_q.copy()
    if n > k:
        # the columns after the square part are q times theirs
        for i in range(a.shape[0]):
            for p in range(k):
                for j in range(k, n):
                    b_qc[i, p] += a[i, j] * np.conj(b_r[p, j])
                    b_a[i, j] += q[i, p] * b_r[p, j]
    m = np.zeros_like(square)
    e = np.dot(np.conj(qc.T), b_qc)
    for i in range(k):
        for j in range(i + 1):
            for p in range(i, k):
                m[i, j] += square[i, p] * np.conj(b_r[j, p])
            m[i, j] -= np.conj(e[j, i])
    for i in range(k):
        for j in range(i):
            m[j, i] = np.conj(m[i, j])
        m[i, i] = np.real(m[i, i])
    t = b_qc + np.dot(qc, m)
    g = np.linalg.solve(np.conj(square), t.T)
    for i in range(a.shape[0]):
        for j in range(k):
            b_a[i, j] += g[j, i]


SHORTER = ("min", ("a", 0), ("a", 1))
library("np.linalg.qr(a)", tangent=qr_tangent, adjoint=qr_adjoint,
        results=((("a", 0), SHORTER), (SHORTER, ("a", 1))), types=results.q_and_r)
