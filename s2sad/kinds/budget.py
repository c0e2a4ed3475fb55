"""A gradient within a budget of memory: loops whose tapes would pass it keep snapshots instead.

Before, with ``memory="500MB"``::

    for t in range(n):                  # its tapes: 16 bytes for each of m elements in each step
        ...

after, for the adjoint to be made of::

    if n * m * 16 <= 500_000_000:
        for t in range(n):
            ...
    else:
        for t in range(n):              # checkpointed, binomial, memory=500_000_000
            ...

The outermost loops that have tapes share the budget equally; one whose tapes have an element for each of an array,
and no more, keeps them. A loop that cannot keep snapshots, or of
which these would be larger than what a step changes, raises where its tapes would pass its share. Loops whose tapes
grow always keep snapshots: how long they get is only known when they are done.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from numba import types as nbt

from s2sad.analysis.activity import Activity
from s2sad.analysis.checkpoints import CODE, State
from s2sad.analysis.structure import Loop
from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.naming import LocalNames
from s2sad.frontend.webs import split_webs
from s2sad.ir import Assign, Block, Checkpoints, Const, For, Function, If, Increment, Op, Raise, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.types import is_integer
from s2sad.kinds.analysed import Analysed
from s2sad.transform.adjoint import Adjoint
from s2sad.transform.context import Context
from s2sad.transform.tape_sizes import statements_of_size


def within_budget(a: Analysed, build: Callable[[Analysed], Adjoint]) -> Analysed:
    """The function with two forms of each loop whose tapes may pass its share of ``a.user.memory``.

    ``build`` makes the adjoint in question.
    """
    if a.user.memory is None:
        return a
    plain = build(a).context
    loops = _keeping(plain)
    if not loops:
        return a
    share = a.user.memory // len(loops)
    types = plain.types
    forms: dict[Stmt, tuple[Stmt, ...]] = {}
    for loop in loops:
        kept = replace(loop, checkpoints=Checkpoints("binomial", None, share))
        repeatable = _repeatable(replace(a, fn=_with(plain.fn, {loop: (kept,)}), active=plain.active), kept, build)
        size = statements_of_size(plain, loop)
        if size is None:
            if repeatable:
                forms[loop] = (kept,)
            continue
        fits = plain.names.fresh("fits")
        types[fits] = nbt.boolean
        test = Assign(fits, Op("le", (size[1], Const(share))), loop.loc)
        if repeatable:
            other: Stmt = replace(kept, body=_copied(kept.body), trips=None)
            forms[loop] = (*size[0], test, If(fits, (replace(loop, trips=None),), (other,), loop.loc))
        else:
            raised = Raise("MemoryError", f"the tapes of the loop in line {loop.loc.line} pass their share of the "
                           f"budget, {share} bytes", loop.loc)
            forms[loop] = (*size[0], test, If(fits, (), (raised,), loop.loc), loop)
    names = LocalNames({*w.all_names(plain.fn), *types})
    fn = split_webs(replace(_with(plain.fn, forms), types=types), names)
    own = {n: names.splits.get(n, n) for n in w.all_names(fn)}
    types = {n: types[old] for n, old in own.items() if old in types}
    names_active, varied = (frozenset(n for n, old in own.items() if old in found)
                            for found in (a.active.names, a.active.varied))
    active = Activity(names_active, varied, types)
    return replace(a, fn=replace(fn, types=types), active=active,
                   author_names=a.author_names | {n for n, old in own.items() if old in a.author_names})


def _keeping(c: Context) -> list[Loop]:
    """The outermost loops with tapes that are not just as long as an array is."""
    found: dict[Loop, bool] = {}
    for t in c.tape_of.values():
        if t.loops and not c.at.place[t.loops[0]].loops:
            loop = t.loops[0]
            short = len(t.loops) == 1 and isinstance(loop, For) and loop.stop in c.tapes.extents
            found[loop] = found.get(loop, False) or not short
    return [loop for loop, long in found.items() if long]


def _with(fn: Function, forms: dict[Stmt, tuple[Stmt, ...]]) -> Function:
    return replace(fn, body=w.map_block(fn.body, lambda s: forms.get(s, (s,))))


def _copied(block: Block) -> Block:
    """The same statements, as statements of their own."""
    return w.map_block(block, lambda s: (replace(s),))


def _repeatable(a: Analysed, loop: Loop, build: Callable[[Analysed], Adjoint]) -> bool:
    """Whether a loop can keep snapshots, and these do not hold what other steps have written."""
    try:
        c = build(a).context
    except UnsupportedSyntax as e:
        if e.code != CODE:
            raise
        return False
    return any(s.loc == loop.loc and not _writes_elsewhere(s, c.snapshots[s].state, c.types) for s in c.snapshots)


def _writes_elsewhere(loop: Stmt, state: State, types: dict[str, object]) -> bool:
    """Whether each step writes to other elements of an array of the state: where depends on a count of steps."""
    counts = {loop.var} if isinstance(loop, For) else set()
    counts |= {n for n in state.scalars if is_integer(types.get(n))}
    inside = w.inside(loop)
    for s in inside:
        if isinstance(s, Assign) and not (isinstance(s.value, Op) and s.value.fn == "mod") and is_integer(
                types.get(s.target)) and counts & set(w.rhs_names(s.value)):
            counts.add(s.target)
    return any(isinstance(s, Store | Increment) and s.array in state.arrays and counts & set(w.names_in(s.index))
               for s in inside)
