"""Spectra: ``eigh``, ``eigvalsh``, ``eig``, ``eigvals``, ``svd``.

Eigenvectors of equal eigenvalues are not functions of the matrix: a derivative that passes through them is NaN, unless
nothing does (the cotangent of the pair is exactly zero, as for functions of the eigenvalues only). Complex eigenvectors
and singular vectors are determined up to a phase each, and derivatives hold for what does not depend on it: tangents
keep the phase, and the adjoint is NaN where the cotangent depends on it.
"""
from __future__ import annotations

import math

import numpy as np

from s2sad.rules.calls import library
from s2sad.rules.linalg import results

# ---------------------------------------------------------------------------- differences of eigenvalues


def resolution(w):
    """The difference of two eigenvalues or singular values that rounding may have made."""
    largest = 0.0
    for k in range(w.shape[0]):
        largest = max(largest, abs(w[k]))
    return 4.0 * w.shape[0] * np.spacing(largest)


def over_gaps(e, w):
    """``e[i, j] / (w[j] - w[i])`` off the diagonal, zero on it."""
    out = np.zeros_like(e)
    tiny = resolution(w)
    for i in range(w.shape[0]):
        for j in range(w.shape[0]):
            if i != j and e[i, j] != 0.0:
                gap = w[j] - w[i]
                out[i, j] = e[i, j] / gap if abs(gap) > tiny else math.nan
    return out


def phase_matters(e, size):
    """Whether diagonal elements, as large as `size` by the numbers they are sums of, have an imaginary part."""
    for k in range(e.shape[0]):
        if abs(np.imag(e[k, k])) > 1e4 * np.spacing(size):
            return True
    return False


def total(a):
    """The sum of all absolute values."""
    out = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out += abs(a[i, j])
    return out


# ---------------------------------------------------------------------------- eigh, eigvalsh


def hermitian(d_a):
    """The change of a Hermitian matrix of which the lower triangle is read."""
    d = np.zeros_like(d_a)
    for i in range(d_a.shape[0]):
        for j in range(i):
            d[i, j] = d_a[i, j]
            d[j, i] = np.conj(d_a[i, j])
        d[i, i] = np.real(d_a[i, i])
    return d


def eigh_tangent(a, d_a):
    w, v = np.linalg.eigh(a)
    m = np.dot(np.conj(v.T), np.dot(hermitian(d_a), v))
    d_w = np.zeros_like(w)
    for k in range(w.shape[0]):
        d_w[k] = np.real(m[k, k])
    return (w, v), (d_w, np.dot(v, over_gaps(m, w)))


def eigh_adjoint(b_a, result, b_result):
    w, v = result
    b_w, b_v = b_result
    e = np.dot(np.conj(v.T), b_v)
    if np.iscomplexobj(b_a):
        if phase_matters(e, total(b_v)):
            e[:] = math.nan
    x = np.zeros_like(e)
    for i in range(w.shape[0]):
        for j in range(w.shape[0]):
            if e[i, j] != 0.0 or e[j, i] != 0.0:
                x[i, j] = 0.5 * (e[i, j] - np.conj(e[j, i]))
                if x[i, j] == 0.0 and abs(w[j] - w[i]) <= resolution(w):
                    x[i, j] = math.nan
    x = over_gaps(x, w)
    for k in range(w.shape[0]):
        x[k, k] = b_w[k] if e[k, k] == e[k, k] else math.nan
    s = np.dot(np.dot(v, x), np.conj(v.T))
    for i in range(w.shape[0]):
        for j in range(i):
            b_a[i, j] += s[i, j] + np.conj(s[j, i])
        b_a[i, i] += np.real(s[i, i])


def eigvalsh_tangent(a, d_a):
    w = np.linalg.eigvalsh(a)
    _, v = np.linalg.eigh(a)
    h = hermitian(d_a)
    d_w = np.zeros_like(w)
    for k in range(w.shape[0]):
        d_w[k] = np.real(np.sum(np.conj(v[:, k]) * np.dot(h, v[:, k].copy())))
    return w, d_w


