"""Arrays made of arrays: joined, repeated, with elements left out or put in."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import axis_of, is_number, joint_kind, kind_of, replaced, require_array


@static
def require_several(arrays, name):
    """Refuse what is no tuple of arrays."""
    if not isinstance(arrays, tuple) or not arrays:
        raise refused(f"`{name}` takes a tuple of arrays here", "write the arrays out: `(a, b)`")
    return True


@static
def require_one_rank(arrays, name):
    if len({getattr(a, "ndim", 0) for a in arrays}) > 1 or not getattr(arrays[0], "ndim", 0):
        raise refused(f"the arrays of `{name}` must have the same number of axes", "reshape them")
    return True


@static
def kind_of_all(arrays):
    return joint_kind(*arrays)


def require_same(shape, other, axis):
    """The shapes must agree but for one axis."""
    for k, (m, n) in enumerate(zip(shape, other)):
        if k != axis:
            if m != n:
                raise ValueError("np.concatenate(): input sizes over dimension do not match")


def put(out, axis, start, a):
    """Write an array into another, from a place along an axis on."""
    for i in np.ndindex(a.shape):
        out[replaced(i, axis, start + i[axis])] = a[i]


def joined(arrays, axis):
    total = 0
    for a in arrays:
        require_same(arrays[0].shape, a.shape, axis)
        total += a.shape[axis]
    out = np.empty(replaced(arrays[0].shape, axis, total), kind_of_all(arrays))
    start = 0
    for a in arrays:
        put(out, axis, start, a)
        start += a.shape[axis]
    return out


@array_function("np.concatenate", static="axis")
def concatenate(arrays, axis=0):
    require_several(arrays, "np.concatenate")
    if axis is None:
        return in_a_line(arrays)
    require_one_rank(arrays, "np.concatenate")
    return joined(arrays, axis_of(axis, arrays[0].ndim))


def in_a_line(arrays):
    total = 0
    for a in arrays:
        total += a.size
    out = np.empty(total, kind_of_all(arrays))
    n = 0
    for a in arrays:
        for i in np.ndindex(a.shape):
            out[n] = a[i]
            n += 1
    return out


@static
def inserted(index, axis, k):
    """A shape or index with one more place."""
    return (*index[:axis], k, *index[axis:])


def stacked(arrays, axis):
    for a in arrays:
        require_same(arrays[0].shape, a.shape, -1)
    out = np.empty(inserted(arrays[0].shape, axis, len(arrays)), kind_of_all(arrays))
    n = 0
    for a in arrays:
        for i in np.ndindex(a.shape):
            out[inserted(i, axis, n)] = a[i]
        n += 1
    return out


@array_function("np.stack", static="axis")
def stack(arrays, axis=0):
    require_several(arrays, "np.stack")
    require_one_rank(arrays, "np.stack")
    return stacked(arrays, axis_of(axis, arrays[0].ndim + 1))


@array_function("np.hstack")
def hstack(tup):
    require_several(tup, "np.hstack")
    require_one_rank(tup, "np.hstack")
    if tup[0].ndim == 1:
        return joined(tup, 0)
    return joined(tup, 1)


@array_function("np.vstack")
def vstack(tup):
    require_several(tup, "np.vstack")
    require_one_rank(tup, "np.vstack")
    if tup[0].ndim == 1:
        return stacked(tup, 0)
    return joined(tup, 0)


@array_function("np.dstack")
def dstack(tup):
    require_several(tup, "np.dstack")
    require_one_rank(tup, "np.dstack")
    if tup[0].ndim == 1:
        n = tup[0].shape[0]
        out = np.empty((1, n, len(tup)), kind_of_all(tup))
        k = 0
        for a in tup:
            require_same(tup[0].shape, a.shape, -1)
            for i in range(n):
                out[0, i, k] = a[i]
            k += 1
        return out
    if tup[0].ndim == 2:
        return stacked(tup, 2)
    return joined(tup, 2)


@array_function("np.column_stack")
def column_stack(tup):
    require_several(tup, "np.column_stack")
    columns = 0
    for a in tup:
        require_array(a, "np.column_stack")
        if a.shape[0] != tup[0].shape[0]:
            raise ValueError("np.column_stack(): input sizes over dimension do not match")
        if a.ndim == 1:
            columns += 1
        else:
            columns += a.shape[1]
    out = np.empty((tup[0].shape[0], columns), kind_of_all(tup))
    k = 0
    for a in tup:
        if a.ndim == 1:
            for i in range(a.shape[0]):
                out[i, k] = a[i]
            k += 1
        else:
            put(out, 1, k, a)
            k += a.shape[1]
    return out


@array_function("np.append", static="axis")
def append(arr, values, axis=None):
    require_array(arr, "np.append")
    if axis is None:
        n = 0
        if is_number(values):
            out = np.empty(arr.size + 1, joint_kind(arr, values))
            out[arr.size] = values
        else:
            out = np.empty(arr.size + values.size, joint_kind(arr, values))
            for i in np.ndindex(values.shape):
                out[arr.size + n] = values[i]
                n += 1
            n = 0
        for i in np.ndindex(arr.shape):
            out[n] = arr[i]
            n += 1
        return out
    require_one_rank((arr, values), "np.append")
    return joined((arr, values), axis_of(axis, arr.ndim))


# ---------------------------------------------------------------------------- repeated

@array_function("np.repeat", static="axis")
def repeat(a, repeats, axis=None):
    require_array(a, "np.repeat")
    if axis is None:
        return repeated_in_a_line(a, repeats)
    along = axis_of(axis, a.ndim)
    require_number(repeats, "the number of repetitions along an axis")
    if repeats < 0:
        raise ValueError("negative dimensions are not allowed")
    out = np.empty(replaced(a.shape, along, a.shape[along] * repeats), kind_of(a))
    for i in np.ndindex(a.shape):
        for k in range(repeats):
            out[replaced(i, along, i[along] * repeats + k)] = a[i]
    return out


@static
def require_number(a, what):
    if getattr(a, "ndim", 0):
        raise refused(f"{what} must be a number", "pass one number")
    return True


def repeated_in_a_line(a, repeats):
    n = 0
    if repeats.ndim == 1:
        if repeats.shape[0] != a.size:
            raise ValueError("operands could not be broadcast together")
        total = 0
        for k in range(repeats.shape[0]):
            if repeats[k] < 0:
                raise ValueError("negative dimensions are not allowed")
            total += repeats[k]
        out = np.empty(total, kind_of(a))
        place = 0
        for i in np.ndindex(a.shape):
            for _ in range(repeats[place]):
                out[n] = a[i]
                n += 1
            place += 1
        return out
    if repeats < 0:
        raise ValueError("negative dimensions are not allowed")
    out = np.empty(a.size * repeats, kind_of(a))
    for i in np.ndindex(a.shape):
        for _ in range(repeats):
            out[n] = a[i]
            n += 1
    return out


@static
def tile_counts(reps, ndim):
    """How often along each axis of the result."""
    counts = reps if isinstance(reps, tuple) else (reps,)
    return (*(1 for _ in range(ndim - len(counts))), *counts)


@static
def tile_shape(shape, counts):
    """The shape with as many axes as there are counts."""
    return (*(1 for _ in range(len(counts) - len(shape))), *shape)


@static
def last_places(index, count):
    return index[len(index) - count:]


def products(shape, counts):
    out: tuple = ()
    for n, k in zip(shape, counts):
        out = (*out, n * k)
    return out


def places(blocks, shape, index):
    """The index of an element of one of several blocks of a shape."""
    out: tuple = ()
    for b, n, i in zip(blocks, shape, index):
        out = (*out, b * n + i)
    return out


@array_function("np.tile")
def tile(a, reps):
    require_array(a, "np.tile")
    counts = tile_counts(reps, a.ndim)
    shape = tile_shape(a.shape, counts)
    out = np.empty(products(shape, counts), kind_of(a))
    for b in np.ndindex(counts):
        for i in np.ndindex(shape):
            out[places(b, shape, i)] = a[last_places(i, a.ndim)]
    return out


# ---------------------------------------------------------------------------- left out

@array_function("np.delete", static="axis")
def delete(arr, obj, axis=None):
    require_array(arr, "np.delete")
    require_no_axis(arr, axis, "np.delete")
    line = arr.ravel()
    n = line.shape[0]
    if is_number(obj):
        at = obj
        if at < -n or at >= n:
            raise IndexError("obj must be less than the len(arr)")
        if at < 0:
            at += n
        out = np.empty(n - 1, kind_of(arr))
        for k in range(n - 1):
            if k < at:
                out[k] = line[k]
            else:
                out[k] = line[k + 1]
        return out
    keep = np.ones(n, np.bool_)
    for k in obj:
        keep[k] = False
    return taken_where(line, keep)


@static
def require_no_axis(a, axis, name):
    if axis is not None and not (a.ndim == 1 and axis in (0, -1)):
        raise refused(f"`{name}` along an axis is not supported", "ravel the array, or join the parts that stay")
    return True


@array_function("np.insert", static="axis")
def insert(arr, obj, values, axis=None):
    require_array(arr, "np.insert")
    require_no_axis(arr, axis, "np.insert")
    require_number(obj, "the place of `np.insert`")
    line = arr.ravel()
    n = line.shape[0]
    at = obj
    if at < -n or at > n:
        raise IndexError("index is out of bounds for the given array size")
    if at < 0:
        at += n
    more = 1
    if not is_number(values):
        more = values.size
    out = np.empty(n + more, kind_of(arr))
    for k in range(at):
        out[k] = line[k]
    if is_number(values):
        out[at] = values
    else:
        t = at
        for i in np.ndindex(values.shape):
            out[t] = values[i]
            t += 1
    for k in range(at, n):
        out[k + more] = line[k]
    return out


def taken_where(arr, keep):
    """The elements of a vector where another is true."""
    count = 0
    for k in range(keep.shape[0]):
        if keep[k]:
            count += 1
    out = np.empty(count, kind_of(arr))
    n = 0
    for k in range(keep.shape[0]):
        if keep[k]:
            out[n] = arr[k]
            n += 1
    return out
