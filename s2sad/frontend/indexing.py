"""Indices: numbers and arrays, slices, ``...`` and new axes, one for each axis."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.ir.nodes import Arg, Atom, Const, Ellipsis_, Index, NewAxis, Slice, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


def indices(flat: Expressions, node: gast.AST) -> tuple[Index, ...]:
    """Lower what stands in the brackets."""
    parts = node.elts if isinstance(node, gast.Tuple) else [node]
    out: list[Index] = []
    for p in parts:
        if isinstance(p, gast.Slice):
            out.append(Slice(*(None if e is None else _bound(flat, e) for e in (p.lower, p.upper, p.step))))
        elif isinstance(p, gast.Constant) and p.value is Ellipsis:
            out.append(Ellipsis_())
        elif isinstance(p, gast.Starred):
            out += [i for value in flat.spread([p]) for i in index_atoms(flat, value, p)]
        else:
            out += index_atoms(flat, flat.value(p), p)
    return tuple(out)


def _bound(flat: Expressions, node: gast.AST) -> Atom | None:
    held = flat.atom(node)
    return None if held == Const(None) else held


def index_atoms(flat: Expressions, value: Arg, node: gast.AST) -> list[Index]:
    """A value as indices: a tuple is one for each axis."""
    if isinstance(value, TupleArg):
        if isinstance(node, gast.List):
            flat.refuse("indexing by a list is not supported yet", node, hint="use an array of integers")
        return [i for item in value.items for i in index_atoms(flat, item, node)]
    if value == Const(None):
        return [NewAxis()]
    return [flat.as_atom(value, node)]