def eigvalsh_adjoint(a, b_a, b_result):
    _, v = np.linalg.eigh(a)
    for k in range(b_result.shape[0]):
        for i in range(a.shape[0]):
            for j in range(i):
                b_a[i, j] += 2.0 * b_result[k] * v[i, k] * np.conj(v[j, k])
            b_a[i, i] += b_result[k] * np.real(v[i, k] * np.conj(v[i, k]))


library("np.linalg.eigh(a)", tangent=eigh_tangent, adjoint=eigh_adjoint, results=((("a", 0),), "a"),
        types=results.spectrum_and_vectors)
library("np.linalg.eigvalsh(a)", tangent=eigvalsh_tangent, adjoint=eigvalsh_adjoint, results=((("a", 0),),),
        types=results.spectrum)

# ---------------------------------------------------------------------------- eig, eigvals


def eig_tangent(a, d_a):
    # vectors of length one; of a complex matrix the largest component of each is real
    w, v = np.linalg.eig(a)
    m = np.linalg.solve(v, np.dot(d_a, v))
    d_w = np.zeros_like(w)
    for k in range(w.shape[0]):
        d_w[k] = m[k, k]
    d_v = np.dot(v, over_gaps(m, w))
    for k in range(w.shape[0]):
        p = largest_component(v, k)
        c = -np.real(np.sum(np.conj(v[:, k]) * d_v[:, k]))
        if np.iscomplexobj(a):
            turn = np.imag(d_v[p, k]) / np.real(v[p, k])
            for i in range(w.shape[0]):
                d_v[i, k] += (c - 1j * turn) * v[i, k]
        else:
            for i in range(w.shape[0]):
                d_v[i, k] += c * v[i, k]
    return (w, v), (d_w, d_v)


def largest_component(v, k):
    best = 0
    for i in range(v.shape[0]):
        if abs(v[i, k]) > abs(v[best, k]):
            best = i
    return best


def eig_adjoint(b_a, result, b_result):
    w, v = result
    b_w, b_v = b_result
    g = b_v.copy()
    for k in range(w.shape[0]):
        along = np.sum(np.conj(v[:, k]) * b_v[:, k])
        p = largest_component(v, k)
        for i in range(w.shape[0]):
            g[i, k] -= np.real(along) * v[i, k]
        if np.iscomplexobj(b_a):
            g[p, k] -= 1j * np.imag(along) / np.real(v[p, k])
    x = conj_over_gaps(np.dot(np.conj(v.T), g), w)
    for k in range(w.shape[0]):
        x[k, k] = b_w[k]
    h = np.conj(v.T)
    b_a += np.linalg.solve(h, np.dot(x, h))


def conj_over_gaps(e, w):
    return np.conj(over_gaps(np.conj(e), w))


def eigvals_tangent(a, d_a):
    w = np.linalg.eigvals(a)
    u, v = np.linalg.eig(a)
    m = np.linalg.solve(v, np.dot(d_a, v))
    d_w = np.zeros_like(w)
    for k in range(w.shape[0]):
        d_w[k] = m[k, k]
    return w, d_w


def eigvals_adjoint(a, b_a, b_result):
    u, v = np.linalg.eig(a)
    h = np.conj(v.T)
    x = np.zeros_like(h)
    for k in range(b_result.shape[0]):
        for j in range(b_result.shape[0]):
            x[k, j] = b_result[k] * h[k, j]
    b_a += np.linalg.solve(h, x)


library("np.linalg.eig(a)", tangent=eig_tangent, adjoint=eig_adjoint, results=((("a", 0),), "a"),
        types=results.eigenvalues_and_vectors)
library("np.linalg.eigvals(a)", tangent=eigvals_tangent, adjoint=eigvals_adjoint, results=((("a", 0),),),
        types=results.eigenvalues)

# ---------------------------------------------------------------------------- svd


def ratio(e, d, tiny):
    """``e / d``, zero if the first is, NaN where the second is no more than rounding."""
    return e / d if e != 0.0 and abs(d) > tiny else 0.0 * e if e == 0.0 else math.nan * e


