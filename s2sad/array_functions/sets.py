"""Vectors as sets of numbers: unions, differences, membership; the zeros at the ends of a vector left out."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.joining import taken_where
from s2sad.array_functions.ordering import order_of, require_real
from s2sad.array_functions.searching import unique
from s2sad.array_functions.shapes import is_floating, joint_kind, kind_of, require_array


def as_set(a, assume_unique):
    if assume_unique:
        return a.ravel()
    return unique(a)


def both(a, b):
    """The elements of two vectors, in order; of equal ones those of the first come first."""
    m = a.shape[0]
    aux = np.empty(m + b.shape[0], joint_kind(a, b))
    for k in range(m):
        aux[k] = a[k]
    for k in range(b.shape[0]):
        aux[m + k] = b[k]
    order = order_of(aux, True, is_floating(aux))
    out = np.empty(aux.shape[0], kind_of(aux))
    for k in range(aux.shape[0]):
        out[k] = aux[order[k]]
    return out


@static
def require_sets(a, b, name):
    require_array(a, name)
    require_array(b, name)
    require_real(a, name)
    require_real(b, name)
    return True


@array_function("np.union1d")
def union(ar1, ar2):
    require_sets(ar1, ar2, "np.union1d")
    return unique(both(ar1.ravel(), ar2.ravel()))


@array_function("np.intersect1d", static="assume_unique")
def intersection(ar1, ar2, assume_unique=False):
    require_sets(ar1, ar2, "np.intersect1d")
    aux = both(as_set(ar1, assume_unique), as_set(ar2, assume_unique))
    keep = np.zeros(aux.shape[0], np.bool_)
    for k in range(aux.shape[0] - 1):
        keep[k] = aux[k] == aux[k + 1]
    return taken_where(aux, keep)


@array_function("np.setxor1d", static="assume_unique")
def exclusive(ar1, ar2, assume_unique=False):
    require_sets(ar1, ar2, "np.setxor1d")
    aux = both(as_set(ar1, assume_unique), as_set(ar2, assume_unique))
    n = aux.shape[0]
    keep = np.ones(n, np.bool_)
    for k in range(n):
        if k > 0:
            if aux[k] == aux[k - 1]:
                keep[k] = False
        if k < n - 1:
            if aux[k] == aux[k + 1]:
                keep[k] = False
    return taken_where(aux, keep)


def among(v, b):
    """Whether a number is one of the elements of a vector."""
    found = False
    for k in range(b.shape[0]):
        if v == b[k]:
            found = True
    return found


@array_function("np.setdiff1d", static="assume_unique")
def difference(ar1, ar2, assume_unique=False):
    require_sets(ar1, ar2, "np.setdiff1d")
    a = as_set(ar1, assume_unique)
    b = ar2.ravel()
    keep = np.ones(a.shape[0], np.bool_)
    for k in range(a.shape[0]):
        keep[k] = not among(a[k], b)
    return taken_where(a, keep)


@array_function("np.isin", static="assume_unique invert")
def isin(element, test_elements, assume_unique=False, invert=False):
    require_sets(element, test_elements, "np.isin")
    b = test_elements.ravel()
    out = np.empty(element.shape, np.bool_)
    for i in np.ndindex(element.shape):
        out[i] = among(element[i], b) != invert
    return out


@static
def side_trimmed(trim, side):
    if type(trim) is not str:
        raise refused("`trim` must be a literal text", "write it out")
    return side in trim.lower()


@array_function("np.trim_zeros", static="trim")
def trim_zeros(filt, trim="fb"):
    require_array(filt, "np.trim_zeros")
    first = 0
    last = filt.shape[0]
    if side_trimmed(trim, "f"):
        while first < filt.shape[0] and filt[first] == 0:
            first += 1
    if side_trimmed(trim, "b"):
        while last > 0 and filt[last - 1] == 0:
            last -= 1
    return filt[first:last]
