"""The structure of what a function returns: leaves in order, and tangents and cotangents that have to fit it."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

from s2sad.api.structures import given_for
from s2sad.driver import Interface
from s2sad.errors import BadCall
from s2sad.ir.types import is_complex, is_differentiable

Tree: TypeAlias = "types.Type | tuple[Tree, ...] | None"


def normal(t: Any) -> Tree:
    """A type with numba's tuples turned into Python's, ``None`` for the type of ``None``."""
    if isinstance(t, (tuple, types.BaseTuple)):
        return tuple(normal(item) for item in t)
    return None if t is None or isinstance(t, types.NoneType) else t


def leaves(t: Tree) -> Iterator[types.Type]:
    """Types at the ends of the tree, in order."""
    if isinstance(t, tuple):
        for item in t:
            yield from leaves(item)
    elif t is not None:
        yield t


def refuse_procedure(function: str, interface: Interface, mutated: tuple[str, ...]) -> None:
    """Raise where a function returns nothing, saying what it writes to instead."""
    if any(True for _ in leaves(normal(interface.result))):
        return
    if not mutated:
        raise BadCall(f"{function} returns nothing and writes to none of its arguments", code="S2S042",
                      hint="return a value, or write into an argument")
    names = ", ".join(f"'{name}'" for name in mutated)
    raise BadCall(f"{function} returns nothing; it writes to {names}", code="S2S042",
                  hint=f"say which are its outputs, with jvp or vjp: outputs={mutated!r}")


def fitting(given: object, like: object, t: types.Type, what: str) -> object:
    """A tangent or cotangent for one value: a fresh array or a scalar of the value's own type; ``None`` is zero.

    ``like`` is the value itself or, for arrays, its shape.
    """
    if isinstance(t, types.Array):
        shape = like.shape if isinstance(like, np.ndarray) else like
        dtype, order = as_dtype(t.dtype), "F" if t.layout == "F" else "C"
        if given is None:
            return np.zeros(shape, dtype, order)  # type: ignore[call-overload]
        if not isinstance(given, np.ndarray):
            raise _unfit(what, f"an array of shape {shape}", type(given).__name__)
        if given.shape != shape:
            raise _unfit(what, f"an array of shape {shape}", f"one of shape {given.shape}")
        if given.dtype != dtype:
            raise _unfit(what, f"an array of {dtype}", f"one of {given.dtype}")
        return np.array(given, order=order, copy=True, subok=False)  # type: ignore[call-overload]
    if given is None:
        given = 0.0
    if isinstance(given, np.ndarray) and given.ndim == 0:
        given = given[()]
    real = (int, float, np.floating, np.integer)
    allowed = (*real, complex, np.complexfloating) if is_complex(t) else real
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, allowed):
        raise _unfit(what, "a number" if is_complex(t) else "a real number", type(given).__name__)
    if t in (types.float64, types.complex128):
        return complex(given) if is_complex(t) else float(given)  # type: ignore[arg-type]
    return as_dtype(t).type(given)


def require_zero(given: object, what: str, why: str = "it belongs to a value that is not floating-point") -> None:
    """Tangents and cotangents of what is not floating-point: ``None`` or zero."""
    if given is not None and (not isinstance(given, (int, float, np.generic, np.ndarray)) or np.any(given)):
        raise BadCall(f"{what} has to be None or zero: {why}", code="S2S043", hint="give None in its place")


def _unfit(what: str, wanted: str, got: str) -> BadCall:
    return BadCall(f"{what} has to be {wanted}, not {got}", code="S2S043",
                   hint="give it the type and shape of its value; None is zero")


@dataclass(frozen=True)
class Shape:
    """What a pullback remembers of one leaf of the value: its type and, for arrays, its shape."""

    type: types.Type
    shape: tuple[int, ...]

def shapes(t: Tree, value: Any) -> Iterator[Shape | None]:
    """What is remembered of the leaves of a value, in order."""
    if isinstance(t, tuple):
        for item, v in zip(t, value):
            yield from shapes(item, v)
    else:
        yield None if t is None else Shape(t, np.shape(value))


def flat_cotangents(given: object, form: object, leaves: list[Shape | None]) -> list[object]:
    """One cotangent per floating-point leaf, in order, each checked against the value it belongs to.

    ``form`` is the structure of the value, with the numbers of the leaves in it.
    """
    found: dict[int, object] = {}
    for k, g, what in given_for(form, given, "the cotangent"):
        leaf = leaves[k] if isinstance(k, int) else None
        if k is not None and not isinstance(k, int):
            # Part of an output that the function does not write to.
            require_zero(g, what, "the function does not write to what it belongs to")
        elif leaf is None or not is_differentiable(leaf.type):
            require_zero(g, what)
        else:
            found[k] = fitting(g, leaf.shape, leaf.type, what)  # type: ignore[index]
    return [found[k] if k in found else fitting(None, leaf.shape, leaf.type, "")
            for k, leaf in enumerate(leaves) if leaf is not None and is_differentiable(leaf.type)]
