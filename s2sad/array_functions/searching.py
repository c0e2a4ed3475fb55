"""Finding places in sorted arrays, interpolation, counting into bins, distinct values."""
from __future__ import annotations

import math

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.ordering import as_line, order_of, require_real
from s2sad.array_functions.shapes import is_floating, is_number, kind_of, require_array


@static
def require_vector(a, name):
    if getattr(a, "ndim", 0) != 1:
        raise refused(f"`{name}` needs an array with one axis here", "ravel it")
    return require_real(a, name)


@static
def from_left(side):
    if side not in ("left", "right"):
        raise refused(f"no side is called {side!r}", "use 'left' or 'right'")
    return side == "left"


def place_of(a, v, left):
    """Where a value belongs in a sorted array; NaN comes last."""
    low = 0
    high = a.shape[0]
    while low < high:
        mid = low + ((high - low) >> 1)
        before = a[mid] < v or v != v and a[mid] == a[mid] if left else v != v or a[mid] <= v
        if before:
            low = mid + 1
        else:
            high = mid
    return low


def places_of(a, v, left):
    if is_number(v):
        return place_of(a, v, left)
    out = np.empty(v.shape, np.int64)
    for i in np.ndindex(v.shape):
        out[i] = place_of(a, v[i], left)
    return out


@array_function("np.searchsorted", static="side")
def searchsorted(a, v, side="left"):
    require_vector(a, "np.searchsorted")
    require_real(v, "np.searchsorted")
    return places_of(a, v, from_left(side))


@array_function("np.digitize", static="right")
def digitize(x, bins, right=False):
    require_vector(bins, "np.digitize")
    require_real(x, "np.digitize")
    rises = True
    falls = True
    for k in range(1, bins.shape[0]):
        if bins[k] > bins[k - 1]:
            falls = False
        if bins[k] < bins[k - 1]:
            rises = False
    if not rises and not falls:
        raise ValueError("bins must be monotonically increasing or decreasing")
    n = bins.shape[0]
    if is_number(x):
        if rises:
            k = place_of(bins, x, right)
        else:
            k = n - place_of(bins[::-1], x, right)
        return k
    out = np.empty(x.shape, np.int64)
    for i in np.ndindex(x.shape):
        if rises:
            out[i] = place_of(bins, x[i], right)
        else:
            out[i] = n - place_of(bins[::-1], x[i], right)
    return out


# ---------------------------------------------------------------------------- interpolation

def interpolated(x, xp, fp):
    n = xp.shape[0]
    value = x * 1.0
    if n == 1:
        value = fp[0] * 1.0
    elif x == x:
        # the last knot that is not above
        j = place_of(xp, x, False) - 1
        if j < 0:
            value = fp[0] * 1.0
        elif j >= n - 1:
            value = fp[n - 1] * 1.0
        else:
            slope = (fp[j + 1] - fp[j]) / (xp[j + 1] - xp[j])
            value = slope * (x - xp[j]) + fp[j]
            if value != value:
                if x == xp[j]:
                    value = fp[j] * 1.0
                else:
                    value = slope * (x - xp[j + 1]) + fp[j + 1]
                    if value != value and fp[j] == fp[j + 1]:
                        value = fp[j] * 1.0
    return value


@array_function("np.interp")
def interp(x, xp, fp):
    require_vector(xp, "np.interp")
    require_vector(fp, "np.interp")
    require_real(x, "np.interp")
    if xp.shape[0] == 0:
        raise ValueError("array of sample points is empty")
    if xp.shape[0] != fp.shape[0]:
        raise ValueError("fp and xp are not of the same size.")
    if is_number(x):
        return interpolated(x, xp, fp)
    out = np.empty(x.shape, np.float64)
    for i in np.ndindex(x.shape):
        out[i] = interpolated(x[i], xp, fp)
    return out


# ---------------------------------------------------------------------------- counting

@static
def count_kind(weights):
    return np.int64 if weights is None else np.float64


@array_function("np.bincount")
def bincount(a, weights=None, minlength=0):
    require_vector(a, "np.bincount")
    n = a.shape[0]
    if weights is not None:
        if weights.shape[0] != n:
            raise ValueError("bincount(): weights and list don't have the same length")
    if minlength < 0:
        raise ValueError("'minlength' must not be negative")
    most = -1
    for k in range(n):
        if a[k] < 0:
            raise ValueError("bincount(): first argument must be non-negative")
        most = max(most, a[k])
    out = np.zeros(max(most + 1, minlength), count_kind(weights))
    for k in range(n):
        if weights is None:
            out[a[k]] += 1
        else:
            out[a[k]] += weights[k]
    return out


def count_even(a, bins, low, high):
    counts = np.zeros(bins, np.int64)
    if high > low:
        ratio = bins / (high - low)
        for i in np.ndindex(a.shape):
            b = math.floor((a[i] - low) * ratio)
            if 0 <= b < bins:
                counts[int(b)] += 1
            elif a[i] == high:
                counts[bins - 1] += 1
    edges = np.empty(bins + 1, np.float64)
    step = np.divide(high * 1.0 - low * 1.0, bins)
    for k in range(bins):
        edges[k] = low * 1.0 + k * step
    edges[bins] = high
    return counts, edges


def count_uneven(a, bins):
    n = bins.shape[0] - 1
    for k in range(n):
        if not bins[k] <= bins[k + 1]:
            raise ValueError("histogram(): bins must increase monotonically")
    counts = np.zeros(n, np.int64)
    if n > 0:
        for i in np.ndindex(a.shape):
            if bins[0] <= a[i] and a[i] <= bins[n]:
                low = 0
                high = n - 1
                while low < high:
                    mid = (low + high + 1) >> 1
                    if a[i] < bins[mid]:
                        high = mid - 1
                    else:
                        low = mid
                counts[low] += 1
    return counts, bins


@array_function("np.histogram", outputs=lambda given: 2)
def histogram(a, bins=10, range=None):
    require_array(a, "np.histogram")
    require_real(a, "np.histogram")
    if not is_number(bins):
        return count_uneven(a, bins)
    if bins <= 0:
        raise ValueError("histogram(): `bins` should be a positive integer")
    if range is not None:
        if not range[0] <= range[1]:
            raise ValueError("histogram(): max must be larger than min in range parameter")
        return count_even(a, bins, range[0], range[1])
    low = np.inf
    high = -np.inf
    for i in np.ndindex(a.shape):
        if low > a[i]:
            low = a[i]
        if high < a[i]:
            high = a[i]
    if not low <= high:
        raise ValueError("histogram(): max must be larger than min in range parameter")
    return count_even(a, bins, low, high)


@array_function("np.unique")
def unique(ar):
    require_array(ar, "np.unique")
    require_real(ar, "np.unique")
    line = as_line(ar, kind_of(ar))
    order = order_of(line, False, is_floating(ar))
    count = 0
    for k in range(line.shape[0]):
        if k == 0 or line[order[k]] != line[order[k - 1]]:
            count += 1
    out = np.empty(count, kind_of(ar))
    n = 0
    for k in range(line.shape[0]):
        if k == 0 or line[order[k]] != line[order[k - 1]]:
            out[n] = line[order[k]]
            n += 1
    return out
