"""Reductions that leave out what is not a number."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function
from s2sad.array_functions.extremes import origin
from s2sad.array_functions.reductions import root_of_sum, square_of
from s2sad.array_functions.shapes import is_complex, require_array, sum_kind


@array_function("np.nansum")
def total(a):
    require_array(a, "np.nansum")
    kind = sum_kind(a)
    s = kind(0)
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            s += v
    return s


@array_function("np.nanprod")
def product(a):
    require_array(a, "np.nanprod")
    kind = sum_kind(a)
    p = kind(1)
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            p *= v
    return p


def zero_for(complex_elements):
    if complex_elements:
        return 0j
    return 0.0


@array_function("np.nanmean")
def mean(a):
    require_array(a, "np.nanmean")
    s = zero_for(is_complex(a))
    n = 0
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            s += v
            n += 1
    return np.divide(s, n)


@array_function("np.nanvar", static="axis dtype out ddof")
def variance(a, axis=None, dtype=None, out=None, ddof=0):
    require_array(a, "np.nanvar")
    m = mean(a)
    s = 0.0
    n = 0
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            d = v - m
            s += square_of(d, is_complex(a))
            n += 1
    result = np.nan
    if n > ddof:
        result = np.divide(s, n - ddof)
    return result


@array_function("np.nanstd", static="axis dtype out ddof")
def deviation(a, axis=None, dtype=None, out=None, ddof=0):
    return root_of_sum(variance(a, axis, dtype, out, ddof))


def extreme(a, largest):
    if a.size == 0:
        raise ValueError("zero-size array to reduction operation not possible")
    at = origin(a.shape)
    m = a[at]
    for i in np.ndindex(a.shape):
        v = a[i]
        # of equal elements the last, as numba has it
        if v == v and (not m > v if largest else not m < v):
            m = v
            at = i
    return a[at]


@array_function("np.nanmax")
def largest(a):
    require_array(a, "np.nanmax")
    return extreme(a, True)


@array_function("np.nanmin")
def smallest(a):
    require_array(a, "np.nanmin")
    return extreme(a, False)


def position(a, largest, worst):
    """NaN counts as the worst value there is, as in NumPy: next to an infinity it may be first."""
    if a.size == 0:
        raise ValueError("attempt to get argmax or argmin of an empty sequence")
    at = 0
    n = 0
    found = False
    m = worst
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            found = True
            if v > m if largest else v < m:
                m = v
                at = n
        n += 1
    if not found:
        raise ValueError("All-NaN slice encountered")
    return at


@array_function("np.nanargmax")
def where_largest(a):
    require_array(a, "np.nanargmax")
    return position(a, True, -np.inf)


@array_function("np.nanargmin")
def where_smallest(a):
    require_array(a, "np.nanargmin")
    return position(a, False, np.inf)


@array_function("np.nancumsum")
def running_sum(a):
    require_array(a, "np.nancumsum")
    kind = sum_kind(a)
    out = np.empty(a.size, kind)
    s = kind(0)
    n = 0
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            s += v
        out[n] = s
        n += 1
    return out


@array_function("np.nancumprod")
def running_product(a):
    require_array(a, "np.nancumprod")
    kind = sum_kind(a)
    out = np.empty(a.size, kind)
    p = kind(1)
    n = 0
    for i in np.ndindex(a.shape):
        v = a[i]
        if v == v:
            p *= v
        out[n] = p
        n += 1
    return out
