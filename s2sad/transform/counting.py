"""How often an inner loop runs in all, found by running the loops around it without their work.

Of ::

    for i in range(n):
        for j in range(i):
            y = y * x[j]

the inner loop's iterations are counted by ::

    n_iterations = 0
    for i in range(n):
        n_iterations += max(i, 0)

so that what is stored in each of them gets a tape of exactly that size, instead of one that grows.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from numba import types as nbt

from s2sad.analysis.structure import Loop
from s2sad.ir import Assign, Atom, Const, Dim, Effect, For, Function, Load, Loc, Op, Raise, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.types import is_integer

TOTAL = frozenset({"add", "sub", "mul", "neg", "pos", "max", "min"})
"""Integer operations that cannot fail."""


def count_iterations(fn: Function, loops: tuple[Loop, ...], trips: Callable[[For, Callable[[Rhs], str]], Atom],
                     fresh: Callable[[str], str], types: dict, loc: Loc) -> tuple[list[Stmt], str] | None:
    """Statements for before ``loops[0]`` that give the number of iterations of ``loops[-1]`` in all, and its name.

    ``trips(loop, temp)`` is the number of iterations of one loop, in terms of its bounds. ``None`` where a bound may
    depend on more than counters, names that do not change in the loops, and integers read from arrays that nothing
    writes.
    """
    if not all(isinstance(s, For) and isinstance(s.step, Const) and s.exit is None for s in loops):
        return None
    return _Count(fn, loops, trips, fresh, types, loc).run()  # type: ignore[arg-type]


class _Unknown(Exception):
    """A bound that cannot be computed before the loops."""


class _Count:
    def __init__(self, fn: Function, loops: tuple[For, ...], trips: Callable[[For, Callable[[Rhs], str]], Atom],
                 fresh: Callable[[str], str], types: dict, loc: Loc) -> None:
        self.loops, self.trips, self.fresh, self.types, self.loc = loops, trips, fresh, types, loc
        inside = list(w.walk(loops[:1]))
        self.bound = Counter(n for s in inside for n in w.binds(s))
        self.written = {a for s in w.walk(fn.body) for a in w.written(s)}
        self.rebound = {n for s in w.walk(fn.body) for n in w.binds(s)} - {s.var for s in loops}
        self.params = frozenset(fn.params)
        self.quiet = not any(isinstance(s, Effect | Raise) for s in inside)
        self.reach = [next(k for k, s in enumerate(loop.body) if inner in w.walk((s,)))
                      for loop, inner in zip(loops, loops[1:])]
        """Where in each loop's body the next loop is."""
        self.new: dict[str, str] = {}
        self.made: list[list[Stmt]] = [[] for _ in loops]
        """What the body of each counting loop computes; the last: what is computed before all of them."""
        self.extents = {s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Dim)}

    def run(self) -> tuple[list[Stmt], str] | None:
        try:
            *outer, inner = self.loops
            heads = [self._header(k) for k in range(len(self.loops))]
        except _Unknown:
            return None
        level = len(outer) - 1
        n = self._runs(level + 1, heads[-1])
        while level >= 0 and not self.made[level] and n != self.new[self.loops[level].var]:
            m = self._runs(level, heads[level])  # the same number each time
            level -= 1
            n = self._emit(level, Op("mul", (m, n)), "n_iterations")
        if level < 0:
            return self.made[-1], str(n)
        total = self._named("n_iterations")
        body: tuple[Stmt, ...] = (*self.made[level], Assign(total, Op("add", (total, n)), self.loc))
        for k in range(level, -1, -1):
            loop: Stmt = For(self.new[self.loops[k].var], *heads[k], self.loops[k].step, body, loc=self.loc)
            body = (*(self.made[k - 1] if k else ()), loop)
        return [Assign(total, Const(0), self.loc), *body], total

    def _runs(self, k: int, head: tuple[Atom, Atom]) -> Atom:
        """The iterations of loop ``k`` each time it runs, computed in the body around it."""
        loop = self.loops[k]
        n = self.trips(For(loop.var, *head, loop.step, ()), lambda value: self._emit(k - 1, value, "n_trips"))
        if isinstance(n, Const):
            return Const(max(n.value, 0))
        return n if self._natural(n) else self._emit(k - 1, Op("max", (n, Const(0))), "n_trips")

    def _natural(self, n: str) -> bool:
        """Whether it is an extent, or a counter that starts there and rises."""
        return n in self.extents or any(
            self.new.get(s.var) == n and isinstance(s.start, Const) and s.start.value >= 0 and s.step.value > 0
            for s in self.loops if isinstance(s.step, Const))

    def _header(self, k: int) -> tuple[Atom, Atom]:
        """Start and stop of loop ``k``, in terms of the counting loops around it; its counter gets a new name."""
        loop = self.loops[k]
        bounds = self._value(loop.start, k), self._value(loop.stop, k)
        self.new[loop.var] = self._named(loop.var)
        return bounds

    def _value(self, a: Atom, k: int, end: int | None = None) -> Atom:
        """What an integer is that is read in the body of loop ``k - 1``, by its statement ``end`` (by default the one
        with loop ``k``); what it takes is computed where it was."""
        if isinstance(a, Const) or a not in self.bound:
            return a
        for j in range(k - 1, -1, -1):
            loop = self.loops[j]
            if loop.var == a:
                if any(a in w.binds(s) for s in w.walk(loop.body)):
                    raise _Unknown
                return self.new[a]
            for place, s in enumerate(loop.body[:self.reach[j] if end is None or j < k - 1 else end]):
                if isinstance(s, Assign) and s.target == a and self.bound[a] == 1:
                    if a not in self.new:
                        self.new[a] = self._computed(s.value, j + 1, place)
                    return self.new[a]
        raise _Unknown

    def _computed(self, value: Rhs, k: int, place: int) -> str:
        match value:
            case Op(op, args) if op in TOTAL and all(self._integer(a) for a in args):
                return self._emit(k - 1, Op(op, tuple(self._value(a, k, place) for a in args)), "k")
            case Dim(array, axis) if array not in self.bound:
                n = self._emit(k - 1, Dim(array, axis), "n")
                self.extents.add(n)
                return n
            case Load(array, index) if array in self.params - self.written - self.rebound and self.quiet \
                    and is_integer(self.types[array].dtype):
                return self._emit(k - 1, Load(array, tuple(self._value(a, k, place) for a in index)), "k")
        raise _Unknown

    def _integer(self, a: Atom) -> bool:
        return isinstance(a.value, int) if isinstance(a, Const) else is_integer(self.types.get(a))

    def _emit(self, k: int, value: Rhs, hint: str) -> str:
        t = self._named(hint)
        self.made[k].append(Assign(t, value, self.loc))
        return t

    def _named(self, hint: str) -> str:
        name = self.fresh(hint)
        self.types[name] = nbt.int64
        return name
