"""Index arrays and boolean masks, read and written.

Before::

    y = x[idx]
    x[x > 0.5] = 0.0

after (an index array gives a copy; a mask is the numbers of its true elements, or a branch)::

    y = np.empty(n_idx)
    for i in range(n_idx):
        y[i] = x[idx[i]]
    for i in range(n_x):
        if x[i] > 0.5:
            x[i] = 0.0

The order of axes and of writes is numba's: the axes of an index array stand where it stands, the last write to an
element wins, and ``y[idx] += v`` reads all it updates before it writes.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from numba import types as nbt

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, Const, Ellipsis_, If, Index, NewAxis, Op, Raise, Slice, Store
from s2sad.ir.types import is_array
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.rebinding import Rebinding
from s2sad.lower.values import Elementwise, Value, View, leaves
from s2sad.lower.views import element, wrapped

ALL = Slice(None, None, None)


@dataclass(frozen=True)
class Selection:
    """Elements of a view: along the axes ``picked`` (neighbours of each other) those that index arrays say.

    The arrays have one shape, whose axes stand in ``extents`` where the picked axes of the view stood.
    """

    view: View
    picked: dict[int, View]
    extents: tuple[Atom, ...]


class Selections(Rebinding):
    """Subscripts with index arrays or masks."""

    def selects(self, index: tuple[Index, ...]) -> bool:
        return any(isinstance(i, str) and is_array(self.types.get(i)) for i in index)

    def is_mask(self, name: str) -> bool:
        return isinstance(self.types[name].dtype, nbt.Boolean)

    def selection(self, base: str, index: tuple[Index, ...]) -> Selection:
        """What a subscript with index arrays picks; masks become the numbers of their true elements."""
        v, arrays = self._parts(base, index)
        picked = {axis: self.positions(self.view(a), v.extents[axis]) if self.is_mask(a) else self.view(a)
                  for axis, a in arrays.items()}
        axes = sorted(picked)
        first = picked[axes[0]]
        if axes != list(range(axes[0], axes[0] + len(axes))) or any(
                len(p.extents) != len(first.extents) for p in picked.values()):
            raise UnsupportedSyntax("these index arrays together are not supported yet", loc=self.b.loc, code="S2S013",
                                    hint="write the loop over the selected elements")
        for p in picked.values():
            for m, n in zip(first.extents, p.extents):
                if m != n:
                    self.raise_unless_equal(m, n, "shape mismatch: index arrays could not be broadcast together")
        extents = (*v.extents[:axes[0]], *first.extents, *v.extents[axes[-1] + 1:])
        return Selection(v, picked, extents)

    def _parts(self, base: str, index: tuple[Index, ...]) -> tuple[View, dict[int, str]]:
        """The view of all a subscript's index arrays may pick from, and which array stands at which axis of it."""
        given = sum(1 for i in index if not isinstance(i, (NewAxis, Ellipsis_)))
        plain: list[Index] = []
        arrays: dict[int, str] = {}
        axis = 0
        for i in index:
            if isinstance(i, str) and is_array(self.types.get(i)):
                if self.is_mask(i) and self.types[i].ndim != 1:
                    raise UnsupportedSyntax("a mask with more than one axis is not supported", loc=self.b.loc,
                                            code="S2S013", why="numba does not compile it",
                                            hint="select from it in one dimension: `x.ravel()[mask.ravel()]`")
                arrays[axis] = i
                i = ALL
            plain.append(i)
            if isinstance(i, Ellipsis_):
                axis += len(self.operand_extents(base)) - given
            elif isinstance(i, (Slice, NewAxis)):
                axis += 1
        return self.subscript(base, tuple(plain)), arrays

    def positions(self, mask: View, n: Atom) -> View:
        """The numbers of the true elements of a mask, in an array of their own."""
        b = self.b
        self._check_mask(mask, n)
        count, at = b.names.fresh("n_picked"), b.names.fresh("picked")
        self.types[at] = nbt.Array(nbt.int64, 1, "C")

        def counted(k: str, found: Callable[[Atom], None] | None = None) -> None:
            b.reassigned |= {k}
            self.types[k] = nbt.int64
            b.nonneg.add(k)
            b.emit(Assign(k, ZERO, b.loc))

            def body(index: tuple[Atom, ...]) -> None:
                chosen = self.element_of(mask, index)
                b.open()
                if found is not None:
                    found(index[0])
                b.emit(Assign(k, Op("add", (k, ONE)), b.loc))
                b.emit(If(chosen, b.close(), (), b.loc))

            b.loop_nest(mask.extents, body)

        counted(count)
        place = self.make_array(at, "empty", (b.stable(count),))
        k = b.names.fresh("k")
        counted(k, lambda i: b.emit(Store(place.base, (k,), i, b.loc)))
        return place

    def _check_mask(self, mask: View, n: Atom) -> None:
        """A mask may be shorter than its axis, as in numba, but not longer."""
        b = self.b
        if mask.extents[0] != n:
            raised = Raise("IndexError", "boolean index did not match indexed array", b.loc)
            b.emit(If(b.op("gt", mask.extents[0], n), (raised,), (), b.loc))

    def selected(self, s: Selection, index: tuple[Atom, ...]) -> tuple[Atom, ...]:
        """The base index of one element."""
        first = min(s.picked)
        rank = len(s.picked[first].extents)
        inner = index[first:first + rank]
        at: list[Atom] = list(index[:first])
        for axis in sorted(s.picked):
            k = self.element_of(s.picked[axis], inner)
            t = self.types.get(k) if isinstance(k, str) else None
            if isinstance(k, str) and (s.picked[axis].base.startswith("picked") or not getattr(t, "signed", True)):
                self.b.nonneg.add(k)
            at.append(wrapped(self.b, s.view, axis, k, s.view.extents[axis]))
        at += index[first + rank:]
        return element(self.b, s.view, tuple(at))

    # ------------------------------------------------------------------ reading and writing

    def gather(self, target: str, s: Selection) -> View:
        """A copy of the selected elements in a new array."""
        b = self.b
        shape = tuple(b.stable(n) for n in s.extents)
        place = self.make_array(target, "empty", shape)

        def body(index: tuple[Atom, ...]) -> None:
            value = b.load(s.view.base, self.selected(s, index))
            b.emit(Store(place.base, element(b, place, index), value, b.loc))

        b.loop_nest(shape, body)
        return place

    def scatter(self, base: str, index: tuple[Index, ...], v: Value | Atom) -> None:
        """``base[index] = v``."""
        b = self.b
        if isinstance(v, (str, Const)) and self._masked(base, index, None, v):
            return
        s = self.selection(base, index)
        place = replace(s.view, extents=s.extents)
        if isinstance(v, (View, Elementwise)):
            self.check_fits(place, v)
            if any(self.may_be_one(leaf.base, s.view.base) for leaf in leaves(v)):
                v = self.in_new_array(v)
        maps = self.maps(v, s.extents)

        def body(i: tuple[Atom, ...]) -> None:
            value = self.element_of(v, self.mapped(i, maps))
            b.emit(Store(s.view.base, self.selected(s, i), value, b.loc))

        b.loop_nest(s.extents, body)

    def update_selected(self, base: str, index: tuple[Index, ...], op: str, v: Value | Atom) -> None:
        """``base[index] op= v``: all elements are read before any is written."""
        b = self.b
        if isinstance(v, (str, Const)) and self._masked(base, index, op, v):
            return
        s = self.selection(base, index)
        old = b.names.fresh("selected")
        self.types[old] = self.types[s.view.base].copy(ndim=len(s.extents), layout="C", readonly=False)
        place = self.gather(old, s)
        self.update_all(place, op, v)

        def body(i: tuple[Atom, ...]) -> None:
            value = b.load(place.base, element(b, place, i))
            b.emit(Store(s.view.base, self.selected(s, i), value, b.loc))

        b.loop_nest(s.extents, body)

    def _masked(self, base: str, index: tuple[Index, ...], op: str | None, value: Atom) -> bool:
        """Store a number, or update by one, where a single mask is true."""
        b = self.b
        v, arrays = self._parts(base, index)
        if len(arrays) != 1:
            return False
        (axis, name), = arrays.items()
        if not self.is_mask(name):
            return False
        mask = self.view(name)
        self._check_mask(mask, v.extents[axis])
        extents = (*v.extents[:axis], *mask.extents, *v.extents[axis + 1:])

        def body(i: tuple[Atom, ...]) -> None:
            chosen = self.element_of(mask, (i[axis],))
            b.open()
            at = element(b, v, i)
            new = value if op is None else b.temp(Op(op, (b.load(v.base, at), value)))
            b.emit(Store(v.base, at, new, b.loc))
            b.emit(If(chosen, b.close(), (), b.loc))

        b.loop_nest(extents, body)
        return True
