"""Tapes of a kernel: local arrays where the compiler knows how long they are, else columns of a global array.

A quantity stored once per iteration of loops with literal bounds lies in a local array. Otherwise the kernel has one
more parameter, an array with a row for each iteration and a column for each thread, so that threads that run side by
side write side by side. How many rows there are is the launcher's affair; what does not fit is not stored, and the
kernel says how many rows it would have taken instead of going on.
"""
from __future__ import annotations

from typing import Any

from numba import types as nbt

from s2sad.analysis.structure import Loop
from s2sad.ir import Assign, Atom, Const, Dim, For, Function, If, Load, Loc, Op, Rhs, Stmt, Store
from s2sad.ir.intrinsics import Intrinsic, numba_name
from s2sad.ir.names import Names
from s2sad.transform.tapes import Tape, Tapes

LARGEST_LOCAL = 256
"""Elements of a tape in local memory: what is longer would take it from every thread, whether it stores or not."""


class KernelTapes(Tapes):
    """Collects the arrays that the kernel needs besides its own."""

    def __init__(self, fn: Function, names: Names, types: dict[str, Any]) -> None:
        super().__init__(fn, names, types)
        self.local: dict[str, Intrinsic] = {}
        self.columns: dict[str, str] = {}
        """Tapes that are parameters, and the counters that are their first index."""
        self.kinds: dict[str, Any] = {}
        self.thread = names.fresh("thread")

    def new(self, quantity: str, kind: object, loops: tuple[Loop, ...], loc: Loc) -> Tape:
        sizes = [_trips(loop) for loop in loops]
        if not loops or any(n is None for n in sizes) or _product(sizes) > LARGEST_LOCAL:
            return self._column(quantity, kind, loops, loc)
        name = self.names.fresh(f"tape_{quantity}")
        shape = tuple(max(n, 1) for n in sizes if n is not None)
        self.types[name] = nbt.Array(kind, len(shape), "C")
        extent = str(shape[0]) if len(shape) == 1 else str(shape)
        text = f"cuda.local.array({extent}, {numba_name(kind)})"
        self.local[name] = Intrinsic(text, "local", self.types[name], shape)
        return Tape(name, loops, None)

    def _column(self, quantity: str, kind: object, loops: tuple[Loop, ...], loc: Loc) -> Tape:
        if not loops:
            return super().new(quantity, kind, loops, loc)
        name = self.names.fresh(f"tape_{quantity}")
        inner = loops[-1]
        if inner not in self.counters:
            self.counters[inner] = self.names.fresh("top")
            self.types[self.counters[inner]] = nbt.int64
        self.types[name] = nbt.Array(kind, 2, "C")
        self.kinds[name] = kind
        self.columns[name] = self.counters[inner]
        return Tape(name, loops, self.counters[inner])

    def store(self, tape: Tape, value: Atom, loc: Loc) -> list[Stmt]:
        if tape.counter is None:
            return super().store(tape, value, loc)
        rows, fits = self.names.fresh("rows"), self.names.fresh("fits")
        self.types.update({rows: nbt.int64, fits: nbt.boolean})
        return [Assign(rows, Dim(tape.name, 0), loc), Assign(fits, Op("lt", (tape.counter, rows)), loc),
                If(fits, (Store(tape.name, (tape.counter, self.thread), value, loc),), (), loc)]

    def load(self, tape: Tape, loc: Loc) -> tuple[list[Stmt], Rhs]:
        if tape.counter is None:
            return super().load(tape, loc)
        return [], Load(tape.name, (tape.counter, self.thread))


def _trips(loop: Loop) -> int | None:
    """The largest index of a tape for one loop, and one more."""
    if not isinstance(loop, For):
        return None
    match loop.start, loop.stop, loop.step:
        case Const(int() as start), Const(int() as stop), Const(int() as step):
            # where it counts up by one from a start that is not negative, the counter itself is the index
            return max(stop, 0) if step == 1 and start >= 0 else len(range(start, stop, step))
    return None


def _product(sizes: list[int | None]) -> int:
    total = 1
    for n in sizes:
        total *= n or 1
    return total
