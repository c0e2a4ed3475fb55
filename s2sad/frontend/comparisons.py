"""Comparisons: chained ones with the middle evaluated once, ``in`` a tuple or list, those of literals decided now."""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

import gast

from s2sad.frontend import lists, structures
from s2sad.frontend.functions import FunctionArg
from s2sad.ir.nodes import Arg, Assign, Atom, Const, If, Op, Rhs, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions

COMPARE = {
    gast.Lt: "lt", gast.LtE: "le", gast.Gt: "gt", gast.GtE: "ge", gast.Eq: "eq", gast.NotEq: "ne", gast.Is: "is_",
    gast.IsNot: "is_not",
}
# Comparisons of two literals are decided here: a global that chooses a variant chooses it now.
KNOWN: dict[str, Callable[[object, object], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}


def compared(flat: Expressions, node: gast.Compare) -> Rhs | Arg:
    """Lower a comparison."""
    held = flat.value(node.left)
    known_now = isinstance(held, FunctionArg) or flat.names.known is not None
    if known_now and [type(o) for o in node.ops] in ([gast.Is], [gast.IsNot]) \
            and flat.value(node.comparators[0]) == Const(None):
        return Const((held == Const(None)) == isinstance(node.ops[0], gast.Is))
    if isinstance(held, TupleArg) and len(node.ops) == 1 and type(node.ops[0]) in COMPARE:
        return structures.compared_tuples(flat, COMPARE[type(node.ops[0])], held, flat.value(node.comparators[0]), node)
    left = flat.as_atom(held, node.left)
    if len(node.ops) == 1 and isinstance(node.ops[0], (gast.In, gast.NotIn)):
        return contained(flat, left, node)
    result: str | None = None
    before = dict(flat.vars)
    pending: list = []
    for k, (op, comparator) in enumerate(zip(node.ops, node.comparators)):
        if type(op) not in COMPARE:
            flat.refuse("'in' in a chain of comparisons is not supported yet", node, hint="use 'and'")
        right = flat.atom(comparator)
        name = COMPARE[type(op)]
        if len(node.ops) == 1:
            if name in ("is_", "is_not") and right == Const(None) and isinstance(left, Const):
                return Const((left.value is None) == (name == "is_"))
            decided = literal_comparison(name, left, right)
            return Op(name, (left, right)) if decided is None else decided
        result = result or flat.names.temp()
        flat.emit(Assign(result, Op(name, (left, right)), flat.loc))
        if k + 1 < len(node.ops):
            pending.append(flat.out)
            flat.out = []
        left = right
    assert result is not None
    while pending:
        inner, flat.out = tuple(flat.out), pending.pop()
        flat.emit(If(result, inner, (), flat.loc))
    flat.same_structure(before, flat.loc)
    return result


def contained(flat: Expressions, left: Atom, node: gast.Compare) -> Rhs | Arg:
    """``a in (b, c)``: equal to one of them."""
    row = node.comparators[0]
    held = flat.value(row)
    if isinstance(held, str) and held in flat.names.lists:
        found_in_list = lists.found(flat, left, held)
        return Op("not", (found_in_list,)) if isinstance(node.ops[0], gast.NotIn) else found_in_list
    if not isinstance(held, TupleArg):
        flat.refuse("'in' is supported for tuples and lists only", row, hint="compare in a loop")
    unknown: list[Atom] = []
    found = False
    for item in held.items:
        right = flat.as_atom(item, row)
        decided = literal_comparison("eq", left, right)
        if decided is None:
            unknown.append(right)
        found = found or decided == Const(True)
    outside = isinstance(node.ops[0], gast.NotIn)
    if found or not unknown:
        return Const(found != outside)
    result = flat.names.temp()
    block: tuple = ()
    for right in reversed(unknown):
        equal = Assign(result, Op("eq", (left, right)), flat.loc)
        block = (equal, If(result, (), block, flat.loc)) if block else (equal,)
    for s in block:
        flat.emit(s)
    return Op("not", (result,)) if outside else result


def literal_comparison(name: str, left: Atom, right: Atom) -> Const | None:
    """What a comparison of two literals gives, where that is known now."""
    if not isinstance(left, Const) or not isinstance(right, Const) or name not in KNOWN:
        return None
    texts = isinstance(left.value, str) and isinstance(right.value, str)
    numbers = isinstance(left.value, (int, float)) and isinstance(right.value, (int, float))
    return Const(KNOWN[name](left.value, right.value)) if texts or numbers else None
