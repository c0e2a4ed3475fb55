"""Sorting. What is computed is an order, of whole numbers without derivative; values are then taken in it.

The algorithms are those of numba, comparison for comparison, so that equal elements end up in the same places.
"""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import axis_of, is_complex, is_floating, kept, kind_of, merged, require_array

SMALL = 15
"""So many elements are sorted by insertion."""
DEEPEST = 100


@static
def require_kind(kind):
    """How to sort: whether stable."""
    if kind not in ("quicksort", "mergesort", "stable"):
        raise refused(f"sorting by '{kind}' is not supported", "use 'quicksort' or 'stable'")
    return kind != "quicksort"


@static
def require_real(a, name):
    if is_complex(a):
        raise refused(f"`{name}` of complex numbers is not supported", "sort by a real key")
    return True


def less(a, b, nan_last):
    if nan_last:
        return a < b or b != b and a == a
    return a < b


def partition(values, order, low, high, nan_last):
    """Split ``order[low:high + 1]`` around a pivot, whose place is returned."""
    mid = (low + high) >> 1
    # the median of three
    if less(values[order[mid]], values[order[low]], nan_last):
        order[low], order[mid] = order[mid], order[low]
    if less(values[order[high]], values[order[mid]], nan_last):
        order[high], order[mid] = order[mid], order[high]
    if less(values[order[mid]], values[order[low]], nan_last):
        order[low], order[mid] = order[mid], order[low]
    pivot = order[mid]
    order[high], order[mid] = order[mid], order[high]
    i = low
    j = high - 1
    while True:
        while i < high and less(values[order[i]], values[pivot], nan_last):
            i += 1
        while j >= low and less(values[pivot], values[order[j]], nan_last):
            j -= 1
        if i >= j:
            break
        order[i], order[j] = order[j], order[i]
        i += 1
        j -= 1
    order[i], order[high] = order[high], order[i]
    return i


def select(values, order, k, low, high, two, nan_last):
    """Bring the ``k``-th smallest element to its place in ``order``, and with ``two`` the next one as well."""
    wanted = k
    both = two
    found = False
    while not found:
        i = partition(values, order, low, high, nan_last)
        if both:
            if i < k:
                low = i + 1
            elif i > k + 1:
                high = i - 1
            elif i == k:
                both = False
                wanted = k + 1
                low = i + 1
            else:
                both = False
                high = i - 1
        elif i == wanted:
            found = True
        elif i < wanted:
            low = i + 1
        else:
            high = i - 1


def quick_order(values, order, nan_last):
    """Sort ``order``, which counts through the elements of a vector."""
    n = values.shape[0]
    lows = np.zeros(DEEPEST, np.int64)
    highs = np.zeros(DEEPEST, np.int64)
    highs[0] = n - 1
    depth = 1
    if n < 2:
        depth = 0
    while depth > 0:
        depth -= 1
        low = lows[depth]
        high = highs[depth]
        while high - low >= SMALL:
            i = partition(values, order, low, high, nan_last)
            # the larger part waits
            if high - i > i - low:
                if high > i:
                    lows[depth] = i + 1
                    highs[depth] = high
                    depth += 1
                high = i - 1
            else:
                if i > low:
                    lows[depth] = low
                    highs[depth] = i - 1
                    depth += 1
                low = i + 1
        for i in range(low + 1, high + 1):
            k = order[i]
            j = i
            while j > low and less(values[k], values[order[j - 1]], nan_last):
                order[j] = order[j - 1]
                j -= 1
            order[j] = k


def stable_order(values, order, nan_last):
    """Sort ``order`` by merging longer and longer runs; equal elements stay as they were."""
    n = values.shape[0]
    other = np.empty(n, np.int64)
    width = 1
    while width < n:
        for start in range(0, n, 2 * width):
            middle = min(start + width, n)
            stop = min(start + 2 * width, n)
            i = start
            j = middle
            for k in range(start, stop):
                if i < middle and (j >= stop or not less(values[order[j]], values[order[i]], nan_last)):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        for k in range(n):
            order[k] = other[k]
        width *= 2


def counted(n):
    order = np.empty(n, np.int64)
    for k in range(n):
        order[k] = k
    return order


def order_of(values, stable, nan_last):
    order = counted(values.shape[0])
    if stable:
        stable_order(values, order, nan_last)
    else:
        quick_order(values, order, nan_last)
    return order


@array_function("np.argsort", static="axis kind")
def argsort(a, axis=-1, kind="quicksort"):
    require_array(a, "np.argsort")
    require_real(a, "np.argsort")
    stable = require_kind(kind)
    if a.ndim == 1:
        axis_of(axis, 1)
        return order_of(a, stable, is_floating(a))
    along = axis_of(axis, a.ndim)
    out = np.empty(a.shape, np.int64)
    line = np.empty(a.shape[along], kind_of(a))
    for i in np.ndindex(kept(a.shape, (along,))):
        for k in range(a.shape[along]):
            line[k] = a[merged(i, (k,), (along,))]
        order = order_of(line, stable, is_floating(a))
        for k in range(a.shape[along]):
            out[merged(i, (k,), (along,))] = order[k]
    return out


@array_function("np.sort", static="axis kind")
def sort(a, axis=-1, kind="quicksort"):
    require_array(a, "np.sort")
    require_real(a, "np.sort")
    along = axis_of(axis, a.ndim)
    order = argsort(a, axis, kind)
    out = np.empty(a.shape, kind_of(a))
    for i in np.ndindex(kept(a.shape, (along,))):
        for k in range(a.shape[along]):
            out[merged(i, (k,), (along,))] = a[merged(i, (order[merged(i, (k,), (along,))],), (along,))]
    return out


