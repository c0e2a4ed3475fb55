"""Sums of products over named indices: ``np.einsum``, ``np.tensordot``, products of stacks of matrices."""
from __future__ import annotations

import string
from collections import Counter

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import is_number, joint_kind, kind_of, require_array


@static
def labels_of(subscripts, operands):
    """The labels of the axes of each operand, and after them those of the result."""
    if not isinstance(subscripts, str) or "." in subscripts:
        raise refused("the subscripts of `np.einsum` must be a literal text without `...`", "write the indices out")
    text, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = text.split(",")
    if not arrow:
        counts = Counter(text.replace(",", ""))
        out = "".join(sorted(c for c, n in counts.items() if n == 1))
    if len(terms) != len(operands) or any(len(t) != a.ndim for t, a in zip(terms, operands)):
        raise refused(f"'{subscripts}' does not fit the operands", "give one index for each axis of each operand")
    if len(set(out)) < len(out) or not set(out) <= set("".join(terms)):
        raise refused(f"'{subscripts}' has an index in its result that is not once in it, or nowhere else",
                      "name each index of the result once")
    return (*terms, out)


@static
def summed(labels):
    """The labels that are summed over, in the order they appear."""
    return "".join(dict.fromkeys(c for t in labels[:-1] for c in t if c not in labels[-1]))


@static
def extents(names, labels, shapes):
    """The sizes that belong to labels."""
    known = {c: n for t, s in zip(labels[:-1], shapes) for c, n in reversed(tuple(zip(t, s)))}
    return tuple(known[c] for c in names)


@static
def equal_pairs(labels, shapes):
    """Pairs of sizes that must agree."""
    first: dict = {}
    pairs = []
    for t, s in zip(labels[:-1], shapes):
        for c, n in zip(t, s):
            if c in first:
                pairs.append((first[c], n))
            first.setdefault(c, n)
    return tuple(pairs)


@static
def at(term, names, index):
    """The index into an operand with these labels."""
    return tuple(index[names.index(c)] for c in term)


@static
def runs_along(labels):
    """Whether the innermost loop should go along the last axis of the result: it is the last one of an operand."""
    out = labels[-1]
    return bool(out) and bool(summed(labels)) and any(t.endswith(out[-1]) for t in labels[:-1])


@static
def operands_and_labels(operands, labels):
    return tuple(zip(operands, labels[:-1]))


@static
def order_of_loops(labels):
    out = labels[-1]
    return out[:-1] + summed(labels) + out[-1]


@static
def joined(*parts):
    return "".join(parts)


def all_shapes(operands):
    out: tuple = ()
    for a in operands:
        out = (*out, a.shape)
    return out


def product_at(operands, labels, names, index):
    p = 1
    for n, (a, term) in enumerate(operands_and_labels(operands, labels)):
        if n == 0:
            p = a[at(term, names, index)]
        else:
            p = p * a[at(term, names, index)]
    return p


@static
def kind_of_all(operands):
    return joint_kind(*operands)


@static
def is_number_result(labels):
    return not labels[-1]


def contraction(operands, labels):
    shapes = all_shapes(operands)
    for m, n in equal_pairs(labels, shapes):
        if m != n:
            raise ValueError("operands could not be broadcast together")
    kind = kind_of_all(operands)
    inner = summed(labels)
    if is_number_result(labels):
        s = kind(0)
        for i in np.ndindex(extents(inner, labels, shapes)):
            s += product_at(operands, labels, inner, i)
        return s
    outer = labels[-1]
    out = np.zeros(extents(outer, labels, shapes), kind)
    if runs_along(labels):
        names = order_of_loops(labels)
        for i in np.ndindex(extents(names, labels, shapes)):
            out[at(outer, names, i)] += product_at(operands, labels, names, i)
        return out
    for i in np.ndindex(extents(outer, labels, shapes)):
        s = kind(0)
        for j in np.ndindex(extents(inner, labels, shapes)):
            s += product_at(operands, labels, joined(outer, inner), (*i, *j))
        out[i] = s
    return out


@array_function("np.einsum", static="subscripts")
def einsum(subscripts, *operands):
    return contraction(operands, labels_of(subscripts, operands))


@static
def tensordot_labels(axes, a, b):
    p, q = string.ascii_lowercase[:a.ndim], string.ascii_uppercase[:b.ndim]
    if isinstance(axes, int):
        left, right = tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes))
    elif isinstance(axes, tuple) and len(axes) == 2:
        left, right = (k if isinstance(k, tuple) else (k,) for k in axes)
    else:
        raise refused("the axes of `np.tensordot` must be a literal number, or two literal tuples", "write them out")
    if len(left) != len(right) or any(not -a.ndim <= k < a.ndim for k in left) \
            or any(not -b.ndim <= k < b.ndim for k in right):
        raise refused("the axes of `np.tensordot` do not fit its operands", "give axes the operands have")
    names = list(q)
    for i, j in zip(left, right):
        names[j] = p[i]
    second = "".join(names)
    out = "".join(c for k, c in enumerate(p) if k not in [i % a.ndim for i in left])
    return (p, second, out + "".join(c for c in second if c not in p))


