"""Arrays without axes are the numbers in them.

Before::

    m = np.where(x > 1.0, x, 2.0)       # of numbers: numba makes an array without axes
    c = np.array(3.0)
    y = m * c[()]

after::

    m = x if x > 1.0 else 2.0
    c = 3.0
    y = m * c
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, AugAssign, AugItem, Call, Const, Function, GetItem, Op, Rhs, SetItem, Stmt
from s2sad.ir import walk as w
from s2sad.ir.types import dtype_name, is_array

UNCHECKED = {"div": "np.divide", "floordiv": "np.floor_divide", "mod": "np.remainder"}
"""Division of arrays, even of those without axes, does not raise."""


def without_axes(fn: Function) -> Function:
    """Give the local arrays without axes the type of their element; writing into one is refused."""
    small = {n for n, t in fn.types.items() if is_array(t) and t.ndim == 0 and n not in fn.params}
    if not small:
        return fn

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        written = s.target if isinstance(s, AugAssign) else w.writes(s)
        if written in small and isinstance(s, (AugAssign, SetItem, AugItem)):
            raise UnsupportedSyntax(f"`{written}` is an array without axes, and writing into it is not supported yet",
                                    loc=s.loc, code="S2S011", hint="use a number, or an array of one element")
        match s:
            case Assign(_, GetItem(base, _)) if base in small:
                return (replace(s, value=base),)
            case Assign(target, Call("np.array" | "np.asarray", (str() | Const() as x, *_))) if target in small:
                return (replace(s, value=converted(x, fn.types[target].dtype)),)
            case Assign(_, Op("np.where", args) as op) if not any(is_array(types.get(a)) for a in w.names_in(args)):
                return (replace(s, value=replace(op, fn="select")),)
            case Assign(_, Op(name, args) as op) if name in UNCHECKED and not small.isdisjoint(w.names_in(args)):
                return (replace(s, value=replace(op, fn=UNCHECKED[name])),)
        return (s,)

    def converted(x: Atom, dtype: Any) -> Rhs:
        same = fn.types.get(x) == dtype if isinstance(x, str) else type(x.value) is float and dtype == nbt.float64
        name = dtype_name(dtype)
        return x if same else Op("np.bool_" if name == "bool" else f"np.{name}", (x,))

    types = {n: t.dtype if n in small else t for n, t in fn.types.items()}
    return replace(fn, body=w.map_block(fn.body, visit), types=types)