@array_function("ndarray.sort", static="axis kind")
def sort_in_place(a, axis=-1, kind="quicksort"):
    a[...] = sort(a, axis, kind)


# ---------------------------------------------------------------------------- partial orders

def partial_order(values, kth):
    """An order in which the ``kth`` element is where sorting would put it."""
    n = values.shape[0]
    order = counted(n)
    if n > 0:
        if kth >= n or -kth >= n:
            raise ValueError("kth out of bounds")
        at = kth
        if at < 0:
            at += n
        select(values, order, at, 0, n - 1, False, is_floating(values))
    return order


@static
def require_vector(a, name):
    if getattr(a, "ndim", 0) != 1:
        raise refused(f"`{name}` is supported for arrays with one axis", "take one line after the other in a loop")
    return require_real(a, name)


@array_function("np.argpartition")
def argpartition(a, kth):
    require_vector(a, "np.argpartition")
    return partial_order(a, kth)


@array_function("np.partition")
def partitioned(a, kth):
    require_vector(a, "np.partition")
    order = partial_order(a, kth)
    out = np.empty(a.shape[0], kind_of(a))
    for k in range(a.shape[0]):
        out[k] = a[order[k]]
    return out


# ---------------------------------------------------------------------------- median and quantiles

def as_line(a, kind):
    """All elements, in C order."""
    line = np.empty(a.size, kind)
    n = 0
    for i in np.ndindex(a.shape):
        line[n] = a[i]
        n += 1
    return line


def without_nan(a, kind):
    """All elements that are numbers, in C order."""
    count = 0
    for i in np.ndindex(a.shape):
        if a[i] == a[i]:
            count += 1
    line = np.empty(count, kind)
    n = 0
    for i in np.ndindex(a.shape):
        if a[i] == a[i]:
            line[n] = a[i]
            n += 1
    return line


def middle(line):
    n = line.shape[0]
    result = np.nan
    if n > 0:
        order = counted(n)
        half = n >> 1
        if n & 1 == 0:
            select(line, order, half - 1, 0, n - 1, True, False)
            result = (line[order[half - 1]] + line[order[half]]) / 2
        else:
            select(line, order, half, 0, n - 1, False, False)
            result = line[order[half]]
    return result


@array_function("np.median")
def median(a):
    require_array(a, "np.median")
    require_real(a, "np.median")
    return middle(as_line(a, kind_of(a)))


@array_function("np.nanmedian")
def nanmedian(a):
    require_array(a, "np.nanmedian")
    require_real(a, "np.nanmedian")
    return middle(without_nan(a, kind_of(a)))


def at_percent(line, order, q):
    """One percentile of numbers whose order is known; infinite ones as numba treats them."""
    n = line.shape[0]
    finite = 0
    above = 0
    for k in range(n):
        if np.isfinite(line[k]):
            finite += 1
        elif line[k] > 0.0:
            above += 1
    below = n - finite - above
    result = np.nan
    if n == 1:
        if finite == 1:
            result = line[0]
    elif q == 100.0:
        if finite == n or np.isfinite(line[order[n - 1]]):
            result = line[order[n - 1]]
    elif q == 0.0:
        odd = finite == 0 or above == 1 and n == 2 or below > 1 or finite == 1 and above > 1 and below != 1
        if finite == n or not odd:
            result = line[order[0]]
    else:
        rank = 1 + (n - 1) * (q / 100.0)
        f = int(np.floor(rank))
        m = rank - f
        result = line[order[f - 1]] * (1 - m) + line[order[f]] * m
    return result


def at_percents(a, q, factor, skip):
    if skip:
        line = without_nan(a, np.float64)
        usable = line.shape[0] > 0
    else:
        line = as_line(a, np.float64)
        if line.shape[0] == 0:
            raise ValueError("percentile of an empty array")
        usable = True
        for k in range(line.shape[0]):
            if line[k] != line[k]:
                usable = False
    order = order_of(line, False, True)
    if q.ndim == 0:
        if not (q >= 0.0 and q * factor <= 100.0):
            raise ValueError("Percentiles must be in the range [0, 100]")
        value = np.nan
        if usable:
            value = at_percent(line, order, q * factor)
        return value
    out = np.empty(q.size, np.float64)
    n = 0
    for i in np.ndindex(q.shape):
        if not (q[i] >= 0.0 and q[i] * factor <= 100.0):
            raise ValueError("Percentiles must be in the range [0, 100]")
        out[n] = np.nan
        if usable:
            out[n] = at_percent(line, order, q[i] * factor)
        n += 1
    return out


@array_function("np.percentile")
def percentile(a, q):
    require_array(a, "np.percentile")
    require_real(a, "np.percentile")
    return at_percents(a, q, 1.0, False)


@array_function("np.quantile")
def quantile(a, q):
    require_array(a, "np.quantile")
    require_real(a, "np.quantile")
    return at_percents(a, q, 100.0, False)


@array_function("np.nanpercentile")
def nanpercentile(a, q):
    require_array(a, "np.nanpercentile")
    require_real(a, "np.nanpercentile")
    return at_percents(a, q, 1.0, True)


@array_function("np.nanquantile")
def nanquantile(a, q):
    require_array(a, "np.nanquantile")
    require_real(a, "np.nanquantile")
    return at_percents(a, q, 100.0, True)
