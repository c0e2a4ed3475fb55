"""Universal functions that are given the array for their output: ``np.add(x, y, out)``.

They are stores into it, and the array is the value. An operand that overlaps the output is read element by element, as
numba does it, and not in full before.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast
import numpy as np

from s2sad.ir.nodes import Arg, Const, Ellipsis_, Op, SetItem

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


def split(name: str, args: list[Arg], kwargs: tuple[tuple[str, Arg], ...]) -> tuple[list[Arg], Arg] | None:
    """The operands and the output of a call that has one."""
    space, _, short = name.partition(".")
    f = getattr(np, short, None) if space == "np" else None
    if not isinstance(f, np.ufunc) or f.nout != 1 or f.signature is not None:
        return None
    if len(args) == f.nin + 1 and not kwargs:
        return args[:-1], args[-1]
    if len(args) == f.nin and [k for k, _ in kwargs] == ["out"]:
        return args, kwargs[0][1]
    return None


def filled(flat: Expressions, name: str, args: list[Arg], out: Arg, node: gast.Call) -> Arg:
    """The store; its value is the output."""
    operands = tuple(flat.as_atom(a, node) for a in args)
    if out == Const(None):
        return flat.temporary(Op(name, operands))
    if not isinstance(out, str):
        flat.refuse(f"the output of '{name}' must be an array", node, code="S2S011",
                    hint="give one array, by its name")
    flat.emit(SetItem(out, (Ellipsis_(),), flat.temporary(Op(name, operands)), flat.user.loc(node), one_by_one=True))
    return out
