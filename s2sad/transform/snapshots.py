"""Snapshots of a checkpointed loop: taken in the forward sweep, gone back to in the reverse sweep.

Forward::

    for t in range(n):
        if t == due:
            taken_at[held] = t              # and the state, to kept_u[held], ...
            held += 1
            due = t + next_snapshot(n + 1 - t, slots - held)
        ...                                 # the step, without tapes

reverse::

    for t in range(n - 1, -1, -1):
        back = taken_at[held - 1]           # and the state, from kept_u[held - 1], ...
        for k in range(back, t):
            ...                             # takes snapshots as above, and runs the step
        ...                                 # the step with tapes, then its reverse

What comes before the loop finds the state that the loop began with. Loops of unknown length take their snapshots in
another way (:mod:`s2sad.transform.online`).
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numba import types as nbt

from s2sad.analysis.checkpoints import State
from s2sad.analysis.structure import Loop
from s2sad.ir import Alloc, Assign, Atom, Block, Const, Dim, For, If, Load, Op, Rhs, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.types import dtype_name, item_bytes

if TYPE_CHECKING:
    from s2sad.transform.context import Context

ONE, ZERO = Const(1), Const(0)


class Snapshots:
    """Names and statements of the snapshots of one loop."""

    def __init__(self, context: Context, loop: Loop, state: State) -> None:
        assert loop.checkpoints is not None
        self.c, self.loop, self.state, self.how = context, loop, state, loop.checkpoints
        self.loc = replace(loop.loc, reverse=False)
        self.out: list[Stmt] = []
        self.slots: Atom = self._number("slots") if self.how.snapshots is None else Const(self.how.snapshots)
        self.held, self.due, self.step = self._number("held"), self._number("due"), self._number("step")
        self.taken_at = self._array("taken_at", nbt.int64, 0)
        self.kept = {n: self._array(f"kept_{n}", self._kind(n), 0) for n in state.scalars}
        self.kept |= {a: self._array(f"kept_{a}", context.types[a].dtype, context.types[a].ndim) for a in state.arrays}
        self.prepare()

    def prepare(self) -> None:
        """Names that this way of taking snapshots needs."""
        self.steps, self.end = self._number("steps"), self._number("end")

    # ------------------------------------------------------------------ forward

    def before(self) -> Block:
        """Before the loop: room for the snapshots, none of which is taken."""
        def write() -> None:
            self.count_steps()
            if isinstance(self.slots, str):
                self._set(self.slots, self._count_of_slots())
            self._set(self.taken_at, Alloc("empty", (self.slots,), "int64"))
            for n in self.state.scalars:
                self._set(self.kept[n], Alloc("empty", (self.slots,), dtype_name(self._kind(n))))
            for a in self.state.arrays:
                self._set(self.kept[a], Alloc("empty", (self.slots, *self._extents(a)), dtype_name(self.c.types[a])))
            for n in (self.held, self.step):
                self._set(n, ZERO)
            self.first_due()

        return self._written(write)

    def count_steps(self) -> None:
        assert isinstance(self.loop, For)
        self._set(self.steps, count_of_steps(self.loop, self._temp))
        self._set(self.end, Op("add", (self.steps, ONE)))

    def first_due(self) -> None:
        self._set(self.due, ZERO)

    def forward(self, body: Block) -> Block:
        """A step of the forward sweep."""
        return (*self._written(self.take), *body, Assign(self.step, Op("add", (self.step, ONE)), self.loc))

    def after(self) -> Block:
        """After the loop: the state, where no step has kept it, if what comes before the loop wants it."""
        if self.loop not in self.c.plan.restored_before or self._has_steps():
            return ()
        return self._written(lambda: self._if(Op("eq", (self.some(), ZERO)), lambda: self._keep(self.slot(ZERO))))

    def _has_steps(self) -> bool:
        """Whether literal bounds say that there is a step."""
        count = count_of_steps(self.loop, lambda _: "") if isinstance(self.loop, For) else None
        return isinstance(count, Const) and count != ZERO

    def take(self) -> None:
        """A snapshot before a step of the forward sweep, if one is due."""
        self._if_due(self.step, self.end)

    # ------------------------------------------------------------------ reverse

    def before_reverse(self) -> Block:
        return self._written(lambda: self._set(self.step, self.count()))

    def count(self) -> str:
        """How many steps there were."""
        if self.loop.exit is None:
            return self.steps
        assert self.loop.trips is not None
        return self.loop.trips

    def over_steps(self) -> For:
        """The loop whose reverse goes back over the steps."""
        assert isinstance(self.loop, For)
        return self.loop

    def go_back(self, body: Block) -> Block:
        """Bring back the state before the step to be reversed; ``body`` is a step of the forward sweep."""
        back = self._number("back")

        def again() -> None:
            end, k = self._temp(Op("add", (self.step, ONE))), self._number("k")
            self._schedule(back, end)

            def step() -> None:
                self._if_due(k, end)
                self.out.extend(self.at_step(k, body))

            self.out.append(For(k, back, self.step, ONE, self._written(step), loc=self.loc))

        def write() -> None:
            self._set(self.step, Op("sub", (self.step, ONE)))
            newest = self._temp(Op("sub", (self.held, ONE)), "newest")
            self._set(back, Load(self.taken_at, (newest,)))
            self._restore(self.slot(newest))
            if self.how.schedule != "every":
                self._if(Op("lt", (back, self.step)), again)
            last = self._temp(Op("sub", (self.held, ONE)), "newest")
            at = self._temp(Load(self.taken_at, (last,)))
            self._if(Op("eq", (at, self.step)), lambda: self._set(self.held, last))

        return self._written(write)

    def after_reverse(self) -> Block:
        """The state that the loop began with."""
        def write() -> None:
            if self.loop in self.c.plan.restored_before:
                self._restore(self.slot(ZERO))
            else:
                self._if(Op("gt", (self.some(), ZERO)), lambda: self._restore(self.slot(ZERO)))

        return self._written(write)

    def some(self) -> str:
        """A number that is 0 if no step has been taken."""
        return self.steps

    def slot(self, k: Atom) -> Atom:
        """Where the snapshot number ``k``, from the oldest on, is kept."""
        return k

    # ------------------------------------------------------------------ parts

    def _if_due(self, step: Atom, end: Atom) -> None:
        """A snapshot before a step, if one is due. ``end`` is the number of the step that needs none."""
        def write() -> None:
            self._take(step)
            self._schedule(step, end)

        self._if(Op("eq", (step, self.due)), write)

    def _take(self, step: Atom) -> None:
        self.out.append(Store(self.taken_at, (self.held,), step, self.loc))
        self._keep(self.slot(self.held))
        self._set(self.held, Op("add", (self.held, ONE)))

    def _keep(self, slot: Atom) -> None:
        for n in self.state.scalars:
            self.out.append(Store(self.kept[n], (slot,), n, self.loc))
        for a in self.state.arrays:
            self._copy(a, self.kept[a], (), (slot,), a)

    def _schedule(self, step: Atom, end: Atom) -> None:
        """When the next snapshot is due after the one before a step."""
        if self.how.schedule == "every":
            self._set(self.due, Op("add", (step, ONE)))
            return
        left = self._temp(Op("sub", (end, step)))
        free = self._temp(Op("sub", (self.slots, self.held)), "free")
        self._set(self.due, Op("add", (step, self._temp(Op("next_snapshot", (left, free))))))

    def _restore(self, slot: Atom) -> None:
        for n in self.state.scalars:
            self._set(n, Load(self.kept[n], (slot,)))
        for a in self.state.arrays:
            self._copy(self.kept[a], a, (slot,), (), a)

    def _copy(self, source: str, target: str, before: tuple[Atom, ...], into: tuple[Atom, ...], like: str) -> None:
        """All elements of a part of an array to a part of another."""
        extents = self._extents(like)
        index = tuple(self.c.names.fresh("ijkl"[k % 4]) for k in range(len(extents)))
        self.c.types.update(dict.fromkeys(index, nbt.int64))

        def write() -> None:
            value = self._temp(Load(source, (*before, *index)), "t", self.c.types[like].dtype)
            self.out.append(Store(target, (*into, *index), value, self.loc))

        nest = self._written(write)
        for var, n in zip(reversed(index), reversed(extents)):
            nest = (For(var, ZERO, n, ONE, nest, loc=self.loc),)
        self.out.extend(nest)

    def at_step(self, k: str, body: Block) -> Block:
        """A step with number ``k``."""
        assert isinstance(self.loop, For)
        return in_step(self.loop, k, body, self._temp)

    def _count_of_slots(self) -> Op | Atom:
        if self.how.schedule == "every":
            return Op("max", (self.steps, ONE))
        size: Atom = Const(8 + sum(item_bytes(self._kind(n)) for n in self.state.scalars))
        for a in self.state.arrays:
            count: Atom = Const(item_bytes(self.c.types[a].dtype))
            for n in self._extents(a):
                count = self._temp(Op("mul", (count, n)))
            size = self._temp(Op("add", (size, count)))
        fit = self._temp(Op("floordiv", (Const(self.how.memory), size)))
        return Op("max", (self._temp(Op("min", (fit, self.most()))), ONE))

    def slots_for(self, steps: int, size: int) -> int:
        """How many states of so many bytes the memory given is for, where so many steps are taken."""
        assert self.how.memory is not None
        return max(min(self.how.memory // size, steps), 1)

    def most(self) -> Atom:
        """As many snapshots are of use."""
        return self.steps

    def _extents(self, a: str) -> list[Atom]:
        return [self._temp(Dim(a, k), "n") for k in range(self.c.types[a].ndim)]

    # ------------------------------------------------------------------ writing

    def _written(self, write: Callable[[], object]) -> Block:
        saved, self.out = self.out, []
        write()
        inner, self.out = tuple(self.out), saved
        return inner

    def _if(self, test: Op, write: Callable[[], object]) -> None:
        inner = self._written(write)
        if inner:
            self.out.append(If(self._temp(test, "t", nbt.boolean), inner, (), self.loc))

    def _set(self, name: str, value: Rhs) -> None:
        self.out.append(Assign(name, value, self.loc))

    def _temp(self, value: Rhs, hint: str = "t", kind: Any = nbt.int64) -> str:
        name = self.c.names.fresh(hint)
        self.c.types[name] = kind
        self._set(name, value)
        return name

    def _number(self, hint: str) -> str:
        name = self.c.names.fresh(hint)
        self.c.types[name] = nbt.int64
        return name

    def _array(self, hint: str, kind: Any, axes: int) -> str:
        name = self.c.names.fresh(hint)
        self.c.types[name] = nbt.Array(kind, axes + 1, "C")
        return name

    def _kind(self, scalar: str) -> Any:
        return nbt.unliteral(self.c.types[scalar])


def count_of_steps(loop: For, temp: Callable[[Rhs], str]) -> Rhs:
    """How many steps a loop has, unless it is left early; ``temp`` gives an intermediate value a name."""
    assert isinstance(loop.step, Const)
    step = loop.step.value
    if isinstance(loop.start, Const) and isinstance(loop.stop, Const):
        return Const(len(range(loop.start.value, loop.stop.value, step)))
    # Bounds may be of a narrow or unsigned type.
    start, stop = (a if isinstance(a, Const) else temp(Op("int", (a,))) for a in (loop.start, loop.stop))
    if start == ZERO and step == 1:
        return Op("max", (stop, ZERO))
    n: Atom = temp(Op("sub", (stop, start) if step > 0 else (start, stop)))
    if abs(step) != 1:
        n = temp(Op("floordiv", (temp(Op("add", (n, Const(abs(step) - 1)))), Const(abs(step)))))
    return Op("max", (n, ZERO))


def in_step(loop: For, k: str, body: Block, temp: Callable[[Rhs], str]) -> Block:
    """The body of a loop in the step with number ``k``."""
    assert isinstance(loop.step, Const)
    at: Atom = k
    if abs(loop.step.value) != 1:
        at = temp(Op("mul", (at, Const(abs(loop.step.value)))))
    if loop.step.value < 0:
        at = temp(Op("sub", (loop.start, at)))
    elif loop.start != ZERO:
        at = temp(Op("add", (loop.start, at)))
    return w.map_block(body, lambda s: (w.substitute_reads(s, {loop.var: at}),))
