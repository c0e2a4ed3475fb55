"""Tapes: typed arrays in the source, one per stored quantity.

Where every trip count is known when the outermost loop starts, a tape has exactly that size and the loop counters are
its index. Otherwise a counter of the innermost loop's iterations is its index. Where these can be counted beforehand
(:mod:`s2sad.transform.counting`), that is its size; else it is growable, and room is made before an inner ``for``
starts, or at the start of each iteration of a ``while``. Outside loops it is one variable.

Stored once per iteration of ``while c: for j in range(i):``, a quantity ``y`` gives in the forward sweep::

    top = 0
    tape_y = np.empty(64)
    while c:
        tape_y = grown(tape_y, top + i)
        for j in range(i):
            tape_y[top] = y
            ...
            top += 1
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from numba import types as nbt

from s2sad.analysis.structure import Loop
from s2sad.ir import Alloc, Assign, Atom, Const, Dim, For, Function, Grow, If, Load, Loc, Op, Rhs, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name
from s2sad.transform.counting import count_iterations

ONE, ZERO = Const(1), Const(0)
FIRST_CAPACITY = Const(64)


@dataclass(frozen=True)
class Tape:
    """Where one quantity is stored: a variable (no loops) or an array with its index atoms per loop."""

    name: str
    loops: tuple[Loop, ...]
    counter: str | None


@dataclass
class Tapes:
    """Tapes of one function; collects what must stand before and inside its forward loops."""

    fn: Function
    names: Names
    types: dict[str, Any]
    before: dict[Loop, list[Stmt]] = field(default_factory=dict)
    """Statements to put before a loop of the forward sweep: allocations, counters, making room."""
    at_start: dict[Loop, list[Stmt]] = field(default_factory=dict)
    """Statements at the start of each forward iteration."""
    counters: dict[Loop, str] = field(default_factory=dict)
    """Loops whose iterations are counted over the whole run."""
    _sizes: dict[Loop, Atom] = field(default_factory=dict)
    _counts: dict[Loop, Atom | None] = field(default_factory=dict)

    def new(self, quantity: str, kind: object, loops: tuple[Loop, ...], loc: Loc) -> Tape:
        """A tape for a value of numba type ``kind`` stored once per iteration of ``loops[-1]``."""
        loc = replace(loc, reverse=False)
        if not loops:
            variable = self.names.fresh(f"old_{quantity}")
            self.types[variable] = kind
            return Tape(variable, (), None)
        name = self.names.fresh(f"tape_{quantity}")
        regular = self._regular(loops)
        self.types[name] = nbt.Array(kind, len(loops) if regular else 1, "C")
        outer = loops[0]
        if regular:
            shape = tuple(self._extent(loop, outer, loc) for loop in loops if isinstance(loop, For))
            self.before.setdefault(outer, []).append(Assign(name, Alloc("empty", shape, dtype_name(kind)), loc))
            return Tape(name, loops, None)
        inner = loops[-1]
        counter = self._counter(inner, outer, loc)
        size = self._count(loops, loc)
        if size is not None:
            self.before[outer].append(Assign(name, Alloc("empty", (size,), dtype_name(kind)), loc))
            return Tape(name, loops, counter)
        first = Assign(name, Alloc("empty", (FIRST_CAPACITY,), dtype_name(kind)), loc)
        self.before.setdefault(outer, []).insert(0, first)
        self._make_room(name, counter, inner, loc)
        return Tape(name, loops, counter)

    def store(self, tape: Tape, value: Atom, loc: Loc) -> list[Stmt]:
        if not tape.loops:
            return [Assign(tape.name, value, loc)]
        statements, index = self._index(tape, loc)
        return [*statements, Store(tape.name, index, value, loc)]

    def load(self, tape: Tape, loc: Loc) -> tuple[list[Stmt], Rhs]:
        if not tape.loops:
            return [], tape.name
        statements, index = self._index(tape, loc)
        return statements, Load(tape.name, index)

    def grows(self, tape: Tape) -> bool:
        """Whether a tape's size is not known before the loops start."""
        return tape.counter is not None and self._counts[tape.loops[-1]] is None

    # ------------------------------------------------------------------ sizes and indices

    def _regular(self, loops: tuple[Loop, ...]) -> bool:
        bound = {n for s in w.walk((loops[0],)) for n in w.binds(s)}
        return all(isinstance(loop, For) and isinstance(loop.step, Const)
                   and not bound & set(w.names_in((loop.start, loop.stop))) for loop in loops)

    def _extent(self, loop: For, outer: Loop, loc: Loc) -> Atom:
        if loop in self._sizes:
            return self._sizes[loop]
        statements: list[Stmt] = []

        def temp(value: Rhs) -> str:
            t = self.names.fresh("n_trips")
            statements.append(Assign(t, value, loc))
            return t

        n = self._trips(loop, temp)
        if isinstance(n, Const):
            n = Const(max(n.value, 0))
        elif not self._is_extent(n):
            n = temp(Op("max", (n, ZERO)))
        self.before.setdefault(outer, []).extend(statements)
        self._sizes[loop] = n
        return n

    def _is_extent(self, n: Atom) -> bool:
        return n in self.extents

    extents: frozenset[str] = frozenset()
    """Names known to be extents of arrays, hence not negative."""

    def _trips(self, loop: For, temp: Callable[[Rhs], str]) -> Atom:
        assert isinstance(loop.step, Const)
        step = loop.step.value
        start, stop = loop.start, loop.stop
        if step == 1 and isinstance(start, Const) and start.value >= 0:
            return stop
        if isinstance(start, Const) and isinstance(stop, Const):
            return Const(len(range(start.value, stop.value, step)))
        n: Atom = temp(Op("sub", (stop, start))) if step > 0 else temp(Op("sub", (start, stop)))
        if abs(step) != 1:
            n = temp(Op("add", (n, Const(abs(step) - 1))))
            n = temp(Op("floordiv", (n, Const(abs(step)))))
        return n

    def _index(self, tape: Tape, loc: Loc) -> tuple[list[Stmt], tuple[Atom, ...]]:
        if tape.counter is not None:
            return [], (tape.counter,)
        statements: list[Stmt] = []
        index: list[Atom] = []
        for loop in tape.loops:
            assert isinstance(loop, For) and isinstance(loop.step, Const)
            step, start = loop.step.value, loop.start
            at: Atom = loop.var
            if not (step == 1 and isinstance(start, Const) and start.value >= 0):
                if start != ZERO:
                    t = self.names.fresh("k")
                    statements.append(Assign(t, Op("sub", (loop.var, start) if step > 0 else (start, loop.var)), loc))
                    at = t
                elif step < 0:
                    t = self.names.fresh("k")
                    statements.append(Assign(t, Op("neg", (loop.var,)), loc))
                    at = t
                if abs(step) != 1:
                    t = self.names.fresh("k")
                    statements.append(Assign(t, Op("floordiv", (at, Const(abs(step)))), loc))
                    at = t
            index.append(at)
        return statements, tuple(index)

    # ------------------------------------------------------------------ tapes with a counter

    def _count(self, loops: tuple[Loop, ...], loc: Loc) -> Atom | None:
        """The number of iterations of the innermost loop in all, if it can be known before the outermost starts."""
        inner = loops[-1]
        if inner not in self._counts:
            found = count_iterations(self.fn, loops, self._trips, self.names.fresh, self.types, loc)
            if found is not None:
                self.before[loops[0]].extend(found[0])
            self._counts[inner] = found and found[1]
        return self._counts[inner]

    def _counter(self, inner: Loop, outer: Loop, loc: Loc) -> str:
        if inner not in self.counters:
            name = self.names.fresh("top")
            self.counters[inner] = name
            self.types[name] = nbt.int64
            self.before.setdefault(outer, []).insert(0, Assign(name, ZERO, loc))
        return self.counters[inner]

    def _make_room(self, name: str, counter: str, inner: Loop, loc: Loc) -> None:
        capacity, test = self.names.fresh("capacity"), self.names.fresh("t")
        if isinstance(inner, For) and isinstance(inner.step, Const):
            place = self.before.setdefault(inner, [])
            needed = self.names.fresh("needed")

            def temp(value: Rhs) -> str:
                t = self.names.fresh("n_trips")
                place.append(Assign(t, value, loc))
                return t

            place.append(Assign(needed, Op("add", (counter, self._trips(inner, temp))), loc))
        else:
            place = self.at_start.setdefault(inner, [])
            needed = self.names.fresh("needed")
            place.append(Assign(needed, Op("add", (counter, ONE)), loc))
        place.append(Assign(capacity, Dim(name, 0), loc))
        place.append(Assign(test, Op("gt", (needed, capacity)), loc))
        place.append(If(test, (Grow(name, needed, loc),), (), loc))
