"""``s = s + e`` is written ``s += e``."""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import Assign, AugAssign, Const, Function, Op, Stmt
from s2sad.ir import walk as w


def augment(fn: Function) -> Function:
    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(t, value) if value == t:
                return ()
            case Assign(t, Op("add" | "sub" | "mul" | "div" as op, (a, b))) if a == t and b != t:
                return (AugAssign(t, op, b, s.loc),)
            case Assign(t, Op("add" | "mul" as op, (a, b))) if b == t and a != t and isinstance(a, (str, Const)):
                return (AugAssign(t, op, a, s.loc),)
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit))
