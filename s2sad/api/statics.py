"""Arguments that are no data: functions and strings. A derivative is generated for each, as if it stood in the source.

A program whose function takes such arguments is *bound* to them: what is left is a program of the other parameters. It
is found again for the same function (the very object) or the same text, and for no other.
"""
from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher

from s2sad.errors import BadCall, S2sadError
from s2sad.frontend.library import meaning

if TYPE_CHECKING:
    from s2sad.api.program import Program

MOST_BOUND = 64
"""So many sets of functions and texts are remembered for one program; the one used longest ago goes first."""


class Same:
    """A key that is equal for one object only, which it keeps alive, or for equal texts."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Same):
            return False
        if isinstance(self.value, tuple) and isinstance(other.value, tuple):
            return len(self.value) == len(other.value) and all(
                Same(a) == Same(b) for a, b in zip(self.value, other.value))
        if isinstance(self.value, str) and isinstance(other.value, str):
            return self.value == other.value
        return self.value is other.value

    def __hash__(self) -> int:
        if isinstance(self.value, tuple):
            return hash(tuple(map(Same, self.value)))
        return hash(self.value) if isinstance(self.value, str) else id(self.value)


def is_static(value: object) -> bool:
    """Whether an argument is a function, a text, or a tuple of functions."""
    return isinstance(value, str) or callable(value) or (
        isinstance(value, tuple) and bool(value) and all(map(callable, value)))


def separate(program: Program, args: tuple[object, ...]) -> tuple[Program, tuple[object, ...]]:
    """The program bound to the functions and texts among the arguments, and the other arguments."""
    static = tuple(k for k, a in enumerate(args) if is_static(a))
    if not static:
        return program, args
    given = tuple(args[k] for k in static)
    last = program.last_bound
    if last is not None and last[0] == static and all(a is b for a, b in zip(last[1], given)):
        bound = last[2]
    else:
        bound = program.bound({program.parameters.names[k]: a for k, a in zip(static, given)})
        program.last_bound = static, given, bound
    return bound, tuple(a for k, a in enumerate(args) if k not in static)


def meaning_of(value: object, name: str, function: str) -> object:
    """What a static argument means to the compiler; functions have to be ones it can read."""
    try:
        return meaning(value, name)
    except S2sadError as e:
        raise BadCall(f"argument '{name}' of {function} is a function that cannot be taken", code="S2S043", why=e.what,
                      hint="pass a Python function, one compiled by numba, or one of math and numpy") from e


def static_type(t: types.Type) -> object | None:
    """The function that a numba type stands for; ``None`` if it is the type of data."""
    if isinstance(t, types.Dispatcher):
        return t.dispatcher
    if isinstance(t, types.Function):
        key = t.typing_key
        return key if isinstance(key, (BuiltinFunctionType, FunctionType, np.ufunc)) else None
    return None


def callable_by_numba(value: Any, compiled: Callable[[FunctionType], Dispatcher]) -> object:
    """An argument as compiled code takes it: plain functions compiled."""
    if isinstance(value, FunctionType):
        return compiled(value)
    if isinstance(value, tuple) and any(isinstance(v, FunctionType) for v in value):
        return tuple(callable_by_numba(v, compiled) for v in value)
    return value
