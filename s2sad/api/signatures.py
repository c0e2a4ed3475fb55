"""Argument types from text, annotations and numba signatures; text is parsed, never evaluated."""
from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping

import numpy as np
from numba import typeof, types
from numba.core.typing.templates import Signature
from numba.np.numpy_support import from_dtype

from s2sad.errors import BadCall

NAMED = {"float": types.float64, "int": types.int64, "bool": types.boolean, "complex": types.complex128,
         "none": types.none, "void": types.void, "None": types.none, "bool_": types.boolean}
SCALARS = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8",
           "boolean", "complex128", "complex64", "intp", "uintp", "f8", "f4", "i8", "i4", "u8", "u4", "b1", "c16", "c8")
LAYOUTS = {(False, False): "A", (False, True): "C", (True, False): "F"}


def parse_signature(signature: object) -> tuple[types.Type, ...]:
    """Argument types from ``"float64[::1], int64"``, from a whole numba signature as text, or from numba's own objects.

    Examples
    --------
    >>> parse_signature("float64[:, ::1], int64")
    (Array(float64, 2, 'C', False, aligned=True), int64)
    >>> parse_signature("void(float64[::1], UniTuple(float64, 2))")
    (Array(float64, 1, 'C', False, aligned=True), UniTuple(float64, 2))
    """
    if isinstance(signature, Signature):
        return tuple(signature.args)
    if isinstance(signature, types.Type):
        return (signature,)
    if isinstance(signature, (tuple, list)) and all(isinstance(t, types.Type) for t in signature):
        return tuple(signature)
    if not isinstance(signature, str):
        raise _bad(signature)
    try:
        tree = ast.parse(signature.strip(), mode="eval").body
    except SyntaxError:
        raise _bad(signature) from None
    if isinstance(tree, ast.Call) and _name(tree.func) not in ("UniTuple", "Tuple"):
        _type(tree.func, signature)
        return tuple(_type(n, signature) for n in tree.args)
    if isinstance(tree, ast.Tuple):
        return tuple(_type(n, signature) for n in tree.elts)
    return (_type(tree, signature),)


def _type(node: ast.expr, text: str) -> types.Type:
    if isinstance(node, ast.Constant) and node.value is None:
        return types.none
    if isinstance(node, ast.Subscript):
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not all(isinstance(s, ast.Slice) and s.lower is None and s.upper is None for s in index):
            raise _bad(text)
        ones = [isinstance(s.step, ast.Constant) and s.step.value == 1 for s in index]  # type: ignore[attr-defined]
        if len(index) == 1:
            layout = "C" if ones[0] else "A"
        elif any(ones[1:-1]) or ones[0] and ones[-1]:
            raise _bad(text)
        else:
            layout = LAYOUTS[ones[0], ones[-1]]
        return types.Array(_type(node.value, text), len(index), layout)
    if isinstance(node, ast.Tuple):
        return types.Tuple(tuple(_type(n, text) for n in node.elts))
    if isinstance(node, ast.Call) and _name(node.func) == "UniTuple" and len(node.args) == 2:
        count = node.args[1]
        if isinstance(count, ast.Constant) and isinstance(count.value, int):
            return types.UniTuple(_type(node.args[0], text), count.value)
    if isinstance(node, ast.Call) and _name(node.func) == "Tuple" and len(node.args) == 1:
        items = node.args[0]
        if isinstance(items, (ast.Tuple, ast.List)):
            return types.Tuple(tuple(_type(n, text) for n in items.elts))
    name = _name(node)
    if name in NAMED:
        return NAMED[name]
    if name in SCALARS:
        return getattr(types, name)
    raise _bad(text)


def _name(node: ast.expr) -> str:
    # ``numba.float64``, ``types.float64`` and ``np.float64`` are all read as ``float64``.
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bad(signature: object) -> BadCall:
    return BadCall(f"the signature {signature!r} cannot be read", code="S2S044",
                   hint='write the argument types as numba does: "float64[::1], float64[:, ::1], float64, int64"')


def from_annotations(signature: inspect.Signature) -> tuple[types.Type, ...] | None:
    """Argument types, if every parameter has an annotation or a default that says its type."""
    found = [_annotated(p) for p in signature.parameters.values()]
    return None if None in found else tuple(found)


def _annotated(p: inspect.Parameter) -> types.Type | None:
    a = p.annotation
    if a is p.empty:
        return None if p.default is p.empty else typeof(p.default)
    if isinstance(a, types.Type):
        return a
    if isinstance(a, type):
        if issubclass(a, np.generic):
            return from_dtype(np.dtype(a))
        return NAMED.get(a.__name__) if a in (float, int, bool, complex) else None
    if isinstance(a, str):
        try:
            node = ast.parse(a.strip(), mode="eval").body
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                # Text in a module whose annotations are text already.
                node = ast.parse(node.value.strip(), mode="eval").body
            return _type(node, a)
        except (BadCall, SyntaxError):
            return None
    return None


def completed(given: tuple[types.Type, ...], parameters: Mapping[str, inspect.Parameter],
              function: str) -> tuple[types.Type, ...]:
    """Types for all parameters: those left out at the end have their defaults' types."""
    rest = list(parameters.values())[len(given):]
    if len(given) > len(parameters) or any(p.default is p.empty for p in rest):
        raise BadCall(f"{len(given)} types are given for {function}", code="S2S044",
                      hint=f"its parameters are: {', '.join(parameters)}")
    return given + tuple(typeof(p.default) for p in rest)
