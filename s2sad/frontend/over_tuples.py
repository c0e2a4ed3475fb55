"""Loops over tuples: one loop whose target gets, by the counter, one of the elements."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import gast

from s2sad.frontend.functions import Choice, FunctionArg, kept
from s2sad.ir.nodes import Arg, Assign, Atom, Const, If, Op, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


def tuple_iteration(flat: Expressions, held: TupleArg, node: gast.AST) -> tuple[Atom, Atom, Atom, Callable[[str], Arg]]:
    """Bounds of the loop over a tuple, and what its target gets for a value of the counter."""
    # The elements as they are now: the body may assign the names in the tuple.
    held = kept(flat, held)  # type: ignore[assignment]
    return Const(0), Const(len(held.items)), Const(1), lambda k: element(flat, held.items, k, node)


def element(flat: Expressions, items: tuple[Arg, ...], k: str, node: gast.AST) -> Arg:
    """Element ``k`` of several of the same kind."""
    if not items:
        return Const(0)
    if len(items) == 1:
        return items[0]
    if all(isinstance(i, TupleArg) and len(i.items) == len(items[0].items)  # type: ignore[union-attr]
           and i.container == items[0].container for i in items):  # type: ignore[union-attr]
        columns = zip(*(i.items for i in items))  # type: ignore[union-attr]
        return replace(items[0], items=tuple(element(flat, column, k, node) for column in columns))  # type: ignore
    if all(isinstance(i, FunctionArg) for i in items):
        chosen = items[-1]
        for j in range(len(items) - 2, -1, -1):
            first = flat.temporary(Op("eq", (k, Const(j))))
            chosen = FunctionArg(Choice(first, items[j], chosen))  # type: ignore[arg-type]
        return chosen
    if not all(isinstance(i, (str, Const)) for i in items):
        flat.refuse("a loop over a tuple of different things is not supported", node, code="S2S007",
                    hint="write the iterations out")
    value = flat.names.temp()
    flat.emit(Assign(value, items[0], flat.loc))  # type: ignore[arg-type]
    for j, item in enumerate(items[1:], 1):
        here = flat.temporary(Op("eq", (k, Const(j))))
        flat.emit(If(here, (Assign(value, item, flat.loc),), (), flat.loc))  # type: ignore[arg-type]
    return value
