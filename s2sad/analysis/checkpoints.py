"""Loops whose steps the reverse sweep runs again from snapshots: which they are, and what their state is.

In ::

    for t in checkpointed(range(n), snapshots=5):
        for i in range(1, m):
            v[i] = u[i] + c * (u[i - 1] - u[i])
        s = s + v[0]
        u, v = v, u

the state is ``u``, ``v`` and ``s``: what a step changes and a later one, or what comes before the loop, may want.
``m`` and ``c`` are read from outside. They have to hold the same when a step is run again, like any value that the
reverse sweep requires.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from numba import types as nbt

from s2sad.analysis.fusible import is_scratch
from s2sad.analysis.structure import Loop, Structure
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Call, Const, Dim, Effect, For, Function, Grow, Invoke, Permute, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.draws import is_draw
from s2sad.ir.types import is_array

CODE = "S2S071"


@dataclass(frozen=True)
class State:
    """What is to be brought back before a step of a loop is run again.

    Attributes
    ----------
    arrays, scalars
        Names whose values a snapshot holds.
    left_out
        Stores to arrays that are only written, and never wanted: running a step again leaves them out.
    """

    arrays: tuple[str, ...]
    scalars: tuple[str, ...]
    left_out: frozenset[Stmt]

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.arrays, *self.scalars))


def repeated_loops(fn: Function, fused: Collection[Stmt], wanted: Collection[Stmt]) -> frozenset[Stmt]:
    """Those of the loops ``wanted`` all loops around which are run one iteration at a time, too."""
    found: set[Stmt] = set()

    def visit(block: tuple[Stmt, ...]) -> None:
        for s in block:
            if s in wanted or s in fused:
                if s in wanted:
                    found.add(s)
                for b in w.blocks(s):
                    visit(b)
            elif w.blocks(s) and not isinstance(s, Loop):
                for b in w.blocks(s):
                    visit(b)

    visit(fn.body)
    return frozenset(found)


def outside_reads(loop: Loop) -> list[str]:
    """What the steps of a loop read and do not change; arrays of which they only ask the shape are not among it."""
    inside = w.inside(loop)
    changed = w.bound_in(loop) | w.written_in(loop)
    read = {n: None for s in inside for n in w.reads(s) if not (isinstance(s, Assign) and isinstance(s.value, Dim))}
    return [n for n in read if n not in changed]


def state_of(fn: Function, at: Structure, overwritten: Mapping[Stmt, tuple[str, ...]], wanted: set[str],
             loop: Loop) -> State:
    """What a step changes and is wanted by a later one or before the loop.

    ``overwritten`` are the arrays each loop fills, ``wanted`` the names whose value a reverse statement may need.
    """
    inside = w.inside(loop)
    counters = {s.var for s in w.walk(fn.body) if isinstance(s, For)}

    def local(n: str) -> bool:
        return loop in at.home(n)[1]

    scalars = sorted(n for n in w.bound_in(loop) - counters if not is_array(fn.types.get(n)) and not local(n))
    changed = w.written_in(loop) | {n for s in inside if isinstance(s, Permute) for n in s.targets}
    dead = {a for a in w.written_in(loop) if a not in wanted and _only_stored(inside, a)}
    arrays = sorted(a for a in changed - dead if not local(a)
                    and not is_scratch(fn, at, overwritten, wanted, loop, a))
    return State(tuple(arrays), tuple(scalars),
                 frozenset(s for s in inside if isinstance(s, Store) and s.array in dead))


def _only_stored(inside: tuple[Stmt, ...], array: str) -> bool:
    return all(isinstance(s, Store) and array not in w.names_in((*s.index, s.value))
               or isinstance(s, Assign) and isinstance(s.value, Dim) for s in inside
               if array in w.reads(s) or array in w.written(s) or array in w.binds(s))


def refuse_unrepeatable(fn: Function, at: Structure, wanted: Collection[Stmt], states: Mapping[Loop, State]) -> None:
    """Raise a located error for one of the loops ``wanted`` whose steps cannot be run again, or not here."""
    for s in w.walk(fn.body):
        if not isinstance(s, Loop) or s not in wanted:
            continue
        if s not in at.repeated:
            raise UnsupportedSyntax("a checkpointed loop in a loop that is not checkpointed", loc=s.loc, code=CODE,
                                    why="its snapshots would have to be kept for each iteration of that loop",
                                    hint="let the loop around it be checkpointed, too")
        if isinstance(s, For) and not isinstance(s.step, Const):
            raise UnsupportedSyntax("the step of a checkpointed loop is not known when compiling", loc=s.loc, code=CODE,
                                    hint="loop over range(n) and compute the value in the loop")
        if s in states:
            _refuse_inside(fn, at, s, states[s])


def _refuse_inside(fn: Function, at: Structure, loop: Loop, state: State) -> None:
    for x in w.inside(loop):
        what = ""
        if isinstance(x, Assign) and isinstance(x.value, Call) and is_draw(x.value):
            what, hint = "draws random numbers", "draw them before the loop, into an array"
        elif isinstance(x, Effect) and x.call.fn != "print":
            what, hint = f"calls `{x.call.fn}` for its effect", "move it out of the loop"
        elif isinstance(x, Invoke) and x.rule is None:
            what, hint = "calls a recursive function", "move it out of the loop"
        elif isinstance(x, Invoke) and not x.pure and "@" in x.fn:
            what = "calls a function with a rule of its own, which may have an effect"
            hint = "if it has none, say so: s2sad.rule_for(..., pure=True)"
        elif isinstance(x, Grow) and loop not in at.home(x.array)[1]:
            what = "lets an array or a list grow that lives longer than the step"
            hint = "give it its size before the loop"
        elif any(is_array(fn.types.get(n)) and not isinstance(x, Permute) and loop not in at.home(n)[1]
                 for n in w.binds(x)):
            what, hint = "binds a name to another array, which the next step finds there", "write into it: `u[:] = ...`"
        if what:
            raise UnsupportedSyntax(f"a step of a checkpointed loop {what}: not supported", loc=x.loc, code=CODE,
                                    why="steps are run again in the reverse sweep", hint=hint)
    for n in state.scalars:
        if not isinstance(fn.types.get(n), nbt.Number | nbt.Boolean):
            raise UnsupportedSyntax(f"the state of a checkpointed loop holds `{n}`, which is no number or array",
                                    loc=loop.loc, code=CODE, hint="keep numbers and arrays")
