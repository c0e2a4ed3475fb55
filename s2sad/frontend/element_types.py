"""``x.dtype`` by name, once types are known.

Before, where ``x`` is an array of single precision::

    y = np.zeros(n, x.dtype)
    s = x.dtype.type(0)

after::

    y = np.zeros(n, np.float32)
    s = np.float32(0)
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir.nodes import Arg, Assign, Call, DType, ElementType, Function, Op, Rhs, Stmt
from s2sad.ir.types import dtype_name
from s2sad.ir.walk import map_block


def named_element_types(fn: Function) -> Function:
    """Write the names of element types for :class:`~s2sad.ir.nodes.ElementType`."""

    def named(a: Arg) -> Arg:
        return DType(dtype_name(fn.types[a.array])) if isinstance(a, ElementType) else a

    def value(rhs: Rhs) -> Rhs:
        match rhs:
            case Call("dtype.type", (kind, x)):
                kind = named(kind)
                assert isinstance(kind, DType)
                return Op(f"np.{'bool_' if kind.name == 'bool' else kind.name}", (x,))  # type: ignore[arg-type]
            case Call(_, args, kwargs) if any(isinstance(a, ElementType) for a in (*args, *(v for _, v in kwargs))):
                return replace(rhs, args=tuple(map(named, args)), kwargs=tuple((k, named(v)) for k, v in kwargs))
        return rhs

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if isinstance(s, Assign) and (now := value(s.value)) is not s.value:
            return (replace(s, value=now),)
        return (s,)

    return replace(fn, body=map_block(fn.body, visit))
