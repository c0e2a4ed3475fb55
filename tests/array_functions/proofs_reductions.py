"""Sums, means, extremes, counts."""
import numpy as np

from tests.array_functions.proofs import A, M, N, T, proof

HOLES = np.array([[0.3, np.nan, 0.8], [1.7, 0.45, np.nan]])


@proof("sum", M)
@proof("sum", np.zeros((0, 3)))
@proof("sum", np.ones((1, 1)))
def sums_by_axis(a):
    return np.sum(a, axis=0) * np.sum(a * a) + a.sum(0)


@proof("sum", T)
def sums_keep_dims(a):
    return a * np.sum(a, axis=1, keepdims=True) + np.sum(a, (0, 2), keepdims=True) + np.sum(a, axis=(2, 1))[1]


@proof("mean", T)
def means(a):
    return np.mean(a, axis=-1) * np.mean(a) + a.mean(axis=2)


@proof("mean", M)
def mean_of_axis_given_by_name(a):
    def centred(x, axis):
        return x - np.mean(x, axis, keepdims=True)
    return centred(a, 0) * centred(a, 1)


@proof("mean", np.zeros((0, 2)))
def mean_of_nothing(a):
    return np.mean(a, axis=0)


@proof("var std", M)
def variances(a):
    return np.var(a) * np.std(a, axis=1, keepdims=True) + np.var(a, 0, ddof=1) + a.std()


@proof("prod", M)
@proof("prod", np.array([[1.5, 0.0, 2.0], [0.5, 0.0, -1.0]]))
def products(a):
    return np.prod(a, axis=1)[1] * a + np.prod(a) + a.prod(0)


@proof("max min", M)
@proof("max min", np.array([[0.5]]))
def extremes(a):
    return a.max() * a + np.min(a, axis=0) * np.max(a, axis=1, keepdims=True) - np.min(a)


@proof("ptp", T)
def spreads(a):
    return np.ptp(a, axis=1) * np.ptp(a)


@proof("argmax argmin", T)
def positions(a):
    k = np.argmax(a, axis=1)
    flat = a.ravel()
    return a[1, k[1], 2] * a[0] + flat[np.argmin(a)] * flat[a.argmax()]


@proof("any all count_nonzero", M)
def tests_and_counts(a):
    big = a > 0.4
    n = np.count_nonzero(big, axis=0)
    s = a * n
    if np.any(big) and not np.all(big):
        s = s * a
    row = np.any(big, axis=1)
    every = np.all(a > -1.0, axis=0)
    return s[row] * np.count_nonzero(a) + a[:, every][0, 0]


@proof("cumsum cumprod", M)
@proof("cumsum cumprod", np.zeros((2, 0)))
def running(a):
    return np.cumsum(a, axis=1) * np.cumprod(a, axis=0) + np.cumsum(a)[:1] * np.cumprod(a)[:1]


@proof("cumsum", A)
def running_of_a_vector(a):
    return np.cumsum(a) * a.cumsum(0)


@proof("nansum nanprod nanmean nanvar nanstd", HOLES)
def without_holes(a):
    return np.nansum(a) * np.nanmean(a) + np.nanprod(a) * np.nanvar(a) + np.nanstd(a) + np.nanvar(a, ddof=1)


@proof("nanmax nanmin nanargmax nanargmin", HOLES)
def extremes_without_holes(a):
    flat = a.ravel()
    return np.nanmax(a) * np.nanmin(a) + flat[np.nanargmax(a)] * flat[np.nanargmin(a)] ** 2


@proof("nancumsum nancumprod", HOLES)
def running_without_holes(a):
    return np.nancumsum(a) * np.nancumprod(a)


@proof("sum", M, N)
def softmax(a, b):
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.sum(b * np.log(p), axis=1)
