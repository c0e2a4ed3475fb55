"""Zeros the derivative code need not write.

Before::

    b_a = 0.0 + zmul(b_t, x)
    b_y[i] = 0.0
    b_y[i] += zmul(b_t, p)

after::

    b_a = zmul(b_t, x)
    b_y[i] = zmul(b_t, p)
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import Assign, Block, Const, Function, Increment, Op, Stmt, Store
from s2sad.ir import walk as w

ZERO = Const(0.0)
ZEROS = (ZERO, Const(0j))


def drop_zeros(fn: Function) -> Function:
    """Only in what the compiler made: the author's ``x + 0.0`` stays."""

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if nested:
                s = w.with_blocks(s, tuple(block(b) for b in nested))
            elif isinstance(s, Increment) and s.sign > 0 and (k := _zeroed_before(s, out)) is not None:
                del out[k]
                s = Store(s.array, s.index, s.value, s.loc)
            out.append(_without_zero(s))
        return w.rebuilt(body, out)

    return replace(fn, body=block(fn.body))


def _zeroed_before(s: Increment, out: list[Stmt]) -> int | None:
    """The place of the store of zero that an increment directly adds to."""
    changed: set[str] = set()
    for k in range(len(out) - 1, -1, -1):
        x = out[k]
        if isinstance(x, Store) and (x.array, x.index, x.value) == (s.array, s.index, ZERO):
            return None if changed & set(w.names_in(s.index)) or not x.loc.reverse else k
        if w.blocks(x) or s.array in w.reads(x) or s.array in w.binds(x):
            return None
        changed.update(w.binds(x))
    return None


def _without_zero(s: Stmt) -> Stmt:
    if isinstance(s, Assign) and s.target.startswith(("b_", "d_")):
        match s.value:
            case Op("add", (a, b)) if a in ZEROS:
                return replace(s, value=b)
            case Op("add" | "sub", (a, b)) if b in ZEROS:
                return replace(s, value=a)
            case Op("sub", (a, b)) if a in ZEROS:
                return replace(s, value=Op("neg", (b,)))
    return s
