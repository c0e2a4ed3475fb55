"""numba types of actual arguments."""
from __future__ import annotations

import numpy as np
from numba import typeof, types
from numba._dispatcher import compute_fingerprint
from numba.np.numpy_support import from_dtype

from s2sad.errors import BadCall
from s2sad.ir.nodes import Container
from s2sad.ir.trees import Node, Tree, container_of, leaves, tree_of_type
from s2sad.ir.types import is_differentiable

ALLOWED = (types.Number, types.Boolean, types.NoneType, types.UnicodeType, types.NumPyRandomGeneratorType)
MOST_LEAVES = 1000
"""Each value of a structured argument is a parameter of the generated function; longer lists are meant as arrays."""


def fingerprint(args: tuple[object, ...]) -> object:
    """A key that is equal for equal argument types; much cheaper than the types themselves."""
    if not any(isinstance(a, (tuple, list, np.void)) or type(a) is int and _is_long(a) for a in args):
        try:
            return compute_fingerprint(args)  # type: ignore[arg-type]
        except NotImplementedError:
            pass
    # numba's key knows a namedtuple by the name of its class and a list by its first item, and strings not at all.
    try:
        return tuple(map(_key, args))
    except RecursionError:
        raise BadCall("an argument contains itself, or is nested without end", code="S2S043",
                      hint="pass what a function can walk through: numbers, arrays, and structures of them") from None


def _is_long(value: int) -> bool:
    return not -2**63 <= value < 2**63


def _key(value: object) -> object:
    if isinstance(value, (np.ndarray, np.void)) and value.dtype.names is not None:
        return type(value), value.dtype, value.ndim
    found = container_of(value)
    if found is not None:
        return found[0], tuple(map(_key, found[1]))
    if isinstance(value, str):
        return str, value
    if type(value) is int and _is_long(value):
        return int, "long"
    try:
        return compute_fingerprint((value,))  # type: ignore[arg-type]
    except NotImplementedError:
        return _slow_key(value)


def _slow_key(value: object) -> object:
    try:
        return typeof(value)
    except ValueError:
        return type(value)


def type_of(value: object, name: str, function: str) -> Tree:
    """The numba type of one (ordinary) argument, or the tree of the types of what it holds."""
    if isinstance(value, bool):
        return types.boolean
    if isinstance(value, int):
        if _is_long(value):
            raise BadCall(f"argument '{name}' of {function} is an integer of more than 64 bits", code="S2S043",
                          hint="pass a float")
        return types.int64
    if isinstance(value, str):
        return types.literal(value)
    if isinstance(value, (np.ndarray, np.void)) and value.dtype.names is not None:
        return records_type(value, name, function)
    found = container_of(value)
    if found is not None:
        if len(found[1]) > MOST_LEAVES:
            raise BadCall(f"argument '{name}' of {function} is a {type(value).__name__} of {len(found[1])} values",
                          code="S2S043", hint="pass an array: np.asarray(...)")
        node = Node(found[1], found[0])
        items = tuple(type_of(v, f"{name}{node.step(k)}", function) for k, v in enumerate(found[1]))
        return Node(items, found[0])
    try:
        t = typeof(value)
    except ValueError:
        t = None
    if t is None or not _allowed(t):
        kind = type(value).__name__
        hint = "pass numbers, arrays, or tuples, lists, dicts with string keys and dataclasses of them"
        raise BadCall(f"argument '{name}' of {function} is of type {kind}, which is not supported", code="S2S043",
                      hint=hint)
    return t


def records_type(value: np.ndarray | np.void, name: str, function: str) -> Node:
    """An array of records is one array per field; a record is an array of one."""
    items = []
    names = value.dtype.names or ()
    for key in names:
        field = value.dtype.fields[key][0]  # type: ignore[index]
        if field.base.names is not None or field.base.kind not in "fiubc":
            raise BadCall(f"field '{key}' of argument '{name}' of {function} is of type {field.base}, which is not "
                          "supported", code="S2S043", hint="fields hold numbers or arrays of them")
        rank = max(value.ndim, 1) + len(field.shape)
        items.append(types.Array(from_dtype(field.base.newbyteorder("=")), rank, "C"))
    if isinstance(value, np.void):
        return Node(tuple(items), Container("record", names, value.dtype))
    if value.ndim == 0:
        raise BadCall(f"argument '{name}' of {function} is an array of records without axes", code="S2S043",
                      hint="pass it with one axis, or the record itself")
    return Node(tuple(items), Container("records", names, (value.dtype, value.ndim)))


def _allowed(t: types.Type) -> bool:
    if getattr(t, "dtype", t) == types.float16:
        return False                       # numba has it on CUDA only
    if isinstance(t, types.Array):
        return isinstance(t.dtype, (types.Number, types.Boolean))
    return isinstance(t, ALLOWED)


def require_differentiable(t: Tree, name: str, function: str) -> None:
    """Raise unless a derivative by an argument of this type is defined and supported."""
    t = tree_of_type(t)
    if is_differentiable(t):
        return
    if isinstance(t, Node):
        if not any(is_differentiable(leaf) for leaf in leaves(t)):
            raise BadCall(f"wrt names argument '{name}' of {function}, which holds no floating-point number or array",
                          code="S2S041", hint="leave it out of wrt")
        return
    element = t.dtype if isinstance(t, types.Array) else t
    what = f"{'an array of ' if element is not t else ''}{element}"
    if isinstance(element, (types.Integer, types.Boolean)):
        raise BadCall(f"wrt names argument '{name}' of {function}, which is {what}", code="S2S041",
                      why="derivatives are taken by floating-point arguments only",
                      hint=f"pass {'an array of floats' if element is not t else 'a float'} or leave it out of wrt")
    raise BadCall(f"wrt names argument '{name}' of {function}, which is {what}; that is not supported yet",
                  code="S2S041", hint="derivatives are taken by floating-point numbers, real or complex, and arrays of "
                                      "them")
