"""Extremes and where they are. The first of equal elements is the one; a NaN wins, as in NumPy."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, static
from s2sad.array_functions.reductions import size_of
from s2sad.array_functions.shapes import (
    axes_of,
    axis_of,
    is_complex,
    is_floating,
    kept,
    kind_of,
    merged,
    only,
    reduced,
    require_array,
    scalar_result,
    sum_kind,
    widened,
)


@static
def origin(axes):
    """The first index along some axes."""
    return tuple(0 for _ in axes)


def beats(v, m, largest, floating, complex_elements):
    """Whether an element takes the place of the best so far."""
    if complex_elements:
        if largest:
            return v.real > m.real or v.real == m.real and v.imag > m.imag
        return v.real < m.real or v.real == m.real and v.imag < m.imag
    if floating:
        # also where v is NaN, but not where m is; in this form LLVM leaves it a branch, which is rarely taken
        if largest:
            return v > m or v != v and m == m
        return v < m or v != v and m == m
    if largest:
        return v > m
    return v < m


def extreme(a, axes, keepdims, largest):
    if size_of(only(a.shape, axes)) == 0:
        if largest:
            raise ValueError("zero-size array to reduction operation maximum which has no identity")
        raise ValueError("zero-size array to reduction operation minimum which has no identity")
    if scalar_result(axes, a.ndim, keepdims):
        at = origin(axes)
        m = a[at]
        for j in np.ndindex(a.shape):
            v = a[j]
            if beats(v, m, largest, is_floating(a), is_complex(a)):
                m = v
                at = j
        return a[at]
    out = np.empty(reduced(a.shape, axes, keepdims), kind_of(a))
    for i in np.ndindex(kept(a.shape, axes)):
        at = origin(axes)
        m = a[merged(i, origin(axes), axes)]
        for j in np.ndindex(only(a.shape, axes)):
            v = a[merged(i, j, axes)]
            if beats(v, m, largest, is_floating(a), is_complex(a)):
                m = v
                at = j
        out[widened(i, axes, keepdims, a.ndim)] = a[merged(i, at, axes)]
    return out


@array_function("np.max", static="axis keepdims")
def largest(a, axis=None, keepdims=False):
    require_array(a, "np.max")
    return extreme(a, axes_of(axis, a.ndim), keepdims, True)


@array_function("np.min", static="axis keepdims")
def smallest(a, axis=None, keepdims=False):
    require_array(a, "np.min")
    return extreme(a, axes_of(axis, a.ndim), keepdims, False)


@array_function("np.ptp", static="axis keepdims")
def spread(a, axis=None, keepdims=False):
    require_array(a, "np.ptp")
    axes = axes_of(axis, a.ndim)
    if scalar_result(axes, a.ndim, keepdims):
        # numba's own type, which holds a double NaN
        kind = spread_kind(a)
        return kind(extreme(a, axes, keepdims, True) - extreme(a, axes, keepdims, False))
    return extreme(a, axes, keepdims, True) - extreme(a, axes, keepdims, False)


@static
def spread_kind(a):
    return np.complex128 if is_complex(a) else np.float64 if is_floating(a) else sum_kind(a)


def position_in_all(a, largest):
    if a.size == 0:
        raise ValueError("attempt to get argmax or argmin of an empty sequence")
    at = 0
    n = 0
    m = a[origin(a.shape)]
    for j in np.ndindex(a.shape):
        v = a[j]
        if beats(v, m, largest, is_floating(a), is_complex(a)):
            m = v
            at = n
        n += 1
    return at


def position(a, axis, largest):
    if axis is None:
        return position_in_all(a, largest)
    axes = axes_of(axis_of(axis, a.ndim), a.ndim)
    if a.ndim == 1:
        return position_in_all(a, largest)
    if size_of(only(a.shape, axes)) == 0:
        raise ValueError("attempt to get argmax or argmin of an empty sequence")
    out = np.empty(kept(a.shape, axes), np.int64)
    for i in np.ndindex(kept(a.shape, axes)):
        at = 0
        m = a[merged(i, origin(axes), axes)]
        for j in range(a.shape[axis]):
            v = a[merged(i, (j,), axes)]
            if beats(v, m, largest, is_floating(a), is_complex(a)):
                m = v
                at = j
        out[i] = at
    return out


@array_function("np.argmax", static="axis")
def where_largest(a, axis=None):
    require_array(a, "np.argmax")
    return position(a, axis, True)


@array_function("np.argmin", static="axis")
def where_smallest(a, axis=None):
    require_array(a, "np.argmin")
    return position(a, axis, False)
