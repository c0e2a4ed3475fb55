"""``and``, ``or`` and ``a if c else b``: operands that run only where they are wanted."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.frontend import functions, lists
from s2sad.frontend.functions import HELD
from s2sad.ir.nodes import Arg, Assign, Const, If, Op, Rhs

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


def short_circuit(flat: Expressions, node: gast.BoolOp) -> Rhs | Arg:
    """Lower ``and`` and ``or``: one branch in another, for an operand runs only where those before leave it open."""
    is_and = isinstance(node.op, gast.And)
    first = flat.condition(node.values[0])
    rest = node.values[1:]
    while isinstance(first, Const) and rest:
        if bool(first.value) != is_and:
            return first
        first, rest = flat.condition(rest[0]), rest[1:]
    if not rest:
        return first
    result = flat.names.temp()
    # The first operand was just computed: let it go straight into the result.
    if flat.out and isinstance(flat.out[-1], Assign) and flat.out[-1].target == first and first in flat.names.made:
        last = flat.out.pop()
        flat.emit(Assign(result, last.value, last.loc))
    else:
        flat.emit(Assign(result, first, flat.loc))
    pending = []
    before = dict(flat.vars)
    for v in rest:
        pending.append(flat.out)
        flat.out = []
        held = _scalar_rhs(flat, v)
        flat.emit(Assign(result, lists.truth(flat, held) if isinstance(held, str) else held, flat.loc))
    flat.same_structure(before, flat.loc)
    while pending:
        inner, flat.out = tuple(flat.out), pending.pop()
        flat.emit(If(result, inner, (), flat.loc) if is_and else If(result, (), inner, flat.loc))
    return result


def _scalar_rhs(flat: Expressions, node: gast.AST) -> Rhs:
    held = flat.rhs(node)
    return flat.as_atom(held, node) if isinstance(held, HELD) else held


def conditional(flat: Expressions, node: gast.IfExp, into: str | None) -> Rhs | Arg:
    """Lower ``a if c else b``."""
    linear = _strong_zero(flat, node)
    if linear is not None:
        return linear
    test = flat.condition(node.test)
    if isinstance(test, Const):
        return flat.rhs(node.body if test.value else node.orelse, into)
    return functions.either(flat, test, lambda: flat.rhs(node.body), lambda: flat.rhs(node.orelse), node, into)


def _strong_zero(flat: Expressions, node: gast.IfExp) -> Op | None:
    """``0.0 if b == 0.0 else b * p`` with plain names is one linear operation, not a branch."""
    match node:
        case gast.IfExp(
            test=gast.Compare(left=gast.Name(id=b), ops=[gast.Eq()], comparators=[gast.Constant(value=0.0 as z1)]),
            body=gast.Constant(value=0.0 as z2),
            orelse=gast.BinOp(left=gast.Name(id=c), op=gast.Mult(), right=gast.Name() as p),
        ) if b == c and isinstance(z1, float) and isinstance(z2, float):
            return Op("zmul", (flat.atom(node.test.left), flat.atom(p)))
    return None
