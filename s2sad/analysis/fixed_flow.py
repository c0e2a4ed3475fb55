"""Whether what a function does, and to which elements, is the same for all values of its floating-point arguments."""
from __future__ import annotations

from s2sad.ir import (
    Assign,
    Block,
    Call,
    Dim,
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
from s2sad.ir.draws import is_draw
from s2sad.ir.types import is_differentiable


def depends_on_values(fn: Function) -> Stmt | None:
    """The first branch, loop, index or call that depends on a floating-point argument, or may; ``None`` if none does.

    Branches that only raise do not count.

    >>> from s2sad.ir import Const, Op
    >>> from numba import types as nbt
    >>> branch = If("t", (Assign("y", "x"),), (Assign("y", Const(0.0)),))
    >>> fn = Function("f", ("x", "n"), (Assign("t", Op("gt", ("x", "n"))), branch), "y", types={"x": nbt.float64})
    >>> depends_on_values(fn) is branch
    True
    """
    values = {p for p in fn.params if is_differentiable(fn.types.get(p))}
    size = -1
    while size != len(values):
        size = len(values)
        for s in w.walk(fn.body):
            match s:
                case Assign(_, Dim()):
                    pass
                case Assign(target, value):
                    if values.intersection(w.rhs_names(value)):
                        values.add(target)
                case Store(array, _, value) | Increment(array, _, value):
                    if value in values:
                        values.add(array)
                case Permute(targets):
                    if values.intersection(targets):
                        values.update(targets)
    return next((s for s in w.walk(fn.body) if values.intersection(_deciding(s)) or _unknown(s)), None)


def _deciding(s: Stmt) -> list[object]:
    match s:
        case If(test, then, orelse):
            return [] if _raises(then) and _raises(orelse) else [test]
        case While(_, test):
            return [test, s.exit]
        case For(_, start, stop, step):
            return [start, stop, step, s.exit]
        case Store(_, index) | Increment(_, index) | Assign(_, Load(_, index)):
            return list(index)
    return []


def _raises(block: Block) -> bool:
    return all(isinstance(s, Raise) for s in block)


def _unknown(s: Stmt) -> bool:
    return isinstance(s, Invoke) or isinstance(s, Assign) and isinstance(s.value, Call) and is_draw(s.value)
