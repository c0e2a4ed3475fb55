"""Reshaped, transposed and flipped arrays: views or copies, as numba decides by the layout in the array's type.

Before::

    v = x.reshape(n, -1)
    v[i, j] = 0.0
    w = A.T.ravel()

after: ``v`` leaves no statement but the check of its size, and ``w`` is an array of its own::

    x[i * m + j] = 0.0
    w = np.empty(n_A * n1_A)
    for i in range(n1_A):
        for j in range(n_A):
            w[i * n_A + j] = A[j, i]

A contiguous array is reshaped by counting its elements, and an element is found by its number.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from s2sad.errors import UnsupportedFunction
from s2sad.ir import Arg, Atom, Call, Const, If, Index, NewAxis, Raise, ShapeOf, Slice, TupleArg
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.referring import Referring
from s2sad.lower.scratch import strides_of
from s2sad.lower.values import Elementwise, Place, View
from s2sad.lower.views import permuted, subscript, whole

ALL = Slice(None, None, None)
BACKWARD = Slice(None, None, Const(-1))


class Reshaping(Referring):
    """``reshape``, ``ravel``, ``flatten``, and the ways to reorder axes."""

    def copy_into(self, target: str, make: Callable[[str], View]) -> None:
        """A name gets the array that ``make`` makes."""
        raise NotImplementedError

    def reshaped(self, target: str, call: Call) -> View | None:
        """The view a call makes; ``None`` where it made a copy called ``target``."""
        x = call.args[0]
        if call.kwargs or not isinstance(x, str):
            raise self._refused(call)
        layout = self.types[x].layout
        match call.fn, call.args[1:]:
            case "np.ravel", () if layout == "C":
                v = self.view(x)
                return self.as_shape(v, (self.size(v.extents),))
            case ("np.ravel" | "np.flatten"), ():
                value = self.operand(x)
                assert isinstance(value, (View, Elementwise))
                self.copy_into(target, lambda name: self.flat_copy(name, value))
                return None
            case "np.reshape", (shape,) if layout == "C":
                v = self.view(x)
                return self.as_shape(v, self.new_shape(shape, v.extents))
            case "np.reshape", (_,):
                raise UnsupportedFunction("`reshape` of an array that is not in C order is not supported",
                                          loc=self.b.loc, code="S2S011", why="numba fails on it when it runs",
                                          hint="copy it first: `np.ascontiguousarray(a)` or `a.copy()`")
        v = self.view(x)
        return self.reordered(v, call)

    def reordered(self, v: View, call: Call) -> View:
        rank = len(v.extents)
        match call.fn, call.args[1:]:
            case "np.transpose", ():
                return permuted(v, tuple(reversed(range(rank))))
            case "np.transpose", (TupleArg(items),) if len(items) == rank:
                return permuted(v, tuple(self._axis(i, rank, call) for i in items))
            case "np.swapaxes", (a, c):
                order = list(range(rank))
                i, j = self._axis(a, rank, call), self._axis(c, rank, call)
                order[i], order[j] = j, i
                return permuted(v, tuple(order))
            case "np.moveaxis", (a, c):
                i, j = self._axis(a, rank, call), self._axis(c, rank, call)
                order = [k for k in range(rank) if k != i]
                order.insert(j, i)
                return permuted(v, tuple(order))
            case "np.expand_dims", (a,):
                k = self._axis(a, rank + 1, call)
                return self._part(v, (*(ALL for _ in range(k)), NewAxis()))
            case "np.flip", ():
                return self._part(v, (BACKWARD,) * rank)
            case "np.flipud", ():
                return self._part(v, (BACKWARD,))
            case "np.fliplr", ():
                return self._part(v, (ALL, BACKWARD))
        raise self._refused(call)

    def _part(self, v: View, index: tuple[Index, ...]) -> View:
        return subscript(self.b, v, index, self.is_index, self.b.loc)

    def _axis(self, a: Arg, rank: int, call: Call) -> int:
        if isinstance(a, Const) and type(a.value) is int and -rank <= a.value < rank:
            return a.value % rank
        raise self._refused(call)

    def _refused(self, call: Call) -> UnsupportedFunction:
        return UnsupportedFunction(f"this use of `{call.fn}` is not supported yet", loc=self.b.loc, code="S2S011",
                                   hint="write literal axes, no keywords, or a loop over the elements")

    # ------------------------------------------------------------------ shapes

    def size(self, shape: tuple[Atom, ...]) -> Atom:
        return self.b.mul(strides_of(self.b, shape)[0], shape[0])

    def new_shape(self, shape: Arg, old: tuple[Atom, ...]) -> tuple[Atom, ...]:
        """The extents asked for, one of which may be -1; checked against the number of elements there are."""
        b = self.b
        match shape:
            case TupleArg(items):
                given = tuple(b.stable(i) for i in items)  # type: ignore[arg-type]
            case ShapeOf(array):
                given = self.operand_extents(array)
            case _:
                given = (b.stable(shape),)  # type: ignore[arg-type]
        total = self.size(old)
        for n in given:
            if isinstance(n, str) and not b.is_nonneg(n):
                self._raise_if(b.op("lt", n, ZERO), "a negative size given by a variable is not supported")
                b.nonneg.add(n)
        rest = tuple(n for n in given if not isinstance(n, Const) or n.value >= 0)
        if len(rest) < len(given) - 1:
            self._raise_if(None, "multiple negative shape values")
        known = self.size(rest) if rest else ONE
        message = "total size of new array must be unchanged"
        if len(rest) == len(given):
            if known != total:
                self.raise_unless_equal(total, known, message)
            return given
        inferred: Atom = total
        if known != ONE:
            if not isinstance(known, Const):
                self._raise_if(b.op("eq", known, ZERO), message)
            elif known.value == 0:
                self._raise_if(None, message)
                known = ONE
            inferred = b.op("floordiv", total, known)
            b.nonneg.add(inferred)
            if total != b.mul(inferred, known):
                self.raise_unless_equal(total, b.mul(inferred, known), message)
        return tuple(inferred if isinstance(n, Const) and n.value < 0 else n for n in given)

    def _raise_if(self, test: Atom | None, message: str) -> None:
        raised = Raise("ValueError", message, self.b.loc)
        self.b.emit(raised if test is None else If(test, (raised,), (), self.b.loc))

    def as_shape(self, v: View, shape: tuple[Atom, ...]) -> View:
        """A contiguous view with other extents."""
        b = self.b
        place, numbering = self._counted(v)
        strides = dict(place.walked)
        for k, (n, s) in enumerate(zip(v.extents, strides_of(b, v.extents))):
            if n != ONE and strides.get(k) != s:
                raise UnsupportedFunction("this array cannot be seen to be contiguous, which reshaping it takes: not "
                                          "supported yet", loc=b.loc, code="S2S011", hint="reshape a copy of it")
        walked = tuple(enumerate(strides_of(b, shape)))
        if place.offset == ZERO and shape == self.base_extents(v.base) and self._order(v.base) == "C":
            return whole(v.base, shape)
        return View(v.base, (Place(place.offset, walked),), shape, numbering)

    def _counted(self, v: View) -> tuple[Place, tuple[tuple[int, Atom], ...] | None]:
        """The view in terms of the numbers of its base's elements, in the order they lie in memory."""
        if len(v.axes) == 1:
            return v.axes[0], v.numbering
        b = self.b
        extents = self.base_extents(v.base)
        axes = range(len(extents)) if self._order(v.base) == "C" else reversed(range(len(extents)))
        numbering = tuple((k, extents[k]) for k in axes)
        offset: Atom = ZERO
        strides: dict[int, Atom] = {}
        for (k, _), weight in zip(numbering, strides_of(b, tuple(n for _, n in numbering))):
            offset = b.add(offset, b.mul(v.axes[k].offset, weight))
            for axis, s in v.axes[k].walked:
                strides[axis] = b.add(strides.get(axis, ZERO), b.mul(s, weight))
        return Place(offset, tuple(sorted(strides.items(), key=lambda w: w[0]))), numbering

    def _order(self, base: str) -> str:
        t: Any = self.types[base]
        return "F" if t.layout == "F" else "C"

    def flat_copy(self, name: str, v: View | Elementwise) -> View:
        """All elements of a value, in C order, in a new array."""
        b = self.b
        shape = tuple(b.stable(n) for n in v.extents)
        place = self.make_array(name, "empty", (self.size(shape),))
        at, = place.axes
        assert at.offset == ZERO
        self.loops(replace(place, axes=(Place(ZERO, tuple(enumerate(strides_of(b, shape)))),), extents=shape), v)
        return place
