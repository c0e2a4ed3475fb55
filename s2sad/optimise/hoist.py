"""Loop-invariant sizes and allocations move in front of their loops.

An array allocated afresh in each iteration is one array whose content is replaced (a zeroed one is refilled), so that
tapes and shadows exist once. Index arithmetic that does not change in the loop moves too: trip counts of inner loops
are then known where the outer loop starts, and tapes get their exact size. A check that fails in the first iteration or
in none is made before the loop, if it has iterations.

Before::

    for t in range(n):
        k = x.shape[0] - 1
        y = np.empty(k)

after::

    k = x.shape[0] - 1
    y = np.empty(k)
    for t in range(n):
        ...
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeGuard

from numba import types as nbt

from s2sad.ir import (
    Alloc,
    Assign,
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    Grow,
    If,
    Op,
    Permute,
    Raise,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.effects import has_effect
from s2sad.ir.names import Names
from s2sad.ir.types import is_integer

TOTAL = frozenset({"add", "sub", "mul", "neg", "pos", "max", "min", "select", "clamp", "lt", "le", "gt", "ge", "eq",
                   "ne"})
"""Integer operations that cannot fail, so that computing them for a loop of no iterations is harmless."""


def _never_negative(fn: Function, defs: Mapping[str, int]) -> set[str]:
    """Extents of arrays, and what is chosen among them."""
    found: set[str] = set()

    def known(a: Atom) -> bool:
        return isinstance(a.value, int) and a.value >= 0 if isinstance(a, Const) else a in found and defs[a] == 1

    for s in w.walk(fn.body):
        match s:
            case Assign(t, Dim()):
                found.add(t)
            case Assign(t, Op("select" | "extent" as op, args)) if all(map(known, args[op == "select":])):
                found.add(t)
    return found


def _only_raises(s: Stmt) -> bool:
    """Whether a statement does nothing but raise an error, perhaps."""
    return isinstance(s, Raise) or isinstance(s, If) and all(_only_raises(x) for x in (*s.then, *s.orelse))


def hoist_invariants(fn: Function) -> Function:
    """Move what each loop computes anew though it never changes to before the loop.

    >>> body = (Assign("k", Dim("x", 0)),)
    >>> fn = Function("f", ("x", "n"), (For("i", Const(0), "n", Const(1), body),), None)
    >>> [type(s).__name__ for s in hoist_invariants(fn).body]
    ['Assign', 'For']
    """
    defs = w.definition_counts(fn)
    names = Names(w.all_names(fn))
    types = dict(fn.types)
    extents = _never_negative(fn, defs)
    permuted = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}
    outlives = permuted | set(fn.params)
    grows = {s.array for s in w.walk(fn.body) if isinstance(s, Grow)}

    def integer(a: Atom) -> bool:
        return isinstance(a.value, int) if isinstance(a, Const) else is_integer(types.get(a))

    def movable(s: Stmt, bound: set[str]) -> TypeGuard[Assign]:
        if not isinstance(s, Assign) or defs[s.target] != 1 or s.target in permuted:
            return False
        if any(n in bound for n in w.rhs_names(s.value)):
            return False
        match s.value:
            case Op(fn_, args):
                divides = fn_ in ("floordiv", "mod") and isinstance(args[1], Const) and args[1].value != 0
                return (fn_ in TOTAL or divides) and all(integer(a) for a in args)
            case Dim(array, _):
                return array not in permuted and array not in grows
            case Alloc():
                return True
            case Const(value):
                return isinstance(value, int) and not isinstance(value, bool)      # a flag belongs to its loop
        return False

    def refill(s: Assign) -> tuple[Stmt, ...]:
        """A zeroed array is zeroed again where it was allocated."""
        alloc = s.value
        if not isinstance(alloc, Alloc) or alloc.kind != "zeros":
            return ()
        index = tuple(names.fresh("ijk"[k]) for k in range(len(alloc.shape)))
        types.update({i: nbt.int64 for i in index})
        inner: Stmt = Store(s.target, index, Const(0.0), s.loc)
        for var, n in zip(reversed(index), reversed(alloc.shape)):
            inner = For(var, Const(0), n, Const(1), (inner,), loc=s.loc)
        return (inner,)

    def nonnegative(n: Atom, lifted: list[Assign], s: Assign) -> Atom:
        """A size that is safe to allocate for a loop that may never run."""
        if isinstance(n, Const) or n in extents:
            return n
        size = names.fresh("n")
        types[size] = nbt.int64
        defs[size] = 1                    # it moves on, out of the next loop
        extents.add(size)
        lifted.append(Assign(size, Op("max", (n, Const(0))), s.loc))
        return size

    def lift(body: Block, bound: set[str]) -> tuple[Block, list[Assign]]:
        kept: list[Stmt] = []
        lifted: list[Assign] = []
        for s in body:
            if movable(s, bound):
                moved = s
                bound.discard(s.target)
                if isinstance(s.value, Alloc):
                    kept.extend(refill(s))
                    shape = tuple(nonnegative(n, lifted, s) for n in s.value.shape)
                    moved = replace(s, value=replace(s.value, kind="empty", shape=shape))
                lifted.append(moved)
            elif isinstance(s, If):
                then, a = lift(s.then, bound)
                orelse, b = lift(s.orelse, bound)
                lifted += a + b
                kept.append(replace(s, then=then, orelse=orelse))
            else:
                kept.append(s)
        return tuple(kept), lifted

    def checked_before(s: For | While, body: Block, bound: set[str]) -> tuple[list[Stmt], Block]:
        """The checks of a body that fail in the first iteration or in none; and the rest of it."""
        if not isinstance(s, For) or not isinstance(s.step, Const):
            return [], body
        checks: list[Stmt] = []
        rest: list[Stmt] = []
        for k, x in enumerate(body):
            if has_effect((x,)):
                if not _only_raises(x) or bound.intersection(w.read_in(x)):
                    rest += body[k:]
                    break
                checks.append(x)
            else:
                rest.append(x)
                if not outlives.isdisjoint(w.written_in(x)):
                    rest += body[k + 1:]
                    break
        if not checks:
            return [], body
        runs = names.fresh("t")
        types[runs], defs[runs] = nbt.boolean, 1
        first = Op("lt", (s.start, s.stop) if s.step.value > 0 else (s.stop, s.start))
        return [Assign(runs, first, s.loc), If(runs, tuple(checks), (), s.loc)], tuple(rest)

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if nested:
                s = w.with_blocks(s, tuple(block(b) for b in nested))
            if isinstance(s, (For, While)):
                bound = set(w.bound_in(s))
                new, lifted = lift(s.body, bound)
                checks, new = checked_before(s, new, bound)
                s = replace(s, body=new)
                out += [*lifted, *checks]
            out.append(s)
        return tuple(out)

    return replace(fn, body=block(fn.body), types=types)
