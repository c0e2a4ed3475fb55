"""Contractions, convolutions, cross products, slopes, margins; searching, interpolation and counting."""
import math

import numpy as np

from tests.array_functions.proofs import A, B, M, N, P, T, proof

KNOTS = np.array([0.1, 0.45, 0.9, 1.6, 2.5])
WHERE = np.array([[0.2, -3.0, 1.0], [2.4, 7.0, 0.6]])


@proof("convolve correlate", A, B[:3])
@proof("convolve correlate", A[:2], B)
def convolutions(a, v):
    s = np.convolve(a, v, "valid").sum() * np.correlate(a, v, "same")[0] * np.convolve(a, v, mode="same")[1]
    return s * np.convolve(a, v) * np.correlate(a, v, "full") + np.correlate(a, v)[0]


@proof("cross", M, N)
def cross_products(a, b):
    return np.cross(a, b) * np.cross(a[0], b[1]) + np.cross(a, b[0]) + np.cross(a[:, :2], b)


@proof("gradient", T, P[:3], 0.3)
def slopes(a, x, h):
    g = np.gradient(a, h, axis=2) * np.gradient(a[0, 0])
    return g * np.gradient(a[0, :, 0], x)[1] * np.gradient(a[:, 0, 0], h)[0]


@proof("pad", M, A, 0.7)
def margins(a, c, v):
    s = np.pad(a, 1)[1, 2] * np.pad(c, (1, 2), constant_values=v)[0] * np.pad(c, 4, "symmetric")[1]
    return np.pad(a, ((1, 0), (2, 3)), mode="edge") * s * np.pad(c, 4, mode="reflect")[0] + np.pad(c, 2, "wrap")[:8]


@proof("einsum tensordot", M, N, A[:3])
def contractions(a, b, c):
    s = np.einsum("ij,ij", a, b) * np.einsum("ij->i", a)[1] * np.tensordot(a, b)
    return np.einsum("ij,kj->ik", a, b) * s + np.tensordot(a, b, axes=((1,), (1,))) * np.einsum("i,ji,i->j", c, a, c)


@proof("einsum tensordot", T, M)
def contractions_of_cubes(a, b):
    return np.einsum("aij,aj->ia", a, np.tensordot(b, a[0], 1)) * np.einsum("iijk->k", np.stack((a, a * a)))[1]


@proof("interp", WHERE, KNOTS, B)
def interpolation(x, xp, fp):
    return np.interp(x, xp, fp) * np.interp(0.7, xp, fp) + np.interp(x[0, 0], xp, fp)


@proof("searchsorted digitize", A)
def places(a):
    k = np.searchsorted(KNOTS, a)
    n = np.digitize(a, KNOTS[::-1], right=True)
    return a * k * n * np.searchsorted(KNOTS, a[0], side="right") * np.digitize(a[0], KNOTS)


@proof("bincount histogram unique", A, B)
def counts(a, w):
    h, edges = np.histogram(a, 5)
    own, _ = np.histogram(a, KNOTS)
    n, _ = np.histogram(a, bins=3, range=(-1.0, 2.5))
    sums = np.bincount(np.array([0, 2, 2, 1, 0]), weights=w, minlength=4)
    return sums * edges[:4] * h[:4] * n[0] * own + np.unique(np.append(a, a))[1] * np.bincount(own)[0]


@proof("np.add.at np.subtract.at", A, M, B[:3])
def scattered(a, m, b):
    x = a * a
    k = np.array([1, 1, -1])
    np.add.at(x, k, b)
    np.subtract.at(x, k, a[0])
    y = m * m
    np.add.at(y, k[:2], m)
    np.add.at(y, (k[:2], np.array([0, 0])), b[1:])
    np.add.at(x, k, x[:3])
    return x * y[1, 0] * y[0, 2]


@proof("np.matmul", T, np.cos(np.arange(16.0)).reshape(1, 2, 4, 2))
def stacks_of_matrices(a, b):
    c = a @ b[0]
    return c * (a @ b[0, 1]) + np.matmul(a, b)[0]


@proof("outer kron inner", M, N, A, 0.8)
def products_of_all_with_all(a, b, c, s):
    x = np.outer(a, b) * np.outer(c, s)[3, 0] * np.outer(s, a)[0, 4] * np.inner(c, c)
    y = np.kron(a, b) * np.kron(c, c)[7] * np.kron(a, c)[1, 3] * np.kron(s, a)[1, 0] * np.kron(c, s)[2]
    return x[:4] * y[3, 8] + y[:, :6] * np.inner(a, b)[1, 0] * np.outer(c[:0], c).sum()


@proof("heaviside fix math.modf np.modf math.cbrt math.log", M, np.array([0.0, -0.0, 1.2]), 2.7)
def made_of_others(a, h, x):
    f, w = np.modf(a)
    p, q = math.modf(-x)
    s = np.heaviside(a, 0.5) * np.heaviside(0.0 * a, h) + np.heaviside(np.fix(h), x) * np.heaviside(x, h)
    return (s * f + w * a) * (p * x + q) * math.cbrt(x) * math.log(x, 3.0) * math.log(5.0, x)


@proof("clip round nan_to_num", M, A[:3], 0.37)
def bounded(a, b, s):
    c = np.clip(a, None, s) * np.clip(a, a_min=b, a_max=None) + np.clip(a, a_min=-0.8, a_max=s)
    r = np.round(a + 0.01, 1) * np.round(s, 2) + a.round(2)
    big = np.where(a > 1.0, np.inf, np.where(a < -1.0, -np.inf, np.where(a < -0.8, np.nan, a)))
    return c * r * np.nan_to_num(big, nan=s, posinf=s * s, neginf=s ** 3) * np.nan_to_num(s, nan=2.0)


@proof("unwrap", T * 5.0, A, 2.9)
def phases(a, c, period):
    return np.unwrap(a) * np.unwrap(c * 4.0)[3] * np.unwrap(c, period=period)[2] * np.unwrap(c, 1.5, period=period)[4]
