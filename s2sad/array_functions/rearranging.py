"""Elements in other places: rolled, turned, picked by index or condition; parts and other views of an array."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.joining import require_number
from s2sad.array_functions.shapes import axis_of, is_number, kind_of, replaced, require_array
from s2sad.ir.nodes import Const, TupleArg


@static
def literal(value, what):
    if type(value) is not int:
        raise refused(f"{what} must be a literal integer", "write it out")
    return value


@array_function("np.roll", static="axis")
def roll(a, shift, axis=None):
    require_array(a, "np.roll")
    require_number(shift, "the shift")
    if axis is not None:
        along = axis_of(axis, a.ndim)
        out = np.empty(a.shape, kind_of(a))
        for i in np.ndindex(a.shape):
            out[replaced(i, along, (i[along] + shift) % a.shape[along])] = a[i]
        return out
    line = np.empty(a.size, kind_of(a))
    n = 0
    for i in np.ndindex(a.shape):
        line[(n + shift) % a.size] = a[i]
        n += 1
    if a.ndim == 1:
        return line
    return line.reshape(a.shape)


@array_function("np.flip", static="axis", takes=lambda args, kwargs: len(args) > 1 or bool(kwargs))
def flipped(m, axis=None):
    require_array(m, "np.flip")
    if axis is None:
        return np.flip(m)
    along = axis_of(axis, m.ndim)
    if along == 0:
        return m[::-1]
    if along == 1:
        return m[:, ::-1]
    if along == 2:
        return m[:, :, ::-1]
    return m[:, :, :, ::-1]


@array_function("np.rot90", static="k")
def turned(m, k=1):
    if m.ndim != 2:
        raise_two_axes()
    quarter = quarters(k)
    if quarter == 0:
        return m[:]
    if quarter == 1:
        return m[:, ::-1].T
    if quarter == 2:
        return m[::-1, ::-1]
    return m.T[:, ::-1]


@static
def quarters(k):
    return literal(k, "the number of quarter turns") % 4


@static
def raise_two_axes():
    raise refused("this is supported for arrays with two axes", "take part of the array")


@array_function("np.squeeze", static="axis")
def squeeze(a, axis=None):
    k = axis_of(literal(axis, "the axis of `np.squeeze`"), a.ndim)
    if a.shape[k] != 1:
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    if k == 0:
        return a[0]
    if k == 1:
        return a[:, 0]
    if k == 2:
        return a[:, :, 0]
    return a[:, :, :, 0]


@array_function("np.atleast_1d")
def atleast_1d(a):
    if is_number(a):
        out = np.empty(1, kind_of(a))
        out[0] = a
        return out
    return a


@array_function("np.atleast_2d")
def atleast_2d(a):
    if is_number(a):
        out = np.empty((1, 1), kind_of(a))
        out[0, 0] = a
        return out
    if a.ndim == 1:
        return a[None, :]
    return a


@array_function("np.atleast_3d")
def atleast_3d(a):
    if is_number(a):
        out = np.empty((1, 1, 1), kind_of(a))
        out[0, 0, 0] = a
        return out
    if a.ndim == 1:
        return a[None, :, None]
    if a.ndim == 2:
        return a[:, :, None]
    return a


# ---------------------------------------------------------------------------- parts

def sections(given):
    """How many parts ``np.split`` gives: a number of them, or one more than there are places to cut."""
    match given["indices_or_sections"]:
        case Const(int() as n):
            return n
        case TupleArg(items):
            return len(items) + 1
    raise refused("the number of parts must be known when compiling",
                  "give a literal number of sections, or a tuple of indices")


@static
def numbers(n):
    """0, 1, ..., n - 1."""
    return tuple(range(n))


def part(a, axis, start, stop):
    if axis == 0:
        return a[start:stop]
    if axis == 1:
        return a[:, start:stop]
    if axis == 2:
        return a[:, :, start:stop]
    return a[:, :, :, start:stop]


def cut_at(a, places, axis):
    parts: tuple = ()
    start = 0
    for stop in places:
        parts = (*parts, part(a, axis, start, stop))
        start = stop
    return (*parts, part(a, axis, start, a.shape[axis]))


def cut(a, n, axis):
    """Parts of nearly equal size, the first ones larger."""
    parts: tuple = ()
    size = a.shape[axis] // n
    more = a.shape[axis] % n
    start = 0
    for k in numbers(n):
        stop = start + size + int(k < more)
        parts = (*parts, part(a, axis, start, stop))
        start = stop
    return parts


@array_function("np.split", static="axis", outputs=sections)
def split(ary, indices_or_sections, axis=0):
    return even_parts(ary, indices_or_sections, axis_of(axis, ary.ndim))


@array_function("np.array_split", static="axis", outputs=sections)
def array_split(ary, indices_or_sections, axis=0):
    along = axis_of(axis, ary.ndim)
    if is_number(indices_or_sections):
        return cut(ary, indices_or_sections, along)
    return cut_at(ary, indices_or_sections, along)


def even_parts(a, indices_or_sections, axis):
    if is_number(indices_or_sections):
        if a.shape[axis] % indices_or_sections != 0:
            raise ValueError("array split does not result in an equal division")
        return cut(a, indices_or_sections, axis)
    return cut_at(a, indices_or_sections, axis)


@static
def split_axis(a, axis, name):
    if a.ndim < axis + 1 and not (name == "np.hsplit" and a.ndim == 1):
        raise refused(f"`{name}` needs an array with more axes", "use `np.split`")
    return 0 if name == "np.hsplit" and a.ndim == 1 else axis


@array_function("np.vsplit", outputs=sections)
def vsplit(ary, indices_or_sections):
    return even_parts(ary, indices_or_sections, split_axis(ary, 0, "np.vsplit"))


@array_function("np.hsplit", outputs=sections)
def hsplit(ary, indices_or_sections):
    return even_parts(ary, indices_or_sections, split_axis(ary, 1, "np.hsplit"))


@array_function("np.dsplit", outputs=sections)
def dsplit(ary, indices_or_sections):
    return even_parts(ary, indices_or_sections, split_axis(ary, 2, "np.dsplit"))


# ---------------------------------------------------------------------------- picked

@array_function("np.take", static="axis")
def take(a, indices, axis=None):
    require_array(a, "np.take")
    if axis is None:
        if is_number(indices):
            if indices > a.size - 1 or indices < -a.size:
                raise IndexError("Index out of bounds")
            return a.ravel()[indices]
        flat = a.ravel()
        out = np.empty(indices.shape, kind_of(a))
        for i in np.ndindex(indices.shape):
            if indices[i] > a.size - 1 or indices[i] < -a.size:
                raise IndexError("Index out of bounds")
            out[i] = flat[indices[i]]
        return out
    along = axis_of(axis, a.ndim)
    if is_number(indices):
        if a.ndim == 1:
            return a[indices]
        out = np.empty((*a.shape[:along], *a.shape[along + 1:]), kind_of(a))
        for i in np.ndindex((*a.shape[:along], *a.shape[along + 1:])):
            out[i] = a[(*i[:along], indices, *i[along:])]
        return out
    if indices.ndim != 1:
        raise_one_axis()
    out = np.empty(replaced(a.shape, along, indices.shape[0]), kind_of(a))
    for i in np.ndindex(replaced(a.shape, along, indices.shape[0])):
        out[i] = a[replaced(i, along, indices[i[along]])]
    return out


@static
def raise_one_axis():
    raise refused("this is supported for an index array with one axis", "ravel the indices")


@array_function("np.take_along_axis", static="axis")
def take_along_axis(arr, indices, axis):
    along = axis_of(axis, arr.ndim)
    if arr.ndim != indices.ndim:
        raise_same_rank()
    for k, (m, n) in enumerate(zip(arr.shape, indices.shape)):
        if k != along:
            if m != n:
                raise ValueError("dimensions don't match")
    out = np.empty(indices.shape, kind_of(arr))
    for i in np.ndindex(indices.shape):
        out[i] = arr[replaced(i, along, indices[i])]
    return out


@static
def raise_same_rank():
    raise refused("the index array must have as many axes as the array", "reshape it")


def true_places(condition):
    """The places of a vector that are not zero."""
    count = 0
    for k in range(condition.shape[0]):
        if condition[k] != 0:
            count += 1
    out = np.empty(count, np.int64)
    n = 0
    for k in range(condition.shape[0]):
        if condition[k] != 0:
            out[n] = k
            n += 1
    return out


@array_function("np.where", takes=lambda args, kwargs: len(args) == 1, outputs=lambda given: 1)
def where(condition):
    require_vector_of_tests(condition)
    return (true_places(condition),)


@array_function("np.nonzero", outputs=lambda given: 1)
def nonzero(a):
    require_vector_of_tests(a)
    return (true_places(a),)


@array_function("np.flatnonzero")
def flatnonzero(a):
    require_array(a, "np.flatnonzero")
    return true_places(a.ravel())


@array_function("np.argwhere")
def argwhere(a):
    require_array(a, "np.argwhere")
    count = 0
    for i in np.ndindex(a.shape):
        if a[i] != 0:
            count += 1
    out = np.empty((count, a.ndim), np.int64)
    n = 0
    for i in np.ndindex(a.shape):
        if a[i] != 0:
            for k, place in enumerate(i):
                out[n, k] = place
            n += 1
    return out


@static
def require_vector_of_tests(a):
    if getattr(a, "ndim", 0) != 1:
        raise refused("the places of an array with several axes are not supported", "use `np.flatnonzero`, or a loop")
    return True


@array_function("np.extract")
def extract(condition, arr):
    require_array(arr, "np.extract")
    if arr.size == 0:
        raise ValueError("Cannot extract from an empty array")
    tests = condition.ravel()
    flat = arr.ravel()
    most = min(arr.size, condition.size)
    for k in range(most, condition.size):
        if tests[k] != 0:
            raise ValueError("condition shape inconsistent with arr shape")
    count = 0
    for k in range(most):
        if tests[k] != 0:
            count += 1
    out = np.empty(count, kind_of(arr))
    n = 0
    for k in range(most):
        if tests[k] != 0:
            out[n] = flat[k]
            n += 1
    return out


@static
def select_kind(choices, default):
    """What numba gives: the type of ``default * np.ones(..., choices[0].dtype)`` joined by those of the choices."""
    first = np.result_type(np.dtype(kind_of(choices[0])), np.dtype(kind_of(default)))
    return np.result_type(first, *(np.dtype(kind_of(c)) for c in choices)).type


@array_function("np.select")
def selected(condlist, choicelist, default=0):
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    kind = select_kind(choicelist, default)
    shape = choicelist[0].shape
    for c, v in zip(condlist, choicelist):
        require_equal_shape(shape, c.shape)
        require_equal_shape(shape, v.shape)
    out = np.empty(shape, kind)
    for i in np.ndindex(shape):
        chosen = -1
        n = 0
        for c in condlist:
            if chosen < 0:
                if c[i]:
                    chosen = n
            n += 1
        out[i] = default
        n = 0
        for v in choicelist:
            if chosen == n:
                out[i] = v[i]
            n += 1
    return out


def require_equal_shape(shape, other):
    for m, n in zip(shape, other):
        if m != n:
            raise ValueError("operands could not be broadcast together")
