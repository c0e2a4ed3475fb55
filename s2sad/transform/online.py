"""Snapshots of a checkpointed loop of unknown length: taken wherever there is room, and made room for.

Forward::

    while s > tolerance:
        if held == slots:
            drop = dispensable(levels, held, level)
            if drop < held:
                ...                         # the place of that snapshot is free again
        if held < slots:
            taken_at[held] = step           # and the state, to kept_u[places[held]], ...
            levels[held] = level
            held += 1
            level = 0
        else:
            level += 1
        ...                                 # the step, without tapes

The reverse sweep knows how many steps there were, and goes on as with any loop.
"""
from __future__ import annotations

from numba import types as nbt

from s2sad.ir import Alloc, Assign, Atom, Block, Const, For, If, Load, Op, Store
from s2sad.transform.snapshots import ONE, ZERO, Snapshots

NEVER = Const(1 << 62)
"""The level of the snapshot before the first step, which stays."""
MOST = Const(1000)
"""As many snapshots are of use: with them no step of 500 000 is run more than twice before it is reversed."""


class OnlineSnapshots(Snapshots):
    """Names and statements of the snapshots of one ``while`` loop."""

    def prepare(self) -> None:
        self.level = self._number("level")
        self.levels, self.places = (self._array(n, nbt.int64, 0) for n in ("levels", "places"))

    def count_steps(self) -> None:
        """The steps are counted while the loop runs."""

    def first_due(self) -> None:
        self._set(self.level, NEVER)
        for a in (self.levels, self.places):
            self._set(a, Alloc("empty", (self.slots,), "int64"))
        j = self._number("j")
        self.out.append(For(j, ZERO, self.slots, ONE, (Store(self.places, (j,), j, self.loc),), loc=self.loc))

    def take(self) -> None:
        self._if(Op("eq", (self.held, self.slots)), self._make_room)
        there = self._temp(Op("lt", (self.held, self.slots)), "t", nbt.boolean)
        taken = self._written(self._take_one)
        self.out.append(If(there, taken, (Assign(self.level, Op("add", (self.level, ONE)), self.loc),), self.loc))

    def _take_one(self) -> None:
        self.out.append(Store(self.levels, (self.held,), self.level, self.loc))
        self._take(self.step)
        self._set(self.level, ZERO)

    def _make_room(self) -> None:
        drop = self._temp(Op("dispensable", (self.levels, self.held, self.level)), "drop")

        def move(j: str) -> None:
            after = self._temp(Op("add", (j, ONE)))
            for a in (self.taken_at, self.levels, self.places):
                self.out.append(Store(a, (j,), self._temp(Load(a, (after,))), self.loc))

        def write() -> None:
            place = self._temp(Load(self.places, (drop,)), "place")
            self._set(self.held, Op("sub", (self.held, ONE)))
            j = self._number("j")
            self.out.append(For(j, drop, self.held, ONE, self._written(lambda: move(j)), loc=self.loc))
            self.out.append(Store(self.places, (self.held,), place, self.loc))

        self._if(Op("lt", (drop, self.held)), write)

    def count(self) -> str:
        assert self.loop.trips is not None
        return self.loop.trips

    def some(self) -> str:
        return self.count()

    def over_steps(self) -> For:
        return For(self._number("k"), ZERO, self.count(), ONE, (), loc=self.loc)

    def slot(self, k: Atom) -> Atom:
        return self._temp(Load(self.places, (k,)), "place")

    def at_step(self, k: str, body: Block) -> Block:
        return body

    def slots_for(self, steps: int, size: int) -> int:
        return super().slots_for(MOST.value, size)

    def most(self) -> Atom:
        return MOST