@array_function("np.tensordot", static="axes")
def tensordot(a, b, axes=2):
    return contraction((a, b), tensordot_labels(axes, a, b))


# ---------------------------------------------------------------------------- stacks of matrices

@static
def require_matrices(a, b):
    if getattr(a, "ndim", 0) < 2 or getattr(b, "ndim", 0) < 2:
        raise refused("a product of this stack of matrices and a vector is not supported", "use `np.einsum`")
    return True


@static
def leading(shape, other):
    """The leading extents of both, the fewer ones filled up with 1 in front."""
    count = max(len(shape), len(other)) - 2
    return tuple((1,) * (count - len(s) + 2) + s[:-2] for s in (shape, other))


def common(first, second):
    out: tuple = ()
    for m, n in zip(first, second):
        if m != n and m != 1 and n != 1:
            raise ValueError("operands could not be broadcast together")
        out = (*out, max(m, n))
    return out


def within(index, shape, count):
    """The index into the leading axes of an operand, whose extents of 1 stay at 0."""
    out: tuple = ()
    for i, n in zip(index[len(index) - count:], shape):
        out = (*out, min(i, n - 1))
    return out


@array_function("np.matmul", takes=lambda args, kwargs: False)
def matmul(a, b):
    """For products that numba has no type for; those of vectors and matrices stay what they are."""
    if a.ndim <= 2:
        if b.ndim <= 2:
            return a @ b
    require_matrices(a, b)
    rows, inner, columns = a.shape[a.ndim - 2], a.shape[a.ndim - 1], b.shape[b.ndim - 1]
    if b.shape[b.ndim - 2] != inner:
        raise ValueError("matmul: input operands have a mismatch in their dimensions")
    first, second = leading(a.shape, b.shape)
    shape = common(first, second)
    out = np.zeros((*shape, rows, columns), joint_kind(a, b))
    for s in np.ndindex(shape):
        p = within(s, a.shape, a.ndim - 2)
        q = within(s, b.shape, b.ndim - 2)
        for i in range(rows):
            for j in range(inner):
                for k in range(columns):
                    out[(*s, i, k)] += a[(*p, i, j)] * b[(*q, j, k)]
    return out


# ---------------------------------------------------------------------------- products of all with all

@static
def require_products(a, b, name):
    if max(getattr(a, "ndim", 0), getattr(b, "ndim", 0)) > 2:
        raise refused(f"`{name}` takes arrays with at most two axes", "reshape them")
    return True


def as_vector(a):
    if is_number(a):
        out = np.empty(1, kind_of(a))
        out[0] = a
        return out
    return a.ravel()


@array_function("np.outer")
def outer(a, b):
    require_products(a, b, "np.outer")
    u = as_vector(a)
    v = as_vector(b)
    out = np.empty((u.shape[0], v.shape[0]), joint_kind(a, b))
    for i in range(u.shape[0]):
        for j in range(v.shape[0]):
            out[i, j] = u[i] * v[j]
    return out


def as_matrix(a):
    if is_number(a):
        out = np.empty((1, 1), kind_of(a))
        out[0, 0] = a
        return out
    if a.ndim == 1:
        return a[None, :]
    return a


@static
def axes_in_both(a, b):
    return max(getattr(a, "ndim", 0), getattr(b, "ndim", 0))


@array_function("np.kron")
def kron(a, b):
    require_products(a, b, "np.kron")
    u = as_matrix(a)
    v = as_matrix(b)
    m = v.shape[0]
    n = v.shape[1]
    out = np.empty((u.shape[0] * m, u.shape[1] * n), joint_kind(a, b))
    for i in range(u.shape[0]):
        for k in range(m):
            for j in range(u.shape[1]):
                for p in range(n):
                    out[i * m + k, j * n + p] = u[i, j] * v[k, p]
    if axes_in_both(a, b) == 2:
        return out
    return out[0]


@array_function("np.inner")
def inner(a, b):
    require_array(a, "np.inner")
    require_array(b, "np.inner")
    if a.ndim == 1 and b.ndim == 1:
        return np.dot(a, b)
    return np.tensordot(a, b, axes=((a.ndim - 1,), (b.ndim - 1,)))
