"""Subscripts become views: offsets, steps and extents on the base array, with NumPy's clamping and wrapping."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Atom, Const, Ellipsis_, Index, Loc, NewAxis, Slice
from s2sad.lower.builder import ONE, ZERO, Builder
from s2sad.lower.strides import any_way, numbered
from s2sad.lower.values import Place, View


def whole(name: str, extents: tuple[Atom, ...]) -> View:
    """The view that is all of an array.

    >>> whole("a", ("n",))
    View(base='a', axes=(Place(offset=Const(value=0), walked=((0, Const(value=1)),)),), extents=('n',), numbering=None)
    """
    return View(name, tuple(Place(ZERO, ((k, ONE),)) for k in range(len(extents))), extents)


def is_whole(v: View, base_extents: tuple[Atom, ...]) -> bool:
    """Whether a view is all of its base array, in the base's order."""
    return v == whole(v.base, base_extents)


def transposed(v: View) -> View:
    """The view with its axes in reverse order.

    >>> transposed(whole("a", ("n", "m"))).extents
    ('m', 'n')
    """
    return permuted(v, tuple(reversed(range(len(v.extents)))))


def permuted(v: View, order: tuple[int, ...]) -> View:
    """The view whose axis ``k`` is axis ``order[k]`` of ``v``.

    >>> permuted(whole("a", ("n", "m", "l")), (2, 0, 1)).extents
    ('l', 'n', 'm')
    """
    moved = tuple(replace(a, walked=tuple(sorted(((order.index(k), s) for k, s in a.walked), key=lambda w: w[0])))
                  for a in v.axes)
    return replace(v, axes=moved, extents=tuple(v.extents[k] for k in order))


def subscript(b: Builder, v: View, index: tuple[Index, ...], is_integer: Callable[[Atom], bool], loc: Loc) -> View:
    """``v[index]`` as a view of the same base.

    Before: ``a[2:][i]``; after: element ``i + 2`` of ``a``.
    """
    for i in index:
        if not isinstance(i, (Slice, NewAxis, Ellipsis_)) and not is_integer(i):
            raise UnsupportedSyntax("indexing with an array or a mask is not supported yet", loc=loc, code="S2S013",
                                    hint="write the loop over the selected elements")
    given = sum(1 for i in index if not isinstance(i, (NewAxis, Ellipsis_)))
    fill: list[Index] = [Slice(None, None, None)] * (len(v.extents) - given)
    full: list[Index] = []
    for i in index:
        if isinstance(i, Ellipsis_):
            full += fill
            fill = []
        else:
            full.append(i)
    full += fill

    chosen: list[Place] = []              # per axis of v: where on it, in terms of the new axes
    extents: list[Atom] = []
    axis = 0
    for i in full:
        if isinstance(i, NewAxis):
            extents.append(ONE)
            continue
        n = v.extents[axis]
        if isinstance(i, Slice):
            offset, step, extent = _slice(b, i, n, loc)
            chosen.append(Place(offset, ((len(extents), step),)))
            extents.append(extent)
        else:
            chosen.append(Place(wrapped(b, v, axis, b.stable(i), n)))  # type: ignore[arg-type]
        axis += 1
    return replace(v, axes=tuple(_composed(b, a, chosen) for a in v.axes), extents=tuple(extents))


def _composed(b: Builder, a: Place, chosen: list[Place]) -> Place:
    """A place of a view, for part of the view: ``chosen`` says for each of its axes where on it the part is."""
    offset = a.offset
    walked: list[tuple[int, Atom]] = []
    for axis, stride in a.walked:
        c = chosen[axis]
        offset = b.add(offset, b.mul(c.offset, stride))
        walked += [(new, b.mul(step, stride)) for new, step in c.walked]
    return Place(offset, tuple(walked))


def wrapped(b: Builder, v: View, axis: int, i: Atom, n: Atom) -> Atom:
    """A possibly negative index, counted from the *view's* end.

    On an axis that is all of its base axis the index is left as it is: numba and NumPy wrap it themselves.
    """
    if b.is_nonneg(i):
        return i
    walking = [(k, a) for k, a in enumerate(v.axes) if any(on == axis for on, _ in a.walked)]
    if len(walking) == 1 and v.numbering is None and v.base not in b.placed:
        (base_axis, a), = walking
        if a == Place(ZERO, ((axis, ONE),)) and b.base_extents[v.base][base_axis] == n:
            return i
    if isinstance(i, Const):
        return b.add(n, i)
    return b.op("select", b.op("lt", i, ZERO), b.add(i, n), i)


def _slice(b: Builder, s: Slice, n: Atom, loc: Loc) -> tuple[Atom, Atom, Atom]:
    """Offset, step and extent of a slice of an axis of ``n`` elements (NumPy's clamping rules)."""
    by = ONE if s.step is None or s.step == Const(None) else s.step
    lower = None if s.lower == Const(None) else s.lower
    upper = None if s.upper == Const(None) else s.upper
    lower = None if lower is None else b.stable(lower)
    upper = None if upper is None else b.stable(upper)
    by = b.stable(by)
    if isinstance(by, str):
        return any_way(b, lower, upper, by, n)
    step = by.value
    if step == 0:
        raise UnsupportedSyntax("the step of a slice is zero", loc=loc, code="S2S014", hint="give a step that is not 0")
    if step < 0:
        return _backward(b, lower, upper, step, n)
    if lower is None or lower == ZERO:
        offset: Atom = ZERO
        stop = _stop(b, upper, n)
        length = stop
    elif isinstance(lower, Const) and lower.value > 0:
        offset = lower
        length = b.at_least_zero(b.sub(_stop(b, upper, n, clamped=False), lower))
    else:
        offset = b.at_least_zero(b.add(n, lower)) if isinstance(lower, Const) else b.clamp(lower, n)
        length = b.minimum(n, Const(-lower.value)) if isinstance(lower, Const) and upper is None else \
            b.at_least_zero(b.sub(_stop(b, upper, n), offset))
    if step > 1:
        length = b.floordiv(b.add(length, Const(step - 1)), step)
    return offset, Const(step), length


def _stop(b: Builder, upper: Atom | None, n: Atom, clamped: bool = True) -> Atom:
    if upper is None:
        return n
    if isinstance(upper, Const):
        if upper.value < 0:
            stop = b.add(n, upper)
            return b.at_least_zero(stop) if clamped else stop
        return b.minimum(n, upper)
    return b.clamp(upper, n)


def _backward(b: Builder, lower: Atom | None, upper: Atom | None, step: int, n: Atom) -> tuple[Atom, Atom, Atom]:
    last = b.sub(n, ONE)

    def bound(i: Atom) -> Atom:
        if isinstance(i, Const) and i.value < 0:
            i = b.add(n, i)
        elif not b.is_nonneg(i):
            i = b.op("select", b.op("lt", i, ZERO), b.add(i, n), i)
        return b.op("max", b.minimum(i, last), Const(-1))

    first = last if lower is None else bound(lower)
    stop: Atom = Const(-1) if upper is None else bound(upper)
    length = n if lower is None and upper is None else b.at_least_zero(b.sub(first, stop))
    if step < -1:
        length = b.floordiv(b.add(length, Const(-step - 1)), -step)
    return first, Const(step), length


def element(b: Builder, v: View, index: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """The base index of element ``index`` of a view."""
    out: list[Atom] = []
    for a in v.axes:
        at = a.offset
        for axis, stride in a.walked:
            at = b.add(at, b.mul(index[axis], stride))
        out.append(at)
    return tuple(out) if v.numbering is None else numbered(b, out[0], v.numbering)
