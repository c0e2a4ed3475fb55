"""Averages with weights, covariances, differences of neighbours, and sums of trapezia."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.ordering import as_line
from s2sad.array_functions.reductions import mean_over, total_over
from s2sad.array_functions.shapes import (
    all_axes,
    axis_of,
    is_complex,
    is_number,
    kept,
    kind_of,
    mean_kind,
    merged,
    replaced,
    require_array,
    require_at_most,
    sum_kind,
)


@static
def require_none(value, what):
    if value is not None:
        raise refused(f"{what} is not supported", "leave it out, or write the loop")
    return True


@array_function("np.average", static="axis")
def average(a, axis=None, weights=None):
    require_array(a, "np.average")
    require_none(axis, "`np.average` with an axis")
    if weights is None:
        return mean_over(a, all_axes(a), mean_kind(a), False)
    scale = total_over(weights, all_axes(weights), sum_kind(weights), False)
    if scale == 0.0:
        raise ZeroDivisionError("Weights sum to zero, can't be normalized.")
    return np.sum(a * weights) / scale


# ---------------------------------------------------------------------------- neighbours

@static
def require_order(n):
    if type(n) is not int or n < 0:
        raise refused("the order of `np.diff` must be a literal integer from 0", "write it out")
    return True


def moved(index, axis, k):
    """An index further along an axis."""
    return replaced(index, axis, index[axis] + k)


@array_function("np.diff", static="n axis")
def differences(a, n=1, axis=-1):
    require_array(a, "np.diff")
    require_order(n)
    along = axis_of(axis, a.ndim)
    if n == 0:
        return a.copy()
    size = max(a.shape[along] - n, 0)
    out = np.empty(replaced(a.shape, along, size), kind_of(a))
    if n == 1:
        for i in np.ndindex(replaced(a.shape, along, size)):
            out[i] = a[moved(i, along, 1)] - a[i]
        return out
    work = np.empty(a.shape[along], kind_of(a))
    for i in np.ndindex(kept(a.shape, (along,))):
        for k in range(a.shape[along]):
            work[k] = a[merged(i, (k,), (along,))]
        for times in range(1, n + 1):
            for k in range(a.shape[along] - times):
                work[k] = work[k + 1] - work[k]
        for k in range(size):
            out[merged(i, (k,), (along,))] = work[k]
    return out


def length_of(end):
    if end is None:
        return 0
    if is_number(end):
        return 1
    return end.size


def put_line(out, start, end):
    """Write all elements of what is joined into a vector."""
    if end is not None:
        if is_number(end):
            out[start] = end
        else:
            k = start
            for i in np.ndindex(end.shape):
                out[k] = end[i]
                k += 1


@array_function("np.ediff1d")
def ediff1d(ary, to_end=None, to_begin=None):
    require_array(ary, "np.ediff1d")
    line = as_line(ary, kind_of(ary))
    first = length_of(to_begin)
    count = max(line.shape[0] - 1, 0)
    out = np.empty(first + count + length_of(to_end), kind_of(ary))
    put_line(out, 0, to_begin)
    for k in range(count):
        out[first + k] = line[k + 1] - line[k]
    put_line(out, first + count, to_end)
    return out


@static
def area_kind(y, x):
    return np.complex128 if is_complex(y) or x is not None and is_complex(x) else np.float64


@array_function("np.trapezoid")
def trapezoid(y, x=None, dx=1.0):
    require_array(y, "np.trapezoid")
    last = axis_of(-1, y.ndim)
    kind = area_kind(y, x)
    if x is not None:
        if x.shape[axis_of(-1, x.ndim)] != y.shape[last]:
            raise ValueError("operands could not be broadcast together")
    if y.ndim == 1:
        s = kind(0)
        for k in range(y.shape[0] - 1):
            s += step_of(x, dx, (k,)) * ((y[k + 1] + y[k]) / 2.0)
        return s
    out = np.zeros(y.shape[:last], kind)
    for i in np.ndindex(y.shape[:last]):
        s = kind(0)
        for k in range(y.shape[last] - 1):
            s += step_of(x, dx, (*i, k)) * ((y[(*i, k + 1)] + y[(*i, k)]) / 2.0)
        out[i] = s
    return out


def step_of(x, dx, index):
    """The width of a trapezium."""
    if x is None:
        return dx
    if x.ndim == 1:
        return x[index[-1] + 1] - x[index[-1]]
    return x[(*index[:-1], index[-1] + 1)] - x[index]


# ---------------------------------------------------------------------------- covariance

@static
def cov_kind(m, y):
    complex_elements = is_complex(m) or y is not None and is_complex(y)
    return np.complex128 if complex_elements else np.float64


def variables(m, rowvar):
    """How many variables there are."""
    if m.ndim == 1:
        return 1
    if rowvar:
        return m.shape[0]
    return m.shape[1]


def observations(m, rowvar):
    if m.ndim == 1:
        return m.shape[0]
    if rowvar:
        return m.shape[1]
    return m.shape[0]


def put_rows(out, start, m, rowvar):
    """Write the variables of ``m`` into rows."""
    if m.ndim == 1:
        for k in range(m.shape[0]):
            out[start, k] = m[k]
    else:
        for i in range(variables(m, rowvar)):
            for k in range(observations(m, rowvar)):
                if rowvar:
                    out[start + i, k] = m[i, k]
                else:
                    out[start + i, k] = m[k, i]


def covariance_of(m, y, rowvar, bias, ddof, kind):
    if m.ndim == 2:
        if m.shape[0] == 1:
            raise RuntimeError("2D array containing a single row is unsupported due to ambiguity in type inference.")
    n = observations(m, rowvar)
    rows = variables(m, rowvar)
    if y is not None:
        if observations(y, rowvar) != n:
            raise ValueError("m and y have incompatible dimensions")
        rows += variables(y, rowvar)
    x = np.empty((rows, n), kind)
    put_rows(x, 0, m, rowvar)
    if y is not None:
        put_rows(x, variables(m, rowvar), y, rowvar)
    for i in range(rows):
        s = kind(0)
        for k in range(n):
            s += x[i, k]
        mean = np.divide(s, n)
        for k in range(n):
            x[i, k] -= mean
    factor = np.divide(1, max(n - freedom(bias, ddof), 0.0))
    if not is_complex(x):
        if n == 0:
            factor = np.nan
        c = np.dot(x, x.T)
        for i in range(rows):
            for j in range(rows):
                c[i, j] = c[i, j] * factor
        return c
    c = np.empty((rows, rows), kind)
    for i in range(rows):
        for j in range(rows):
            s = kind(0)
            for k in range(n):
                s += x[i, k] * np.conj(x[j, k])
            c[i, j] = s * factor
            if n == 0:
                c[i, j] = np.nan
    return c


def freedom(bias, ddof):
    if ddof is not None:
        return ddof
    if bias:
        return 0
    return 1


@array_function("np.cov", static="rowvar bias")
def covariance(m, y=None, rowvar=True, bias=False, ddof=None):
    require_array(m, "np.cov")
    require_at_most(m, 2, "np.cov")
    c = covariance_of(m, y, rowvar, bias, ddof, cov_kind(m, y))
    if y is None:
        if m.ndim == 1:
            return c[0, 0]
    return c


@array_function("np.corrcoef", static="rowvar")
def correlation(x, y=None, rowvar=True):
    require_array(x, "np.corrcoef")
    require_at_most(x, 2, "np.corrcoef")
    kind = cov_kind(x, y)
    c = covariance_of(x, y, rowvar, False, None, kind)
    if y is None:
        if x.ndim == 1:
            return np.divide(c[0, 0], c[0, 0])
    n = c.shape[0]
    out = np.empty((n, n), kind)
    for i in range(n):
        for j in range(n):
            r = np.divide(np.divide(c[i, j], np.sqrt(c[j, j].real)), np.sqrt(c[i, i].real))
            out[i, j] = clipped(r, is_complex(c))
    return out


def at_most_one(r):
    if abs(r) > 1.0:
        return np.sign(r)
    return r


def clipped(r, complex_elements):
    if complex_elements:
        return complex(at_most_one(r.real), at_most_one(r.imag))
    return at_most_one(r)
