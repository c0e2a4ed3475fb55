"""Arrays as they are or in C order, and whether two of them agree."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import is_complex, is_number, kind_of, require_array
from s2sad.ir.nodes import TupleArg


@static
def has_kind(a, dtype):
    return dtype is None or np.dtype(dtype) == np.dtype(kind_of(a))


@static
def in_c_order(a):
    return a.layout == "C" if hasattr(a, "layout") else a.flags.c_contiguous


def is_no_display(args, kwargs):
    return not (args and isinstance(args[0], TupleArg))


@array_function("np.asarray", static="dtype", takes=is_no_display)
def asarray(a, dtype=None):
    require_array(a, "np.asarray")
    if has_kind(a, dtype):
        return a
    out = np.empty(a.shape, dtype)
    for i in np.ndindex(a.shape):
        out[i] = a[i]
    return out


@array_function("np.ascontiguousarray", takes=is_no_display)
def ascontiguousarray(a):
    require_array(a, "np.ascontiguousarray")
    if in_c_order(a):
        return a
    out = np.empty(a.shape, kind_of(a))
    for i in np.ndindex(a.shape):
        out[i] = a[i]
    return out


@array_function("np.asfortranarray")
def asfortranarray(a):
    # the order of elements in memory is nothing that a program can see
    require_array(a, "np.asfortranarray")
    if a.ndim == 1 and in_c_order(a):
        return a
    out = np.empty(a.shape, kind_of(a))
    for i in np.ndindex(a.shape):
        out[i] = a[i]
    return out


@static
def kind_given(a, dtype):
    kind = np.dtype(dtype)
    if is_complex(a) and kind.kind != "c":
        raise refused("`.astype` of complex numbers to real ones is not supported", "take the real part")
    return kind.type


@array_function("np.astype", static="dtype", takes=lambda args, kwargs: len(args) == 2 and not kwargs)
def astype(a, dtype):
    require_array(a, "np.astype")
    kind = kind_given(a, dtype)
    out = np.empty(a.shape, kind)
    for i in np.ndindex(a.shape):
        out[i] = kind(a[i])
    return out


@array_function("np.asarray_chkfinite", static="dtype", takes=is_no_display)
def asarray_chkfinite(a, dtype=None):
    out = asarray(a, dtype)
    for i in np.ndindex(a.shape):
        if not np.isfinite(a[i]):
            raise ValueError("array must not contain infs or NaNs")
    return out


# ---------------------------------------------------------------------------- kinds

@array_function("np.iscomplexobj")
def iscomplexobj(x):
    return is_complex(x)


@array_function("np.isrealobj")
def isrealobj(x):
    return not is_complex(x)


@array_function("np.isscalar")
def isscalar(element):
    return is_number(element)


# ---------------------------------------------------------------------------- agreement

@static
def same_rank(a, b):
    return a.ndim == b.ndim


@array_function("np.array_equal")
def array_equal(a1, a2):
    require_array(a1, "np.array_equal")
    require_array(a2, "np.array_equal")
    if not same_rank(a1, a2):
        return False
    same = True
    for m, n in zip(a1.shape, a2.shape):
        if m != n:
            same = False
    if same:
        for i in np.ndindex(a1.shape):
            if a1[i] != a2[i]:
                same = False
    return same


@static
def require_comparable(a, b):
    if not is_number(b) and not same_rank(a, b):
        raise refused("`np.allclose` is supported for arrays of one shape, or an array and a number",
                      "broadcast them before")
    return True


def close(a, b, rtol, atol, equal_nan):
    if a != a or b != b:
        return equal_nan and a != a and b != b
    if np.isinf(a) or np.isinf(b):
        return a == b
    return not np.abs(a - b) > atol + rtol * np.abs(b * 1.0)


@array_function("np.allclose")
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    require_array(a, "np.allclose")
    require_comparable(a, b)
    if not is_number(b):
        for m, n in zip(a.shape, b.shape):
            if m != n:
                raise ValueError("operands could not be broadcast together")
    every = True
    for i in np.ndindex(a.shape):
        if is_number(b):
            if not close(a[i], b, rtol, atol, equal_nan):
                every = False
        else:
            if not close(a[i], b[i], rtol, atol, equal_nan):
                every = False
    return every
