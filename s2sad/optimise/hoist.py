"""Loop-invariant sizes and allocations move in front of their loops.

An array allocated afresh in each iteration is one array whose content is replaced (a zeroed one is refilled), so that
tapes and shadows exist once. Index arithmetic that does not change in the loop moves too: trip counts of inner loops
are then known where the outer loop starts, and tapes get their exact size.

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

from dataclasses import replace
from typing import TypeGuard

from numba import types as nbt

from s2sad.ir import Alloc, Assign, Atom, Block, Const, Dim, For, Function, Grow, If, Op, Permute, Stmt, Store, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_integer

TOTAL = frozenset({"add", "sub", "mul", "neg", "pos", "max", "min", "select", "clamp", "lt", "le", "gt", "ge", "eq",
                   "ne"})
"""Integer operations that cannot fail, so that computing them for a loop of no iterations is harmless."""


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
    extents = {s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Dim)}
    permuted = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}
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

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if nested:
                s = w.with_blocks(s, tuple(block(b) for b in nested))
            if isinstance(s, (For, While)):
                bound = set(w.bound_in(s))
                new, lifted = lift(s.body, bound)
                s = replace(s, body=new)
                out.extend(lifted)
            out.append(s)
        return tuple(out)

    return replace(fn, body=block(fn.body), types=types)