def svd_tangent(a, d_a, full_matrices=1):
    u, s, vh = np.linalg.svd(a, full_matrices)
    k = s.shape[0]
    u1 = u[:, :k].copy()
    v1 = np.conj(vh[:k, :].T)
    tiny = resolution(s)
    dv = np.dot(d_a, v1)
    du = np.dot(np.conj(d_a.T), u1)
    m = np.dot(np.conj(u1.T), dv)
    d_s = np.zeros_like(s)
    x, y = np.zeros_like(m), np.zeros_like(m)
    for i in range(k):
        d_s[i] = np.real(m[i, i])
        for j in range(k):
            even = 0.5 * ratio(m[i, j] + np.conj(m[j, i]), s[j] - s[i], tiny) if i != j else 0.0 * m[i, j]
            odd = 0.5 * ratio(m[i, j] - np.conj(m[j, i]), s[j] + s[i], tiny)
            x[i, j] = even + odd
            y[i, j] = even - odd
    rest_u = dv - np.dot(u1, m)
    rest_v = du - np.dot(v1, np.conj(m.T))
    d_u1, d_v1 = np.dot(u1, x), np.dot(v1, y)
    d_u, d_vh = np.zeros_like(u), np.zeros_like(vh)
    for j in range(k):
        for i in range(a.shape[0]):
            d_u[i, j] = d_u1[i, j]
            if a.shape[0] > k:
                d_u[i, j] += ratio(rest_u[i, j], s[j], tiny)
        for i in range(a.shape[1]):
            d_vh[j, i] = np.conj(d_v1[i, j])
            if a.shape[1] > k:
                d_vh[j, i] += np.conj(ratio(rest_v[i, j], s[j], tiny))
    # more vectors than singular values: which ones, the matrix does not say
    d_u[:, k:] = math.nan
    d_vh[k:, :] = math.nan
    return (u, s, vh), (d_u, d_s, d_vh)


def svd_adjoint(b_a, result, b_result, full_matrices=1):
    u, s, vh = result
    b_u, b_s, b_vh = b_result
    k = s.shape[0]
    u1, b_u1 = u[:, :k].copy(), b_u[:, :k].copy()
    v1, b_v1 = np.conj(vh[:k, :].T), np.conj(b_vh[:k, :].T)
    tiny = resolution(s)
    eu, ev = np.dot(np.conj(u1.T), b_u1), np.dot(np.conj(v1.T), b_v1)
    x = np.zeros_like(eu)
    for i in range(k):
        for j in range(k):
            du, dv = eu[i, j] - np.conj(eu[j, i]), ev[i, j] - np.conj(ev[j, i])
            if i != j:
                touched = eu[i, j] != 0.0 or eu[j, i] != 0.0 or ev[i, j] != 0.0 or ev[j, i] != 0.0
                x[i, j] = 0.5 * ratio(du + dv, s[j] - s[i], tiny) + 0.5 * ratio(du - dv, s[j] + s[i], tiny)
                if touched and abs(s[j] - s[i]) <= tiny:
                    x[i, j] = math.nan
            else:
                x[i, i] = b_s[i] + 0.25 * ratio(du - dv, s[i], tiny)
    if np.iscomplexobj(b_a):
        if phase_matters(eu + ev, total(b_u) + total(b_vh)):
            x[:] = math.nan
    if total(b_u[:, k:]) != 0.0 or total(b_vh[k:, :]) != 0.0:
        x[:] = math.nan
    vh1 = np.conj(v1.T)
    b_a += np.dot(np.dot(u1, x), vh1)
    if b_a.shape[0] > k:
        rest = b_u1 - np.dot(u1, eu)
        for j in range(k):
            for i in range(b_a.shape[0]):
                rest[i, j] = ratio(rest[i, j], s[j], tiny)
        b_a += np.dot(rest, vh1)
    if b_a.shape[1] > k:
        rest = b_v1 - np.dot(v1, ev)
        for j in range(k):
            for i in range(b_a.shape[1]):
                rest[i, j] = ratio(rest[i, j], s[j], tiny)
        b_a += np.dot(u1, np.conj(rest.T))


library("np.linalg.svd(a, full_matrices)", full_matrices=1, constants=("full_matrices",), tangent=svd_tangent,
        adjoint=svd_adjoint, results=(None, (("min", ("a", 0), ("a", 1)),), None), types=results.singular_values)
