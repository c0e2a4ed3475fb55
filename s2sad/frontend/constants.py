"""Values known before the program runs: numbers, texts, tuples of them, and small global arrays."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast
import numpy as np

from s2sad.ir.nodes import Arg, Assign, Call, Const, Container, DType, Op, Rhs, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions

LARGEST_CONSTANT_ARRAY = 64


def constant(flat: Expressions, value: object, node: gast.AST) -> Rhs | Arg:
    """Lower a value known before the program runs."""
    if isinstance(value, tuple):
        items = tuple(flat.as_value(constant(flat, v, node)) for v in value)
        fields = getattr(value, "_fields", None)
        return TupleArg(items, None if fields is None else Container("namedtuple", fields, type(value)))
    if isinstance(value, (np.generic,)):
        return Op("np.bool_" if isinstance(value, np.bool_) else f"np.{value.dtype.name}", (Const(value.item()),))
    if isinstance(value, np.ndarray):
        return _constant_array(flat, value, node)
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return Const(value)
    flat.refuse(f"a constant of type '{type(value).__name__}' is not supported", node,
                hint="pass it as an argument, as a number or an array")


def _constant_array(flat: Expressions, array: np.ndarray, node: gast.AST) -> str:
    """A small global array, made anew at the start of the function."""
    wanted = getattr(node, "id", getattr(node, "attr", "table"))
    for known, made in flat.prologue:
        if known is array:
            return made.target
    if array.size > LARGEST_CONSTANT_ARRAY or array.size == 0 or array.dtype.kind not in "fiubc":
        flat.refuse(f"the global array '{wanted}' is not supported", node, hint="pass it as an argument",
                    why=f"arrays of 1 to {LARGEST_CONSTANT_ARRAY} numbers are taken as constants")

    def items(a: np.ndarray) -> TupleArg:
        return TupleArg(tuple(items(x) if x.ndim else Const(x.item()) for x in map(np.asarray, a)))

    name = flat.names.fresh(wanted)
    dtype = (("dtype", DType("bool_" if array.dtype == np.bool_ else array.dtype.name)),)
    value = Call("np.array", (items(array) if array.ndim else Const(array.item()),), dtype)
    flat.prologue.append((array, Assign(name, value, flat.user.loc(node))))
    return name
