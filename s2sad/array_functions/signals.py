"""Convolutions, cross products, slopes on a grid, arrays with a margin, and phases without jumps."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import (
    axis_of,
    is_complex,
    is_floating,
    is_number,
    joint_kind,
    mean_kind,
    replaced,
    require_array,
)


@static
def require_vectors(a, v, name):
    if getattr(a, "ndim", 0) != 1 or getattr(v, "ndim", 0) != 1:
        raise refused(f"`{name}` is supported for arrays with one axis", "take one line after the other in a loop")
    return True


@static
def require_mode(mode):
    if mode not in ("full", "same", "valid"):
        raise refused(f"no mode is called {mode!r}", "use 'full', 'same' or 'valid'")
    return mode


def shifted_products(a, v, mode, correlate):
    """The part of the convolution that a mode asks for, with ``v`` reversed and conjugate for a correlation."""
    m = a.shape[0]
    n = v.shape[0]
    if m == 0:
        raise ValueError("'a' cannot be empty")
    if n == 0:
        raise ValueError("'v' cannot be empty")
    less = min(m, n)
    first = 0
    length = m + n - 1
    if mode == "same":
        first = (less - 1) // 2
        if correlate and m < n:
            first = less // 2
        length = max(m, n)
    if mode == "valid":
        first = less - 1
        length = max(m, n) - less + 1
    kind = joint_kind(a, v)
    out = np.empty(length, kind)
    for k in range(length):
        at = first + k
        s = kind(0)
        for i in range(max(0, at - n + 1), min(m, at + 1)):
            if correlate:
                s += a[i] * conjugate(v[n - 1 - at + i], is_complex(v))
            else:
                s += a[i] * v[at - i]
        out[k] = s
    return out


def conjugate(z, complex_elements):
    if complex_elements:
        return np.conj(z)
    return z


@array_function("np.convolve", static="mode")
def convolve(a, v, mode="full"):
    require_vectors(a, v, "np.convolve")
    return shifted_products(a, v, require_mode(mode), False)


@array_function("np.correlate", static="mode")
def correlate(a, v, mode="valid"):
    require_vectors(a, v, "np.correlate")
    return shifted_products(a, v, require_mode(mode), True)


# ---------------------------------------------------------------------------- cross products

@static
def at_last(index, k):
    return (*index, k)


def third(a, index):
    """The third component, zero where there are two."""
    z = 0.0 * a[at_last(index, 0)]
    if a.shape[a.ndim - 1] == 3:
        z = a[at_last(index, 2)]
    return z


@static
def lines_index(index, a):
    """The index of a line of an operand, which may be one vector for all."""
    return () if a.ndim == 1 else index


@array_function("np.cross")
def cross(a, b):
    require_array(a, "np.cross")
    require_array(b, "np.cross")
    require_lines(a, b)
    p = a.shape[a.ndim - 1]
    q = b.shape[b.ndim - 1]
    if p != 2 and p != 3 or q != 2 and q != 3:
        raise ValueError("Incompatible dimensions for cross product (dimension must be 2 or 3)")
    if p == 2 and q == 2:
        raise ValueError("Dimensions for both inputs is 2.")
    shape = outer_shape(a.shape, b.shape)
    if a.ndim == b.ndim:
        for m, n in zip(a.shape[:-1], b.shape[:-1]):
            if m != n:
                raise ValueError("operands could not be broadcast together")
    out = np.empty((*shape, 3), joint_kind(a, b))
    for i in np.ndindex(shape):
        j = lines_index(i, a)
        k = lines_index(i, b)
        a0, a1, a2 = a[at_last(j, 0)], a[at_last(j, 1)], third(a, j)
        b0, b1, b2 = b[at_last(k, 0)], b[at_last(k, 1)], third(b, k)
        out[at_last(i, 0)] = a1 * b2 - a2 * b1
        out[at_last(i, 1)] = a2 * b0 - a0 * b2
        out[at_last(i, 2)] = a0 * b1 - a1 * b0
    return out


@static
def outer_shape(p, q):
    return p[:-1] if len(p) >= len(q) else q[:-1]


@static
def require_lines(a, b):
    if a.ndim != b.ndim and 1 not in (a.ndim, b.ndim):
        raise refused("`np.cross` is supported for arrays of one shape, or of one vector and others",
                      "broadcast them before")
    return True


# ---------------------------------------------------------------------------- slopes

@static
def require_edges(edge_order):
    if edge_order != 1:
        raise refused("`np.gradient` is supported with edges of first order", "leave `edge_order` out")
    return True


@static
def gradient_axis(axis, ndim):
    if axis is None and ndim != 1:
        raise refused("`np.gradient` by several axes gives several arrays: not supported",
                      "ask for one after the other with `axis`")
    return 0 if axis is None else axis_of(axis, ndim)


@array_function("np.gradient", static="axis edge_order")
def gradient(f, spacing=1.0, axis=None, edge_order=1):
    require_array(f, "np.gradient")
    require_edges(edge_order)
    along = gradient_axis(axis, f.ndim)
    n = f.shape[along]
    if n < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    if not is_number(spacing):
        if spacing.shape[0] != n:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    out = np.empty(f.shape, mean_kind(f))
    for i in np.ndindex(f.shape):
        k = i[along]
        if k == 0:
            out[i] = (f[replaced(i, along, 1)] - f[i]) / width(spacing, 0)
        elif k == n - 1:
            out[i] = (f[i] - f[replaced(i, along, k - 1)]) / width(spacing, k - 1)
        elif is_number(spacing):
            out[i] = (f[replaced(i, along, k + 1)] - f[replaced(i, along, k - 1)]) / (2.0 * spacing)
        else:
            h = width(spacing, k - 1)
            g = width(spacing, k)
            below = f[replaced(i, along, k - 1)]
            above = f[replaced(i, along, k + 1)]
            out[i] = h / (g * (h + g)) * above + (g - h) / (h * g) * f[i] - g / (h * (h + g)) * below
    return out


def width(spacing, k):
    if is_number(spacing):
        return spacing
    return spacing[k + 1] - spacing[k]


# ---------------------------------------------------------------------------- margins

@static
def margins(pad_width, ndim):
    """What is added before and after each axis."""
    if not isinstance(pad_width, tuple):
        return tuple((pad_width, pad_width) for _ in range(ndim))
    if not any(isinstance(p, tuple) for p in pad_width):
        if len(pad_width) == 1:
            return tuple(pad_width * 2 for _ in range(ndim))
        if len(pad_width) == 2:
            return tuple(pad_width for _ in range(ndim))
    elif len(pad_width) in (1, ndim):
        pairs = [p if len(p) == 2 else p * 2 for p in pad_width if isinstance(p, tuple)]
        if len(pairs) == len(pad_width):
            return tuple(pairs * (ndim // len(pairs)))
    raise refused("this width of `np.pad` is not supported", "give a number, a pair, or a pair for each axis")


@static
def require_pad_mode(mode):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise refused(f"`np.pad` with mode {mode!r} is not supported",
                      "use 'constant', 'edge', 'reflect', 'symmetric' or 'wrap'")
    return mode


def padded_shape(shape, widths):
    out: tuple = ()
    for n, (before, after) in zip(shape, widths):
        out = (*out, before + n + after)
    return out


def inside(index, widths):
    """The index in the padded array of an element."""
    out: tuple = ()
    for i, (before, _) in zip(index, widths):
        out = (*out, before + i)
    return out


def mirrored(index, shape, widths, mode):
    """The index of the element that an element of the padded array is taken from."""
    out: tuple = ()
    for i, n, (before, _) in zip(index, shape, widths):
        out = (*out, source_place(i - before, n, mode))
    return out


def source_place(k, n, mode):
    if mode == "edge":
        return min(max(k, 0), n - 1)
    if mode == "wrap":
        return k % n
    if mode == "symmetric":
        m = k % (2 * n)
        return min(m, 2 * n - 1 - m)
    period = max(2 * (n - 1), 1)
    m = k % period
    return min(m, period - m)


@array_function("np.pad", static="mode")
def pad(array, pad_width, mode="constant", constant_values=0):
    require_array(array, "np.pad")
    require_pad_mode(mode)
    widths = margins(pad_width, array.ndim)
    shape = padded_shape(array.shape, widths)
    if mode == "constant":
        out = np.full(shape, constant_values, joint_kind(array))
        for i in np.ndindex(array.shape):
            out[inside(i, widths)] = array[i]
        return out
    if array.size == 0:
        raise ValueError("can't extend empty axis using modes other than 'constant' or 'empty'")
    out = np.empty(shape, joint_kind(array))
    for i in np.ndindex(shape):
        out[i] = array[mirrored(i, array.shape, widths, mode)]
    return out


# ---------------------------------------------------------------------------- phases

@static
def require_last_axis(p, axis):
    require_array(p, "np.unwrap")
    if axis not in (-1, p.ndim - 1) or not is_floating(p):
        raise refused("`np.unwrap` is supported for real numbers along the last axis", "move the axis to the end")
    return True


@array_function("np.unwrap", static="axis")
def unwrap(p, discont=None, axis=-1, period=6.283185307179586):
    require_last_axis(p, axis)
    jump = period / 2
    if discont is not None:
        jump = discont
    out = np.empty(p.shape, joint_kind(p, 1.0))
    for o in np.ndindex(p.shape[:-1]):
        moved = 0.0
        for k in range(p.shape[p.ndim - 1]):
            if k > 0:
                d = p[(*o, k)] - p[(*o, k - 1)]
                m = (d + period / 2) % period - period / 2
                if m == -(period / 2) and d > 0:
                    m = period / 2
                if not np.abs(d) < jump:
                    moved += m - d
            out[(*o, k)] = p[(*o, k)] + moved
    return out
