"""Subscripts become views: offsets, steps and extents on the base array, with NumPy's clamping and wrapping."""
from __future__ import annotations

from collections.abc import Callable

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Atom, Const, Ellipsis_, Index, Loc, NewAxis, Slice
from s2sad.lower.builder import ONE, ZERO, Builder
from s2sad.lower.values import Fixed, Sliced, View


def whole(name: str, extents: tuple[Atom, ...]) -> View:
    """The view that is all of an array.

    >>> whole("a", ("n",))
    View(base='a', axes=(Sliced(axis=0, offset=Const(value=0), step=1),), extents=('n',))
    """
    return View(name, tuple(Sliced(k, ZERO, 1) for k in range(len(extents))), extents)


def is_whole(v: View, base_extents: tuple[Atom, ...]) -> bool:
    """Whether a view is all of its base array, in the base's order."""
    return v == whole(v.base, base_extents)


def transposed(v: View) -> View:
    """The view with its axes in reverse order.

    >>> transposed(whole("a", ("n", "m"))).extents
    ('m', 'n')
    """
    last = len(v.extents) - 1
    axes = tuple(a if isinstance(a, Fixed) else Sliced(last - a.axis, a.offset, a.step) for a in v.axes)
    return View(v.base, axes, v.extents[::-1])


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

    chosen: list[Fixed | Sliced] = []     # per axis of v: which element, or the slice in terms of a new axis number
    extents: list[Atom] = []
    axis = 0
    for i in full:
        if isinstance(i, NewAxis):
            extents.append(ONE)
            continue
        n = v.extents[axis]
        if isinstance(i, Slice):
            offset, step, extent = _slice(b, i, n, loc)
            chosen.append(Sliced(len(extents), offset, step))
            extents.append(extent)
        else:
            chosen.append(Fixed(_wrapped(b, v, axis, b.stable(i), n)))  # type: ignore[arg-type]
        axis += 1

    axes: list[Fixed | Sliced] = []
    for a in v.axes:
        if isinstance(a, Fixed):
            axes.append(a)
            continue
        c = chosen[a.axis]
        if isinstance(c, Fixed):
            axes.append(Fixed(b.add(a.offset, b.mul(c.index, Const(a.step)))))
        else:
            axes.append(Sliced(c.axis, b.add(a.offset, b.mul(c.offset, Const(a.step))), a.step * c.step))
    return View(v.base, tuple(axes), tuple(extents))


def _wrapped(b: Builder, v: View, axis: int, i: Atom, n: Atom) -> Atom:
    """A possibly negative index, counted from the *view's* end.

    On an axis that is all of its base axis the index is left as it is: numba and NumPy wrap it themselves.
    """
    if b.is_nonneg(i):
        return i
    for base_axis, a in enumerate(v.axes):
        if isinstance(a, Sliced) and a.axis == axis:
            if a.offset == ZERO and a.step == 1 and v.base not in b.placed and b.base_extents[v.base][base_axis] == n:
                return i
    if isinstance(i, Const):
        return b.add(n, i)
    return b.op("select", b.op("lt", i, ZERO), b.add(i, n), i)


def _slice(b: Builder, s: Slice, n: Atom, loc: Loc) -> tuple[Atom, int, Atom]:
    """Offset, step and extent of a slice of an axis of ``n`` elements (NumPy's clamping rules)."""
    step = 1 if s.step is None or s.step == Const(None) else s.step
    if isinstance(step, Const):
        step = step.value
    if not isinstance(step, int) or step == 0:
        raise UnsupportedSyntax("a slice whose step is not an integer literal is not supported yet", loc=loc,
                                code="S2S014", hint="write the loop over the elements")
    lower = None if s.lower == Const(None) else s.lower
    upper = None if s.upper == Const(None) else s.upper
    lower = None if lower is None else b.stable(lower)
    upper = None if upper is None else b.stable(upper)
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
    return offset, step, length


def _stop(b: Builder, upper: Atom | None, n: Atom, clamped: bool = True) -> Atom:
    if upper is None:
        return n
    if isinstance(upper, Const):
        if upper.value < 0:
            stop = b.add(n, upper)
            return b.at_least_zero(stop) if clamped else stop
        return b.minimum(n, upper)
    return b.clamp(upper, n)


def _backward(b: Builder, lower: Atom | None, upper: Atom | None, step: int, n: Atom) -> tuple[Atom, int, Atom]:
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
    return first, step, length


def element(b: Builder, v: View, index: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """The base index of element ``index`` of a view."""
    out: list[Atom] = []
    for a in v.axes:
        if isinstance(a, Fixed):
            out.append(a.index)
        else:
            out.append(b.add(a.offset, b.mul(index[a.axis], Const(a.step))))
    return tuple(out)



