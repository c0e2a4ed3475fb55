"""Sorting, quantiles, covariances, neighbours."""
import numpy as np

from tests.array_functions.proofs import A, B, M, N, P, T, proof

LONG = (np.arange(37) * 7 % 37 - 18.3) / 9.0
HOLES = np.array([0.3, np.nan, 0.8, -1.7, 0.45, np.nan, 0.1])


@proof("sort argsort", LONG)
@proof("sort argsort", np.zeros(0))
@proof("sort argsort", np.array([0.4]))
def sorted_and_weighted(a):
    k = np.argsort(a)
    return np.sort(a) * np.sin(a[k]) + a[a.argsort()]


@proof("sort argsort", T)
def sorted_lines(a):
    k = np.argsort(a, axis=1, kind="stable")
    return np.sort(a) * np.sort(a, axis=0) * k


@proof("argsort", LONG)
def stable(a):
    return a[np.argsort(a * a, kind="stable")] * a


@proof("partition argpartition", LONG)
def partitions(a):
    return np.partition(a, 7)[7] * a[np.argpartition(a, -4)[-4]] * a


@proof("median nanmedian", LONG, HOLES)
def medians(a, b):
    return np.median(a) * np.median(a[:6]) * a + np.nanmedian(b) * np.nanmedian(b[2:])


@proof("median", T)
def median_of_a_cube(a):
    return np.median(a) * a[0, 0]


@proof("percentile quantile", A, 37.0)
def percentiles(a, q):
    qs = np.array([0.1, 0.0, 0.55, 1.0])
    return np.percentile(a, q) * np.quantile(a, qs)


@proof("nanpercentile nanquantile", HOLES, np.array([10.0, 3.0, 81.0]))
def percentiles_without_holes(a, q):
    return np.nanpercentile(a, q) * np.nanquantile(a, 0.3)


@proof("diff ediff1d", T, A, 0.3)
def neighbours(a, b, end):
    d = np.diff(a)[1, 2, 0] * np.diff(a, n=2)[0, 0, 1] * np.diff(a, axis=0)[0, 1, 2] * np.diff(b, 3)
    return np.ediff1d(b, to_begin=end)[0] * np.ediff1d(b, b[1:], end)[4:6] * d


@proof("diff", A[:1])
def no_neighbours(a):
    return np.diff(a) * a[:0]


@proof("trapezoid", T, P[:4], 0.2)
def areas(y, x, h):
    return np.trapezoid(y, x)[0] * np.trapezoid(y[0]) + np.trapezoid(y, dx=h)[1] * np.trapezoid(y[1, 1], x)


@proof("average", M, N + 2.0)
def averages(a, w):
    return np.average(a) * np.average(a, weights=w) * a


@proof("cov corrcoef", T[0], M.ravel())
def covariances(a, b):
    c = np.cov(a[:, :3])
    d = np.cov(a[:, :2], a[:, 2:], rowvar=False)
    return c[0] * d[1, 3] * np.corrcoef(a[:, :3])[1, 2] * np.cov(b, bias=True)


@proof("cov corrcoef", A, B)
def covariance_of_two(a, b):
    return np.cov(a, b, ddof=0) * np.corrcoef(a, b)[0, 1] * np.cov(a)


@proof("ndarray.sort", LONG, T)
def sorted_where_it_is(a, b):
    x = a * a
    y = x
    y.sort()
    z = b * b
    z.sort()
    z[0, 0].sort()
    return x * np.sin(a) * z[1, 2, 3] * z[0, 1, 0]


@proof("union1d intersect1d setdiff1d setxor1d isin", A, B)
def sets(a, b):
    c = np.concatenate((b, a[1:3]))
    u = np.union1d(a, c)
    n = np.intersect1d(a, c)
    s = u * n[0] * n[1] * np.setdiff1d(a, c)[2] * np.setxor1d(a, c)[4]
    s = s * np.setxor1d(a, c, assume_unique=True)[0]
    return s * np.sum(a[np.isin(a, c)]) + np.sum(a[np.isin(a, c, invert=True)])


@proof("trim_zeros", A)
def trimmed(a):
    x = np.concatenate((np.zeros(2), a, np.zeros(3)))
    y = np.trim_zeros(x)
    y[1] = y[0] * y[2]
    return np.trim_zeros(x, "f")[:5] * y * x[4] + np.trim_zeros(x, "b")[2] + np.trim_zeros(np.zeros(2)).sum()
