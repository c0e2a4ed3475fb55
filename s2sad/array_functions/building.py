"""Arrays from numbers, and matrices from vectors: diagonals, triangles, grids, even steps."""
from __future__ import annotations

import math

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.ordering import require_real
from s2sad.array_functions.shapes import is_complex, is_number, joint_kind, kind_of, require_array, require_at_most
from s2sad.ir.nodes import Const


@static
def kind_given(dtype):
    return np.float64 if dtype is None else np.dtype(dtype).type


@array_function("np.eye", static="dtype")
def eye(N, M=None, k=0, dtype=None):
    columns = N
    if M is not None:
        columns = M
    out = np.zeros((N, columns), kind_given(dtype))
    for i in range(max(0, -k), min(N, columns - k)):
        out[i, i + k] = 1
    return out


@array_function("np.identity", static="dtype")
def identity(n, dtype=None):
    out = np.zeros((n, n), kind_given(dtype))
    for i in range(n):
        out[i, i] = 1
    return out


@array_function("np.tri")
def tri(N, M=None, k=0):
    columns = N
    if M is not None:
        columns = M
    rows = max(0, N)
    columns = max(0, columns)
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(min(max(0, i + k + 1), columns)):
            out[i, j] = 1.0
    return out


def triangle(m, k, lower):
    if m.ndim == 1:
        n = m.shape[0]
        out = np.zeros((n, n), kind_of(m))
        for i in range(n):
            for j in range(n):
                if (j <= i + k) if lower else (j >= i + k):
                    out[i, j] = m[j]
        return out
    out = np.zeros(m.shape, kind_of(m))
    for o in np.ndindex(m.shape[:-2]):
        for i in range(m.shape[m.ndim - 2]):
            for j in range(m.shape[m.ndim - 1]):
                if (j <= i + k) if lower else (j >= i + k):
                    out[(*o, i, j)] = m[(*o, i, j)]
    return out


@array_function("np.tril")
def tril(m, k=0):
    require_array(m, "np.tril")
    return triangle(m, k, True)


@array_function("np.triu")
def triu(m, k=0):
    require_array(m, "np.triu")
    return triangle(m, k, False)


# ---------------------------------------------------------------------------- diagonals

def diagonal_of(m, k):
    rows = m.shape[0]
    columns = m.shape[1]
    down = max(0, -k)
    right = max(0, k)
    n = max(min(rows - down, columns - right), 0)
    out = np.empty(n, kind_of(m))
    for i in range(n):
        out[i] = m[i + down, i + right]
    return out


def diagonal_matrix(v, k):
    n = v.size + abs(k)
    out = np.zeros((n, n), kind_of(v))
    down = max(0, -k)
    right = max(0, k)
    t = 0
    for i in np.ndindex(v.shape):
        out[t + down, t + right] = v[i]
        t += 1
    return out


@array_function("np.diag")
def diag(v, k=0):
    require_array(v, "np.diag")
    require_at_most(v, 2, "np.diag")
    if v.ndim == 1:
        return diagonal_matrix(v, k)
    return diagonal_of(v, k)


@array_function("np.diagonal", static="axis1 axis2")
def diagonal(a, offset=0, axis1=0, axis2=1):
    require_matrix(a, axis1, axis2)
    return diagonal_of(a, offset)


@static
def require_matrix(a, axis1, axis2):
    if getattr(a, "ndim", 0) != 2 or (axis1, axis2) != (0, 1):
        raise refused("`np.diagonal` is supported for matrices, without other axes", "take one matrix after the other")
    return True


@array_function("np.diagflat")
def diagflat(v, k=0):
    require_array(v, "np.diagflat")
    return diagonal_matrix(v, k)


