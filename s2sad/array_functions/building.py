"""Arrays from numbers, and matrices from vectors: diagonals, triangles, grids, even steps."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.ordering import require_real
from s2sad.array_functions.shapes import is_complex, is_number, joint_kind, kind_of, require_array, require_at_most


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
    require_plain_square(a, wrap)
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
def require_plain_square(a, wrap):
    if getattr(a, "ndim", 0) < 2:
        raise refused("`np.fill_diagonal` needs an array with two axes or more", "assign to the elements")
    if wrap:
        raise refused("`np.fill_diagonal` with `wrap` is not supported", "write the loop")
    return True


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


