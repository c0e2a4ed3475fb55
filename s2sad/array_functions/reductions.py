"""Sums, means, products and their running forms. Elements are taken one after the other, in C order."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function
from s2sad.array_functions.shapes import (
    at_kept,
    axes_of,
    innermost,
    is_complex,
    kept,
    mean_kind,
    merged,
    only,
    reduced,
    require_array,
    scalar_result,
    sum_kind,
    widened,
)


def total_over(a, axes, kind, keepdims):
    """The sum of an array over axes."""
    if scalar_result(axes, a.ndim, keepdims):
        s = kind(0)
        for i in np.ndindex(a.shape):
            s += a[i]
        return s
    out = np.zeros(reduced(a.shape, axes, keepdims), kind)
    if innermost(axes, a.ndim):
        for i in np.ndindex(kept(a.shape, axes)):
            s = kind(0)
            for j in np.ndindex(only(a.shape, axes)):
                s += a[merged(i, j, axes)]
            out[widened(i, axes, keepdims, a.ndim)] = s
    else:
        for i in np.ndindex(a.shape):
            out[at_kept(i, axes, keepdims)] += a[i]
    return out


def size_of(shape):
    """The number of elements of an array of this shape."""
    if len(shape) == 0:
        return 1
    n = shape[0]
    for extent in shape[1:]:
        n = n * extent
    return n


@array_function("np.sum", static="axis dtype keepdims", takes=lambda args, kwargs: len(args) > 1 or bool(kwargs))
def total(a, axis=None, dtype=None, keepdims=False):
    require_array(a, "np.sum")
    return total_over(a, axes_of(axis, a.ndim), sum_kind(a, dtype), keepdims)


@array_function("np.mean", static="axis keepdims")
def mean(a, axis=None, keepdims=False):
    require_array(a, "np.mean")
    return mean_over(a, axes_of(axis, a.ndim), mean_kind(a), keepdims)


def mean_over(a, axes, kind, keepdims):
    if scalar_result(axes, a.ndim, keepdims):
        # np.divide, for the mean of nothing is NaN and no error
        return kind(np.divide(total_over(a, axes, kind, keepdims), a.size))
    n = size_of(only(a.shape, axes))
    out = total_over(a, axes, kind, keepdims)
    for i in np.ndindex(kept(a.shape, axes)):
        out[widened(i, axes, keepdims, a.ndim)] = kind(np.divide(out[widened(i, axes, keepdims, a.ndim)], n))
    return out


def square_of(d, complex_elements):
    if complex_elements:
        return d.real * d.real + d.imag * d.imag
    return d * d


@array_function("np.var", static="axis ddof keepdims")
def variance(a, axis=None, ddof=0, keepdims=False):
    require_array(a, "np.var")
    axes = axes_of(axis, a.ndim)
    m = mean_over(a, axes, mean_kind(a), keepdims)
    if scalar_result(axes, a.ndim, keepdims):
        s = 0.0
        for i in np.ndindex(a.shape):
            d = a[i] - m
            s += square_of(d, is_complex(a))
        return s / (a.size - ddof)
    n = size_of(only(a.shape, axes)) - ddof
    out = np.zeros(reduced(a.shape, axes, keepdims), np.float64)
    for i in np.ndindex(kept(a.shape, axes)):
        s = 0.0
        for j in np.ndindex(only(a.shape, axes)):
            d = a[merged(i, j, axes)] - m[widened(i, axes, keepdims, a.ndim)]
            s += square_of(d, is_complex(a))
        out[widened(i, axes, keepdims, a.ndim)] = np.divide(s, n)
    return out


@array_function("np.std", static="axis ddof keepdims")
def deviation(a, axis=None, ddof=0, keepdims=False):
    require_array(a, "np.std")
    axes = axes_of(axis, a.ndim)
    v = variance(a, axis, ddof, keepdims)
    if scalar_result(axes, a.ndim, keepdims):
        return root_of_sum(v)
    out = np.empty(v.shape, np.float64)
    for i in np.ndindex(v.shape):
        out[i] = root_of_sum(v[i])
    return out


def root_of_sum(v):
    """The root of a sum of squares, a norm: its derivative where all are zero is zero."""
    return 0.0 if v == 0.0 else np.sqrt(v)


@array_function("np.prod", static="axis keepdims")
def product(a, axis=None, keepdims=False):
    require_array(a, "np.prod")
    axes = axes_of(axis, a.ndim)
    kind = sum_kind(a)
    if scalar_result(axes, a.ndim, keepdims):
        p = kind(1)
        for i in np.ndindex(a.shape):
            p *= a[i]
        return p
    out = np.ones(reduced(a.shape, axes, keepdims), kind)
    for i in np.ndindex(kept(a.shape, axes)):
        p = kind(1)
        for j in np.ndindex(only(a.shape, axes)):
            p *= a[merged(i, j, axes)]
        out[widened(i, axes, keepdims, a.ndim)] = p
    return out


# ---------------------------------------------------------------------------- tests and counts

@array_function("np.any", static="axis keepdims")
def any_of(a, axis=None, keepdims=False):
    require_array(a, "np.any")
    axes = axes_of(axis, a.ndim)
    if scalar_result(axes, a.ndim, keepdims):
        found = False
        for i in np.ndindex(a.shape):
            if a[i] != 0:
                found = True
        return found
    out = np.zeros(reduced(a.shape, axes, keepdims), np.bool_)
    for i in np.ndindex(a.shape):
        if a[i] != 0:
            out[at_kept(i, axes, keepdims)] = True
    return out


@array_function("np.all", static="axis keepdims")
def all_of(a, axis=None, keepdims=False):
    require_array(a, "np.all")
    axes = axes_of(axis, a.ndim)
    if scalar_result(axes, a.ndim, keepdims):
        every = True
        for i in np.ndindex(a.shape):
            if a[i] == 0:
                every = False
        return every
    out = np.ones(reduced(a.shape, axes, keepdims), np.bool_)
    for i in np.ndindex(a.shape):
        if a[i] == 0:
            out[at_kept(i, axes, keepdims)] = False
    return out


@array_function("np.count_nonzero", static="axis keepdims")
def count_nonzero(a, axis=None, keepdims=False):
    require_array(a, "np.count_nonzero")
    axes = axes_of(axis, a.ndim)
    if scalar_result(axes, a.ndim, keepdims):
        n = 0
        for i in np.ndindex(a.shape):
            if a[i] != 0:
                n += 1
        return n
    out = np.zeros(reduced(a.shape, axes, keepdims), np.int64)
    for i in np.ndindex(a.shape):
        if a[i] != 0:
            out[at_kept(i, axes, keepdims)] += 1
    return out


# ---------------------------------------------------------------------------- running sums and products

@array_function("np.cumsum", static="axis dtype")
def running_sum(a, axis=None, dtype=None):
    require_array(a, "np.cumsum")
    kind = sum_kind(a, dtype)
    if axis is None:
        out = np.empty(a.size, kind)
        s = kind(0)
        n = 0
        for i in np.ndindex(a.shape):
            s += a[i]
            out[n] = s
            n += 1
        return out
    axes = axes_of(axis, a.ndim)
    out = np.empty(a.shape, kind)
    for i in np.ndindex(kept(a.shape, axes)):
        s = kind(0)
        for j in np.ndindex(only(a.shape, axes)):
            s += a[merged(i, j, axes)]
            out[merged(i, j, axes)] = s
    return out


@array_function("np.cumprod", static="axis")
def running_product(a, axis=None):
    require_array(a, "np.cumprod")
    kind = sum_kind(a)
    if axis is None:
        out = np.empty(a.size, kind)
        p = kind(1)
        n = 0
        for i in np.ndindex(a.shape):
            p *= a[i]
            out[n] = p
            n += 1
        return out
    axes = axes_of(axis, a.ndim)
    out = np.empty(a.shape, kind)
    for i in np.ndindex(kept(a.shape, axes)):
        p = kind(1)
        for j in np.ndindex(only(a.shape, axes)):
            p *= a[merged(i, j, axes)]
            out[merged(i, j, axes)] = p
    return out
