"""Views whose steps are known at run time only, and reshaped arrays: index arithmetic on offsets, strides and numbers.

Before::

    a[i:j:k]
    A.ravel()[i]

after: element ``offset + k * i`` of ``a`` with an offset and a length that depend on the sign of ``k``; element
``A[i // m, i % m]`` where ``m`` is ``A.shape[1]``.
"""
from __future__ import annotations

from s2sad.ir import Atom, Const, If, Raise
from s2sad.lower.builder import ONE, ZERO, Builder


def any_way(b: Builder, lower: Atom | None, upper: Atom | None, step: str, n: Atom) -> tuple[Atom, Atom, Atom]:
    """Offset, step and extent of a slice by a step of unknown sign, as Python's ``slice.indices`` has them."""
    b.emit(If(b.op("eq", step, ZERO), (Raise("ValueError", "slice step cannot be zero", b.loc),), (), b.loc))
    back = b.op("lt", step, ZERO)
    last = b.sub(n, ONE)
    least = b.op("select", back, Const(-1), ZERO)          # bounds are cut to least..most
    most = b.op("select", back, last, n)

    def bound(i: Atom) -> Atom:
        if not b.is_nonneg(i):
            i = b.op("select", b.op("lt", i, ZERO), b.add(i, n), i)
        return b.op("max", b.op("min", i, most), least)

    first = b.op("select", back, last, ZERO) if lower is None else bound(lower)
    stop = b.op("select", back, Const(-1), n) if upper is None else bound(upper)
    unit = b.op("select", back, Const(-1), ONE)
    span = b.sub(b.add(b.sub(stop, first), step), unit)
    return first, step, b.at_least_zero(b.op("floordiv", span, step))


def numbered(b: Builder, number: Atom, numbering: tuple[tuple[int, Atom], ...]) -> tuple[Atom, ...]:
    """The index of element ``number`` of an array counted along ``numbering`` (axis and extent, slowest first)."""
    index: dict[int, Atom] = {}
    for axis, n in reversed(numbering[1:]):
        if n == ONE:
            index[axis] = ZERO
            continue
        index[axis] = rest = b.op("mod", number, n)
        b.nonneg.add(rest)
        number = b.op("floordiv", number, n)
        b.nonneg.add(number)
    index[numbering[0][0]] = number
    return tuple(index[k] for k in range(len(numbering)))
