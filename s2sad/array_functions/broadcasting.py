"""Arrays repeated along axes: as copies, for a derivative needs a place for each element."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.reductions import size_of
from s2sad.array_functions.shapes import is_number, kind_of, require_array
from s2sad.ir.nodes import TupleArg


@static
def as_shape(shape):
    return shape if isinstance(shape, tuple) else (shape,)


@static
def require_axes_for(a, shape):
    if getattr(a, "ndim", 0) > len(shape):
        raise refused("the shape has fewer axes than the array", "give an extent for each axis")
    return True


@array_function("np.broadcast_to")
def broadcast_to(array, shape):
    extents = as_shape(shape)
    require_axes_for(array, extents)
    out = np.empty(extents, kind_of(array))
    out[...] = array
    return out


@static
def most_axes(args):
    return max(getattr(a, "ndim", 0) for a in args)


@static
def aligned(shape, ndim):
    """A shape with as many axes."""
    return (*(1 for _ in range(ndim - len(shape))), *shape)


def together(m, n):
    if m != n and m != 1 and n != 1:
        raise ValueError("shape mismatch: objects cannot be broadcast to a single shape")
    return n if m == 1 else m


def common_shape(shape, other):
    out: tuple = ()
    for m, n in zip(shape, other):
        out = (*out, together(m, n))
    return out


def in_shape(a, shape):
    out = np.empty(shape, kind_of(a))
    out[...] = a
    return out


def number_of_arrays(given):
    arrays = given["args"]
    assert isinstance(arrays, TupleArg)
    return len(arrays.items)


@static
def no_extents(ndim):
    return (1,) * ndim


@array_function("np.broadcast_arrays", outputs=number_of_arrays)
def broadcast_arrays(*args):
    shape = no_extents(most_axes(args))
    for a in args:
        require_array(a, "np.broadcast_arrays")
        shape = common_shape(shape, aligned(a.shape, most_axes(args)))
    out: tuple = ()
    for a in args:
        out = (*out, in_shape(a, shape))
    return out


@array_function("np.resize")
def resize(a, new_shape):
    require_array(a, "np.resize")
    extents = as_shape(new_shape)
    for n in extents:
        if n < 0:
            raise ValueError("All elements of `new_shape` must be non-negative")
    out = np.zeros(size_of(extents), kind_of(a))
    line = a.ravel()
    if line.shape[0] > 0:
        for k in range(out.shape[0]):
            out[k] = line[k % line.shape[0]]
    if is_number(new_shape):
        return out
    return out.reshape(extents)