@array_function("np.fill_diagonal", static="wrap")
def fill_diagonal(a, val, wrap=False):
    require_square(a, wrap)
    if wrap and a.ndim == 2:
        fill_wrapped(a, val)
        return
    n = a.shape[0]
    for extent in a.shape[1:]:
        if a.ndim > 2:
            if extent != n:
                raise ValueError("All dimensions of input must be of equal length")
    for extent in a.shape[1:]:
        n = min(n, extent)
    t = 0
    for i in range(n):
        if is_number(val):
            a[repeated(i, a.ndim)] = val
        else:
            a[repeated(i, a.ndim)] = val.ravel()[t]
            t += 1
            t = t % val.size


@static
def require_square(a, wrap):
    if getattr(a, "ndim", 0) < 2:
        raise refused("`np.fill_diagonal` needs an array with two axes or more", "assign to the elements")
    if type(wrap) is not bool:
        raise refused("`wrap` must be a literal", "write it out")
    return True


def fill_wrapped(a, val):
    """In a tall matrix the diagonal begins anew one row after it ends."""
    columns = a.shape[1]
    t = 0
    for place in range(0, a.size, columns + 1):
        if is_number(val):
            a[place // columns, place % columns] = val
        else:
            a[place // columns, place % columns] = val.ravel()[t]
            t += 1
            t = t % val.size


@static
def repeated(i, count):
    return (i,) * count


# ---------------------------------------------------------------------------- steps and grids

@static
def line_kind(start, stop):
    return np.complex128 if is_complex(start) or is_complex(stop) else np.float64


def even_steps(start, stop, num, kind):
    out = np.empty(num, kind)
    if num > 1:
        step = np.divide(stop * 1.0 - start * 1.0, num - 1)
        for i in range(num - 1):
            out[i] = start * 1.0 + i * step
        out[num - 1] = stop
    elif num == 1:
        out[0] = start
    return out


@static
def arange_kind(bounds, dtype):
    if dtype is not None:
        return np.dtype(dtype).type
    kinds = [np.dtype(kind_of(b)) for b in bounds if b is not None]
    return np.int64 if all(k.kind in "biu" for k in kinds) else np.result_type(np.int64, *kinds).type


@static
def require_numbers(*bounds):
    for b in bounds:
        if b is not None and (not is_number(b) or is_complex(b)):
            raise refused("`np.arange` takes real numbers", "fill an array in a loop")
    return True


@array_function("np.arange", static="dtype", takes=lambda args, kwargs: bool(kwargs) or not counts(args))
def arange(start, stop=None, step=None, dtype=None):
    require_numbers(start, stop, step)
    kind = arange_kind((start, stop, step), dtype)
    if stop is None:
        return stepped(0, start, 1 if step is None else step, kind)
    return stepped(start, stop, 1 if step is None else step, kind)


def stepped(start, stop, step, kind):
    if step == 0:
        raise ValueError("Maximum allowed size exceeded")
    out = np.empty(max(int(math.ceil((stop - start) / step)), 0), kind)
    for i in range(out.shape[0]):
        out[i] = start + i * step
    return out


def counts(args):
    """Whether a range is one for the compiler itself: of names, which may be integers, and whole literals."""
    return not any(isinstance(a, Const) and type(a.value) is float for a in args)


@array_function("np.indices")
def indices(dimensions):
    out = np.empty((len(dimensions), *dimensions), np.int64)
    for i in np.ndindex(dimensions):
        k = 0
        for at in i:
            out[(k, *i)] = at
            k += 1
    return out


def places_in(rows, columns, k, lower):
    """The rows and columns of the elements of a triangle."""
    count = 0
    for i in range(rows):
        for j in range(columns):
            if (j <= i + k) if lower else (j >= i + k):
                count += 1
    down = np.empty(count, np.int64)
    right = np.empty(count, np.int64)
    n = 0
    for i in range(rows):
        for j in range(columns):
            if (j <= i + k) if lower else (j >= i + k):
                down[n] = i
                right[n] = j
                n += 1
    return down, right


@array_function("np.tril_indices", outputs=lambda given: 2)
def tril_indices(n, k=0, m=None):
    if m is None:
        return places_in(n, n, k, True)
    return places_in(n, m, k, True)


@array_function("np.triu_indices", outputs=lambda given: 2)
def triu_indices(n, k=0, m=None):
    if m is None:
        return places_in(n, n, k, False)
    return places_in(n, m, k, False)


@array_function("np.tril_indices_from", outputs=lambda given: 2)
def tril_indices_from(arr, k=0):
    require_at_most(arr, 2, "np.tril_indices_from")
    return places_in(arr.shape[0], arr.shape[1], k, True)


@array_function("np.triu_indices_from", outputs=lambda given: 2)
def triu_indices_from(arr, k=0):
    require_at_most(arr, 2, "np.triu_indices_from")
    return places_in(arr.shape[0], arr.shape[1], k, False)


@array_function("np.linspace", static="endpoint retstep dtype")
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None):
    require_plain(endpoint, retstep, dtype, start, stop)
    return even_steps(start, stop, num, line_kind(start, stop))


@static
def require_plain(endpoint, retstep, dtype, start, stop):
    if endpoint is not True or retstep is not False or dtype is not None:
        raise refused("`np.linspace` is supported with its number of points only", "leave the other arguments out")
    if not is_number(start) or not is_number(stop):
        raise refused("`np.linspace` of arrays is not supported", "write a loop")
    return True


@array_function("np.logspace")
def logspace(start, stop, num=50):
    require_plain(True, False, None, start, stop)
    out = even_steps(start, stop, num, line_kind(start, stop))
    for i in range(num):
        out[i] = 10.0 ** out[i]
    return out


@array_function("np.geomspace")
def geomspace(start, stop, num=50):
    require_plain(True, False, None, start, stop)
    require_real(start, "np.geomspace")
    require_real(stop, "np.geomspace")
    if start == 0 or stop == 0:
        raise ValueError("Geometric sequence cannot include zero")
    sign = 1.0
    if start < 0 and stop < 0:
        sign = -1.0
    out = even_steps(np.log10(sign * start), np.log10(sign * stop), num, np.float64)
    for i in range(num):
        out[i] = sign * 10.0 ** out[i]
    if num > 0:
        out[0] = start
    if num > 1:
        out[num - 1] = stop
    return out


@array_function("np.vander", static="increasing")
def vander(x, N=None, increasing=False):
    require_array(x, "np.vander")
    require_at_most(x, 1, "np.vander")
    n = x.shape[0]
    columns = n
    if N is not None:
        columns = N
    out = np.empty((n, columns), joint_kind(x, 1))
    for i in range(n):
        for j in range(columns):
            at = j if increasing else columns - 1 - j
            before = j - 1 if increasing else columns - j
            if j == 0:
                out[i, at] = 1
            else:
                out[i, at] = x[i] * out[i, before]
    return out


@array_function("np.meshgrid", static="indexing", outputs=lambda given: 2)
def meshgrid(x, y, indexing="xy"):
    require_grid(x, y, indexing)
    if indexing == "ij":
        first = np.empty((x.shape[0], y.shape[0]), kind_of(x))
        second = np.empty((x.shape[0], y.shape[0]), kind_of(y))
        for i in range(x.shape[0]):
            for j in range(y.shape[0]):
                first[i, j] = x[i]
                second[i, j] = y[j]
        return first, second
    across = np.empty((y.shape[0], x.shape[0]), kind_of(x))
    down = np.empty((y.shape[0], x.shape[0]), kind_of(y))
    for i in range(y.shape[0]):
        for j in range(x.shape[0]):
            across[i, j] = x[j]
            down[i, j] = y[i]
    return across, down


@static
def require_grid(x, y, indexing):
    if getattr(x, "ndim", 0) != 1 or getattr(y, "ndim", 0) != 1 or indexing not in ("xy", "ij"):
        raise refused("`np.meshgrid` is supported for two vectors, indexed 'xy' or 'ij'", "write the loops")
    return True


