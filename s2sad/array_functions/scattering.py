"""``np.add.at``: every index counts, those that occur more than once as well."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import is_number


@static
def require_indices(a, indices, b):
    """How the values are laid out: one for all, one for each index, or one for each element written."""
    parts = indices if isinstance(indices, tuple) else (indices,)
    if any(is_number(i) or np.dtype(i.dtype).kind not in "iu" for i in parts) or len({i.ndim for i in parts}) > 1:
        raise refused("the index of `np.add.at` must be an array of whole numbers, or a tuple of them",
                      "write the loop: `a[i] += b`")
    rank = parts[0].ndim + a.ndim - len(parts)
    if not is_number(b) and b.ndim != rank or a.ndim < len(parts):
        raise refused("the values of `np.add.at` must be one number, or as many as are added", "write the loop")
    return True


@static
def as_parts(indices):
    return indices if isinstance(indices, tuple) else (indices,)


def place(parts, shape, k):
    """The index of what is changed, by the arrays of indices; a negative one counts from the end."""
    out: tuple = ()
    for i, n in zip(parts, shape):
        if i[k] >= n or i[k] < -n:
            raise IndexError("index out of bounds")
        out = (*out, i[k])
    return out


def require_shape(shape, parts, rest, b):
    for i in parts:
        for m, n in zip(parts[0].shape, i.shape):
            if m != n:
                raise IndexError("shape mismatch: indexing arrays could not be broadcast together")
    if not is_number(b):
        for m, n in zip((*parts[0].shape, *rest), b.shape):
            if m != n:
                raise ValueError("array is not broadcastable to correct shape")


def each_at(a, indices, b, subtract):
    require_indices(a, indices, b)
    parts = as_parts(indices)
    rest = a.shape[len(parts):]
    require_shape(a.shape, parts, rest, b)
    if is_number(b):
        for k in np.ndindex(parts[0].shape):
            at = place(parts, a.shape, k)
            for r in np.ndindex(rest):
                if subtract:
                    a[(*at, *r)] -= b
                else:
                    a[(*at, *r)] += b
    else:
        values = b.copy()
        for k in np.ndindex(parts[0].shape):
            at = place(parts, a.shape, k)
            for r in np.ndindex(rest):
                if subtract:
                    a[(*at, *r)] -= values[(*k, *r)]
                else:
                    a[(*at, *r)] += values[(*k, *r)]


@array_function("np.add.at")
def add_at(a, indices, b):
    each_at(a, indices, b, False)


@array_function("np.subtract.at")
def subtract_at(a, indices, b):
    each_at(a, indices, b, True)
