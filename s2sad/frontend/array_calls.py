"""Calls of the functions declared in :mod:`s2sad.array_functions`: their arguments, in the order of the declaration."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.array_functions.declare import OUTPUT, Declaration
from s2sad.errors import S2sadError
from s2sad.ir.nodes import Arg, Call, Const, Rhs, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


def array_call(flat: Expressions, of: Declaration, args: list[Arg], kwargs: tuple[tuple[str, Arg], ...],
               node: gast.Call) -> Rhs | Arg:
    """Lower a call: one value, or a tuple of them where the function gives several. The call stays as it is written."""
    if len(args) > len(of.parameters) and of.rest is None:
        flat.refuse(f"'{of.name}' takes at most {len(of.parameters)} arguments", node, code="S2S011",
                    hint=f"its parameters are: {', '.join(of.parameters)}")
    given = of.bound(args)
    for name, value in kwargs:
        if name not in of.parameters or name in given:
            flat.refuse(f"this use of '{of.name}' with '{name}' is not supported", node, code="S2S011",
                        hint=f"its parameters are: {', '.join(of.parameters)}")
        given[name] = value
    for p in of.parameters:
        if p not in given and p not in of.defaults:
            flat.refuse(f"'{of.name}' needs '{p}'", node, code="S2S011", hint=f"pass '{p}'")
    try:
        count = of.outputs(given)
    except S2sadError as e:
        e.loc = flat.user.loc(node)
        raise
    if count is None:
        return Call(of.name, tuple(args), kwargs)
    return TupleArg(tuple(flat.temporary(Call(of.name, tuple(args), (*kwargs, (OUTPUT, Const(k)))))
                          for k in range(count)))
