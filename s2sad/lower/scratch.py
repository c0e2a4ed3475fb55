"""Arrays that the lowering makes, and those of a size that changes from iteration to iteration of a loop.

An array of one size is allocated where it is bound (and moves in front of its loops later). One whose size changes is
the beginning of a flat storage that exists once, before the outermost loop, and grows where more is needed: tapes and
shadows then exist once as well.

Before::

    for i in range(n):
        t = x[:i] * 2.0

after::

    t = np.empty(64)
    for i in range(n):
        if i > t.shape[0]:
            t = grown(t, i)
        for k in range(i):
            t[k] = x[k] * 2.0
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numba import types as nbt

from s2sad.ir import Alloc, Assign, Atom, Const, Dim, For, Grow, If, Op, Raise, Stmt, Store, While
from s2sad.ir import walk as w
from s2sad.ir.types import dtype_name
from s2sad.lower.bindings import Bindings
from s2sad.lower.builder import ONE, ZERO, Builder
from s2sad.lower.changing import Changing
from s2sad.lower.references import References
from s2sad.lower.values import Place, Value, View
from s2sad.lower.views import element, whole
from s2sad.optimise.hoist import TOTAL

FIRST_CAPACITY = Const(64)


def strides_of(b: Builder, shape: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """How far apart in C order neighbours along each axis are."""
    out: list[Atom] = [ONE]
    for n in reversed(shape[1:]):
        out.append(b.mul(out[-1], n))
    return tuple(reversed(out))[len(out) - len(shape):]


class Scratch:
    """New arrays. ``growing`` are the storages of changing size, ``prelude`` what goes before the outermost loop."""

    b: Builder
    types: dict[str, Any]
    refs: References
    bindings: Bindings
    env: dict[str, Value]
    extents: dict[str, tuple[Atom, ...]]
    allocated: set[str]
    unstable: set[str]
    depth: int

    def __init__(self, resized: Mapping[str, Changing]) -> None:
        self.resized = resized
        self.changing: set[str] = set()
        self.growing: set[str] = set()
        self.prelude: list[Stmt] = []
        self._outside: frozenset[str] = frozenset()
        self._bound: frozenset[str] = frozenset()
        self._outermost: Stmt | None = None
        self._allocations: dict[str, tuple[Stmt | None, tuple[object, ...]]] = {}

    def start_loop(self, s: For | While) -> None:
        """Note what is known before an outermost loop, and what the loop binds."""
        if not self.depth:
            self._outermost = s
            self._outside = frozenset(self.b.defined)
            bound = {n for x in w.walk((s,)) for n in w.binds(x)}
            self._bound = frozenset(bound.union(*(c.scalars for n, c in self.resized.items() if n in bound)))

    def end_loop(self, s: Stmt) -> None:
        """Emit a lowered loop, after what has to precede it."""
        if not self.depth:
            for p in self.prelude:
                self.b.emit(p)
            self.prelude = []
        self.b.emit(s)

    def make_array(self, name: str, kind: str, shape: tuple[Atom, ...]) -> View:
        """Allocate an array called ``name``; ``kind`` is ``empty`` or ``zeros``."""
        if self.depth and not all(self.is_settled(n) for n in shape):
            return self._of_changing_size(name, kind, shape)
        if not self._is_shared(name, shape):
            self.b.alloc(name, kind, shape, dtype_name(self.types[name]))
        elif kind == "zeros":
            place = whole(name, shape)
            self.b.loop_nest(shape, lambda index: self.b.emit(
                Store(name, element(self.b, place, index), self.zero(name), self.b.loc)))
        self.extents[name] = shape
        self.allocated.add(name)
        return whole(name, shape)

    def _is_shared(self, name: str, shape: tuple[Atom, ...]) -> bool:
        """Whether another path through the same loop makes the array already, with the same shape.

        That allocation moves in front of the loop. Where the shapes, or the loops, are not the same, ``name`` is bound
        to arrays of several shapes.
        """
        here = self._outermost if self.depth else None, tuple(self.origin(n) for n in shape)
        before = self._allocations.setdefault(name, here)
        first = name not in self.extents
        if first or before[0] is None and here[0] is None:
            return False
        if before[0] is here[0] and before[1] == here[1]:
            return True
        self.changing.add(name)
        return False

    def origin(self, a: Atom) -> object:
        """A size in terms of what it is computed from."""
        match self.b.defined.get(a) if isinstance(a, str) and a not in self.b.reassigned else None:
            case Op(fn, args):
                return (fn, *(self.origin(x) for x in args))
            case Dim(array, axis):
                return (array, axis)
            case str() | Const() as x:
                return self.origin(x)
        return a

    def is_settled(self, a: Atom) -> bool:
        """Whether a size is the same in every iteration of the outermost loop around, and can be computed before it."""
        if isinstance(a, Const):
            return True
        if a in self._outside and a not in self._bound and a not in self.refs.all_scalars():
            return True
        if a in self.b.reassigned:
            return False
        match self.b.defined.get(a):
            case str(x):
                return self.is_settled(x)
            case Const():
                return True
            case Op(fn, args):
                divides = fn in ("floordiv", "mod") and isinstance(args[1], Const) and args[1].value != 0
                return (fn in TOTAL or divides) and all(self.is_settled(x) for x in args)
            case Dim(array, _):
                return array in self._outside and array not in self._bound and array not in self.growing
        return False

    def _of_changing_size(self, name: str, kind: str, shape: tuple[Atom, ...]) -> View:
        b = self.b
        if name in self.bindings.rebound or name in self.bindings.permuted:
            self.changing.add(name)
        dtype = self.types[name].dtype
        storage = name if len(shape) == 1 else b.names.fresh(f"{name}_flat")
        self.types[storage] = nbt.Array(dtype, 1, "C")
        self.prelude.append(Assign(storage, Alloc("empty", (FIRST_CAPACITY,), dtype_name(dtype)), b.loc))
        self.grow(storage, self.checked_size(shape))
        self.growing.add(storage)
        self.unstable.add(storage)
        self.extents[storage] = (b.names.fresh("capacity"),)
        walked = tuple((k, s) for k, s in enumerate(strides_of(b, shape)))
        v = View(storage, (Place(ZERO, walked),), shape)
        self.env[name] = v
        if kind == "zeros":
            b.loop_nest(shape, lambda index: b.emit(Store(storage, element(b, v, index), self.zero(name), b.loc)))
        return v

    def checked_size(self, shape: tuple[Atom, ...]) -> Atom:
        """How many elements an array has; a negative extent raises as in numba."""
        b = self.b
        size: Atom = ONE
        for n in shape:
            if not b.is_nonneg(n):
                raised = Raise("ValueError", "negative dimensions not allowed", b.loc)
                b.emit(If(b.op("lt", n, ZERO), (raised,), (), b.loc))
            size = b.mul(n, size)
        return size

    def grow(self, storage: str, size: Atom) -> None:
        """Make a flat storage as large as needed."""
        b = self.b
        full = b.temp(Op("gt", (size, b.temp(Dim(storage, 0), "capacity"))))
        b.emit(If(full, (Grow(storage, size, b.loc),), (), b.loc))

    def zero(self, name: str) -> Const:
        t = self.types[name].dtype
        return Const(False) if isinstance(t, nbt.Boolean) else Const(0) if isinstance(t, nbt.Integer) else Const(0.0)
