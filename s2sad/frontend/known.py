"""What is known in bodies of array functions, which are lowered for given types: ranks, element types, shapes.

In a function of the user's nothing is, and nothing here applies. Static functions are called when the compiler runs;
what they see of an operand is its :class:`Operand`, and of any other value that there is one.
"""
from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gast
import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

from s2sad.errors import S2sadError
from s2sad.frontend.constants import constant
from s2sad.ir.nodes import Arg, Assign, Call, Const, Dim, DType, Rhs, ShapeOf, TupleArg
from s2sad.ir.types import dtype_name

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions

ARITHMETIC = {name: getattr(operator, name) for name in ("add", "sub", "mul")}
MAKES = ("np.empty", "np.zeros", "np.ones", "np.full")


@dataclass(frozen=True, eq=False)
class Value:
    """A value that is there when the program runs. What is decided when the compiler does must not depend on it."""

    arg: Arg

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"{self.arg} is not known when compiling")

    def __bool__(self) -> bool:
        raise TypeError(f"{self.arg} is not known when compiling")

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Operand(Value):
    """One of known type: for static functions it has an array's ``ndim``, ``dtype`` and ``layout``."""

    ndim: int
    dtype: np.dtype
    layout: str


def note(known: dict[str, Any], s: Assign) -> None:
    """Remember the type of what a name is assigned, if it is plain to see."""
    match s.value:
        case str() as source if source in known:
            known[s.target] = known[source]
        case Call(fn, (shape, *rest), kwargs) if fn in MAKES:
            kind = next((a for a in (*rest[fn == "np.full":], *(v for _, v in kwargs)) if isinstance(a, DType)), None)
            count = len(shape.items) if isinstance(shape, TupleArg) else 1
            dtype = types.float64 if kind is None else numba_type(kind)
            known[s.target] = types.Array(dtype, count, "C")
        case Call("np.ravel", (str(source),)) if isinstance(known.get(source), types.Array):
            known[s.target] = types.Array(known[source].dtype, 1, "C")
        case _:
            known.pop(s.target, None)


def fixed(flat: Expressions, name: str, value: Rhs | Arg) -> Arg | None:
    """What a name of a body holds that is assigned there once: literals, and tuples, as they are."""
    if flat.names.known is None or not isinstance(value, (Const, TupleArg, DType)):
        return None
    return value if stores(flat.user.node).get(name) == 1 else None


def folded(flat: Expressions, op: str, left: Arg, right: Arg) -> Const | None:
    """Arithmetic of whole numbers that are literals."""
    match left, right:
        case Const(int() as a), Const(int() as b) if flat.names.known is not None and op in ARITHMETIC:
            return Const(ARITHMETIC[op](a, b))
    return None


def stores(node: gast.AST) -> Counter[str]:
    """How often each name is written in the text of a function."""
    return Counter(n.id for n in gast.walk(node) if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store))


def numba_type(kind: DType) -> types.Type:
    return getattr(types, {"bool_": "boolean", "bool": "boolean", "intp": "int64"}.get(kind.name, kind.name))


def shape(flat: Expressions, of: ShapeOf) -> Arg:
    """The shape as a tuple of extents, where the number of axes is known."""
    t = (flat.names.known or {}).get(of.array)
    if not isinstance(t, types.Array):
        return of
    return TupleArg(tuple(flat.temporary(Dim(of.array, k)) for k in range(t.ndim)))


def attribute(flat: Expressions, held: Arg, name: str) -> Arg | None:
    """``ndim`` and ``dtype`` of an operand."""
    if flat.names.known is None:
        return None
    if isinstance(held, Const) and name == "ndim":
        return Const(0)
    t = flat.names.known.get(held) if isinstance(held, str) else None
    if t is None:
        return None
    return Const(getattr(t, "ndim", 0)) if name == "ndim" else DType(dtype_name(t))


def evaluated(flat: Expressions, function: Callable[..., Any], node: gast.Call) -> Rhs | Arg:
    """Call a static function now."""
    args = [_seen(flat, flat.value(a)) for a in node.args]
    kwargs = {k.arg: _seen(flat, flat.value(k.value)) for k in node.keywords}
    try:
        return _lowered(flat, function(*args, **kwargs), node)
    except S2sadError as e:
        e.loc = e.loc or flat.user.loc(node)
        raise


def _seen(flat: Expressions, a: Arg) -> Any:
    match a:
        case Const(value):
            return value
        case DType(name):
            return np.dtype(name.removesuffix("_")).type
        case TupleArg(items):
            return tuple(_seen(flat, i) for i in items)
        case str() if (t := (flat.names.known or {}).get(a)) is not None:
            return Operand(a, getattr(t, "ndim", 0), as_dtype(getattr(t, "dtype", t)), getattr(t, "layout", "C"))
    return Value(a)


def _lowered(flat: Expressions, value: Any, node: gast.AST) -> Rhs | Arg:
    match value:
        case Value(arg):
            return arg
        case tuple():
            return TupleArg(tuple(flat.as_value(_lowered(flat, v, node)) for v in value))
        case type() | np.dtype():
            return DType(np.dtype(value).name)
    return constant(flat, value, node)
