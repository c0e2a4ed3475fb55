"""Loops whose iterations can be run forward and backward one at a time, so that what each keeps is gone with it.

Before, a tape as long as the loop::

    for i in range(n):
        tape[i] = exp(x[i])
        ...
    for i in range(n - 1, -1, -1):
        b_x[i] += b_y[i] * tape[i]

after, none::

    for i in range(n - 1, -1, -1):
        t = exp(x[i])
        b_x[i] += b_y[i] * t

This is legal where the forward part of an iteration can be run where the reverse sweep comes to it and gives what it
gave before, and where nothing else wants what the loop computed:

- what it reads from outside holds what it held when the loop began: nothing in or after the loop writes it;
- scalars are bound in an iteration before they are read in it, but for sums, which nothing in the loop reads and which
  a replay leaves out;
- an array the loop writes is either only written, and a replay leaves that out, or each iteration overwrites all of it
  before reading any of it, and it is not touched outside;
- what it gives is wanted by no reverse statement, decides nothing and raises nothing;
- no effect, no call, no change of bindings of arrays is in it, and no effect comes after it.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from s2sad.analysis.iterations import bound_first, counts_up, sums_in
from s2sad.analysis.structure import Structure
from s2sad.ir import (
    Assign,
    Block,
    Call,
    Dim,
    Effect,
    For,
    Function,
    If,
    Increment,
    Invoke,
    Load,
    Permute,
    Raise,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.effects import is_pure
from s2sad.ir.types import is_array


class Fusion(Enum):
    """Which loops an adjoint may fuse."""

    NONE = "none"
    WITHOUT_VALUE = "all: what the loops give is not wanted"
    WITH_VALUE = "one, where the forward sweep comes to it, so that it gives what it gives to the value as well"


@dataclass(frozen=True)
class Fused:
    """How a loop is fused.

    Attributes
    ----------
    given
        What the loop gives to what follows: sums, and arrays it writes.
    left_out
        The statements that a replay leaves out: those that make what is given.
    upwards
        Whether the iterations may be reversed in any order. They always may in the order of the reverse sweep.
    """

    given: frozenset[str]
    left_out: frozenset[Stmt]
    upwards: bool


def outermost_fusible(fn: Function, at: Structure, overwritten: Mapping[Stmt, tuple[str, ...]],
                      wanted: set[str]) -> dict[For, Fused]:
    """The loops of the function's own block that may be fused.

    ``overwritten`` are the arrays each loop fills (:mod:`s2sad.analysis.kills`), ``wanted`` the names of which a
    reverse statement may need the value.
    """
    found: dict[For, Fused] = {}
    for s in fn.body:
        if isinstance(s, For) and s.exit is None and s.checkpoints is None:
            how = _Loop(fn, at, overwritten, wanted, s).fused()
            if how is not None:
                found[s] = how
    return found


def is_scratch(fn: Function, at: Structure, overwritten: Mapping[Stmt, tuple[str, ...]], wanted: set[str],
               loop: For | While, array: str) -> bool:
    """Whether each iteration fills a local array before it reads it, and nothing outside the loop touches it."""
    return _Loop(fn, at, overwritten, wanted, loop)._is_scratch(array)  # type: ignore[arg-type]


def scratch_of(fn: Function, at: Structure, overwritten: Mapping[Stmt, tuple[str, ...]], loop: For) -> list[str]:
    """The arrays for which :func:`is_scratch` holds."""
    def only_here(array: str) -> bool:
        return all(loop in at.place[s].loops for s in at.readers.get(array, ()) if _touches(s, array))

    found = sorted(a for a in w.written_in(loop) if a not in fn.params and only_here(a))
    if not found:
        return []
    facts = _Loop(fn, at, overwritten, set(), loop)
    return [a for a in found if facts._is_scratch(a)]


class _Loop:
    def __init__(self, fn: Function, at: Structure, overwritten: Mapping[Stmt, tuple[str, ...]], wanted: set[str],
                 loop: For) -> None:
        self.fn, self.at, self.overwritten, self.wanted, self.loop = fn, at, overwritten, wanted, loop
        self.inside = tuple(w.walk(loop.body))
        within = set(self.inside) | {loop}
        self.outside = [s for s in w.walk(fn.body) if s not in within]
        order = at.place[loop].order
        self.after = [s for s in self.outside if at.place[s].order > order]

    def fused(self) -> Fused | None:
        """``None`` if the loop is not fusible."""
        if not all(isinstance(s, Assign | Store | Increment | If | For | While) for s in self.inside):
            return None
        if any(isinstance(s, Assign) and (isinstance(s.value, Call) or is_array(self.fn.types.get(s.target)))
               for s in self.inside):
            return None
        if any(isinstance(s, Effect | Raise | Invoke | Permute) for s in self.after):
            return None
        bound = {n for s in self.inside for n in w.binds(s)}
        sums = sums_in(self.inside, bound)
        private = {n for n in bound - sums if not self._is_counter(n)}
        if not bound_first(self.loop.body, private, {self.loop.var}):
            return None
        if any({*w.reads(s), *w.binds(s)} & private for s in self.outside) or private & set(self.fn.params) \
                or private & set(w.result_names(self.fn.result)):
            return None
        written = {a for s in self.inside for a in w.written(s)}
        scratch = {a for a in written if self._is_scratch(a)}
        if not all(self._only_written(a) for a in written - scratch):
            return None
        read = {n for s in self.inside for n in w.reads(s)} - bound - written - {self.loop.var}
        if any(read & {*w.binds(s), *w.written(s)} for s in self.after) or set(w.names_in((
                self.loop.start, self.loop.stop, self.loop.step))) & {n for s in self.after for n in w.binds(s)}:
            return None
        given = sums | (written - scratch)
        if self._matters(given):
            return None
        left_out = frozenset(s for s in self.inside if isinstance(s, Assign) and s.target in sums
                             or not scratch.issuperset(w.written(s)))
        return Fused(frozenset(given), left_out, all(self._own_element(s) for s in left_out if isinstance(s, Store)))

    def _own_element(self, s: Store) -> bool:
        """Whether no other iteration stores to the element: what it is due is not this one's to take."""
        stores = [x for x in self.inside if isinstance(x, Store) and x.array == s.array]
        return counts_up(self.loop) and any(all(x.index[k] == self.loop.var for x in stores)
                                            for k in range(len(s.index)))

    def _is_counter(self, n: str) -> bool:
        """Whether a name only counts loops and is read only in them: each sets it anew."""
        return all(isinstance(b, For) and b.var == n for b in self.at.binders[n]) and all(
            any(isinstance(loop, For) and loop.var == n for loop in self.at.place[r].loops)
            for r in self.at.readers.get(n, ()))

    def _is_scratch(self, array: str) -> bool:
        """Whether each iteration fills a local array before it reads it, and nothing else touches it."""
        if array in self.fn.params or array in w.result_names(self.fn.result):
            return False
        if any(_touches(s, array) for s in self.outside) or len(self.at.binders.get(array, ())) != 1:
            return False
        return self._filled_first(self.loop.body, array)

    def _filled_first(self, block: Block, array: str) -> bool:
        """Whether a block fills an array before it reads it, or does not touch it."""
        touching = [s for s in block if any(_touches(x, array) for x in w.walk((s,)))]
        if not touching:
            return True
        first = touching[0]
        if isinstance(first, For) and array in self.overwritten.get(first, ()):
            return _reads_only_what_it_stored(first, array)
        nested = w.blocks(first)
        return len(touching) == 1 and bool(nested) and all(self._filled_first(b, array) for b in nested)

    def _only_written(self, array: str) -> bool:
        """Whether the loop only stores to an array, or only adds to it."""
        return all(isinstance(s, Store | Increment) for s in self.inside if _touches(s, array))

    def _matters(self, given: set[str]) -> bool:
        """Whether what the loop gives, or what follows from it, is wanted by the reverse sweep, tested or may raise."""
        tainted = set(given)
        size = -1
        while size != len(tainted):
            size = len(tainted)
            for s in self.after:
                if not tainted & set(w.reads(s)):
                    continue
                if isinstance(s, If | For | While) or isinstance(s, Assign) and not is_pure(s.value):
                    return True
                tainted.update((*w.binds(s), *w.written(s)))
        return not tainted.isdisjoint(self.wanted)


def _touches(s: Stmt, array: str) -> bool:
    """Whether a statement reads or writes an element."""
    if isinstance(s, Assign) and (isinstance(s.value, Dim) or s.target == array):
        return False
    return array in w.reads(s) or array in w.written(s)


def _reads_only_what_it_stored(fill: For, array: str) -> bool:
    """Whether a nest that fills an array reads of it at most the element just stored."""
    body: Block = fill.body
    while True:
        touching = [s for s in body if any(_touches(x, array) for x in w.walk((s,)))]
        first = touching[0]
        if isinstance(first, For):
            if len(touching) > 1:
                return False
            body = first.body
            continue
        return isinstance(first, Store) and all(
            isinstance(s, Assign) and isinstance(s.value, Load) and s.value.index == first.index
            or isinstance(s, Store | Increment) and s.index == first.index for s in touching[1:])


def replay(body: Block, left_out: frozenset[Stmt]) -> Block:
    """A copy of a loop's body without what a replay leaves out."""
    return w.map_block(body, lambda s: () if s in left_out else (replace(s),))
