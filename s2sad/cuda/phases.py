"""What the threads of a block may do at the same time: the accesses to shared memory between two barriers.

A *phase* starts where a kernel does, or at a barrier, and goes on along every path to the next barriers. In ::

    tile[t] = x[i]
    cuda.syncthreads()
    while s > 0:
        if t < s:
            tile[t] += tile[t + s]
        cuda.syncthreads()
        s //= 2
    y[i] = tile[0]

there are three: that of the first store; from the first barrier, the first iteration or, if there is none, the last
line; and from the second barrier the next iteration or the last line.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from numba.core.types import Boolean

from s2sad.cuda.forms import Form
from s2sad.cuda.linear import Constraint, at_least, less
from s2sad.cuda.symbolic import State, Symbolic, Truth, Value, as_truth, varies
from s2sad.cuda.uniform import is_barrier
from s2sad.ir import Assign, Block, Const, For, Function, If, Increment, Load, Op, Stmt, Store, While
from s2sad.ir import walk as w
from s2sad.ir.types import is_array


@dataclass(frozen=True)
class Access:
    """One statement's access to an element of an array in shared memory, and what is known there.

    ``kind`` is ``load``, ``store``, ``update`` (an increment) or ``atomic``.
    """

    s: Stmt
    array: str
    index: tuple[Form, ...]
    kind: str
    facts: tuple[Constraint, ...]


def find_phases(fn: Function, symbolic: Symbolic) -> Iterator[list[Access]]:
    """The accesses of each phase."""
    walker = _Walker(fn, symbolic)
    yield walker.from_start()
    for path in _barriers(fn.body, ()):
        yield walker.from_barrier(path)


Path = tuple[tuple[Block, int], ...]
"""The blocks around a statement, outermost first, with the place of the statement in each that is or contains it."""


def _barriers(body: Block, around: Path) -> Iterator[Path]:
    for k, s in enumerate(body):
        here = (*around, (body, k))
        if is_barrier(s):
            yield here
        for b in w.blocks(s):
            yield from _barriers(b, here)


def _has_barrier(s: Stmt) -> bool:
    return any(is_barrier(x) for x in w.walk((s,)))


class _Walker:
    def __init__(self, fn: Function, symbolic: Symbolic) -> None:
        self.fn, self.sym = fn, symbolic
        self.shared = {n for n, i in fn.intrinsics.items() if i.space == "shared"}
        self.found: list[Access] = []

    def from_start(self) -> list[Access]:
        self.found = []
        self.block(self.fn.body, self.sym.start())
        return self.found

    def from_barrier(self, path: Path) -> list[Access]:
        self.found = []
        state = self.sym.start()
        for block, k in path[:-1]:
            s = block[k]
            if isinstance(s, For):
                state = state.knowing(self._within(s, state))
        block, k = path[-1]
        end = self.block(block[k + 1:], state)
        for (block, k), (inside, _) in reversed(list(zip(path, path[1:]))):
            if end is None:
                break
            s = block[k]
            if isinstance(s, (For, While)):
                end = self._next_iteration(s, inside, end)
            end = self.block(block[k + 1:], end)
        return self.found

    # -- paths

    def block(self, body: Block, state: State | None) -> State | None:
        """What is known after a block; ``None`` if every path ends at a barrier."""
        for s in body:
            if state is None or is_barrier(s):
                return None
            state = self.statement(s, state)
        return state

    def statement(self, s: Stmt, state: State) -> State | None:
        match s:
            case Assign(target, value):
                if isinstance(value, Load):
                    self._access(s, value.array, value.index, "load", state)
                if is_array(self.fn.types.get(target)) or self.sym.lasts(target):
                    return state
                return state.binding(target, self.sym.value(target, value, state))
            case Store(array, index):
                self._access(s, array, index, "store", state)
            case Increment(array, index):
                self._access(s, array, index, "atomic" if s.atomic else "update", state)
            case If(test, then, orelse):
                truth = self.sym.truth(test, state)
                taken = self.block(then, state.knowing(truth.when))
                other = self.block(orelse, state.knowing(truth.unless))
                return self._joined(s, state, truth, taken, other)
            case For() | While():
                return self.loop(s, state)
        return state

    def _access(self, s: Stmt, array: str, index: tuple, kind: str, state: State) -> None:
        if array in self.shared:
            self.found.append(Access(s, array, tuple(self.sym.form(a, state) for a in index), kind, state.facts))

    def _joined(self, s: If, before: State, truth: Truth, a: State | None, b: State | None) -> State | None:
        """What is known after a branch."""
        if a is None or b is None:
            return a if b is None else b
        values: dict[str, Value] = dict(before.values)
        for n in w.bound_in(s):
            if n in a.values and n in b.values:
                values[n] = self._either(n, truth, a.values[n], b.values[n])
        return replace(before, values=values)

    def _either(self, name: str, truth: Truth, a: Value, b: Value) -> Value:
        if a == b:
            return a
        if isinstance(self.fn.types.get(name), Boolean):
            taken, other = as_truth(a), as_truth(b)
            if other == truth:                                   # `test and a`: it is false where the test is
                return Truth((*truth.when, *taken.when))
            if taken == truth:
                return Truth((), (*truth.unless, *other.unless))
        return self.sym.fresh(name)

    # -- loops

    def loop(self, s: For | While, state: State) -> State | None:
        if not _has_barrier(s):
            return self._together(s, state)
        before = len(self.found)
        if isinstance(s, For):
            entered = state.binding(s.var, self.sym.form(s.start, state))
            entered = entered.knowing(self._within(s, entered))
            after: State | None = state
        else:
            tested = self.block(s.cond, state)
            if tested is None:
                return None
            truth = self.sym.truth(s.test, tested)
            entered, after = tested.knowing(truth.when), tested.knowing(truth.unless)
        if self.block(s.body, entered) is None:
            return after
        del self.found[before:]                                  # several iterations, and then a barrier
        self._together(s, state)
        return self._anything(s, state)

    def _together(self, s: For | While, state: State) -> State:
        """Any number of iterations, in which the threads need not go along with one another."""
        was, self.sym.apart = self.sym.apart, True
        inside = self._anything(s, state)
        if isinstance(s, For):
            var = self._stepped(self.sym.form(s.start, state), self.sym.form(s.step, state))
            inside = inside if var is None else inside.binding(s.var, var)
            inside = inside.knowing(self._within(s, inside))
            self.block(s.body, inside)
        else:
            tested = self.block(s.cond, inside)
            if tested is not None:
                self.block(s.body, tested.knowing(self.sym.truth(s.test, tested).when))
        self.sym.apart = was
        return self._anything(s, state)

    def _anything(self, s: For | While, state: State) -> State:
        """The names that a loop binds have some value."""
        new: dict[str, Value] = {}
        for n in sorted(w.bound_in(s)):
            if n in state.values:
                by = self._step(n, s, state)
                first = state.values[n]
                after = self._stepped(first, by) if by is not None and isinstance(first, Form) else None
                new[n] = self.sym.fresh(n) if after is None else after
        return replace(state, values={**state.values, **new})

    def _step(self, name: str, s: For | While, state: State) -> Form | None:
        """What each iteration adds to a name, where that is all that happens to it and always the same."""
        found = [x for x in w.walk((s,)) if name in w.binds(x)]
        match found:
            case [Assign(_, Op("add", (str(n), step))) as x] if n == name and any(x is y for y in s.body) \
                    and self.sym.integer(name) and step not in w.bound_in(s):
                return self.sym.form(step, state)
        return None

    def _stepped(self, first: Form, by: Form) -> Form | None:
        """``first`` and any number of steps more."""
        if any(map(varies, by.symbols())):
            return None
        trips = self.sym.fresh("trips")
        self.sym.knowing(trips, at_least(trips, Form.number(0)))
        return first + by * trips

    def _next_iteration(self, s: For | While, inside: Block, end: State) -> State | None:
        """From the end of an iteration: the next one, until a barrier, and what is known if there is none."""
        if isinstance(s, While) and inside is s.cond:
            truth = self.sym.truth(s.test, end)
            if self.block(s.body, end.knowing(truth.when)) is None:
                return end.knowing(truth.unless)
            self._together(s, end)
            return self._anything(s, end)
        before = len(self.found)
        if isinstance(s, For):
            entered = end.binding(s.var, self.sym.form(s.var, end) + self.sym.form(s.step, end))
            entered = entered.knowing(self._within(s, entered))
            after: State | None = end
        else:
            tested = self.block(s.cond, end)
            if tested is None:
                return None
            truth = self.sym.truth(s.test, tested)
            entered, after = tested.knowing(truth.when), tested.knowing(truth.unless)
        if self.block(s.body, entered) is None:
            return after
        del self.found[before:]
        self._together(s, end)
        return self._anything(s, end)

    def _within(self, s: For, state: State) -> tuple[Constraint, ...]:
        """What the bounds of a loop say about its counter."""
        if not isinstance(s.step, Const) or s.step == Const(0):
            return ()
        var, start, stop = (self.sym.form(a, state) for a in (s.var, s.start, s.stop))
        if s.step.value > 0:
            return at_least(var, start), less(var, stop)
        return at_least(start, var), less(stop, var)
