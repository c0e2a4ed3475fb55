"""The user's function compiled by numba as it stands, plain Python helpers included."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numba
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target

from s2sad.emit.module import parallel_of
from s2sad.frontend.source import frozen

LIBRARIES = ("numpy", "math", "cmath", "numba")


def compile_primal(f: FunctionType, options: Mapping[str, Any]) -> Dispatcher:
    """A numba dispatcher for ``f``.

    numba calls no plain Python function, so plain functions that ``f`` names are compiled too, on a copy of ``f`` that
    sees the compiled ones. The copy has the globals and closure values of this moment, as derivatives have.

    Examples
    --------
    >>> def helper(x):
    ...     return x + 1.0
    >>> def f(x):
    ...     return 2.0 * helper(x)
    >>> compile_primal(f, {})(1.0)
    4.0
    """
    cpu_target.typing_context.refresh()
    return _Compiler(options).dispatcher(f)


class _Compiler:
    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.done: dict[FunctionType, Dispatcher] = {}

    def dispatcher(self, f: FunctionType) -> Dispatcher:
        if f not in self.done:
            seen = _names(f.__code__)
            copy = FunctionType(f.__code__, dict(f.__globals__), f.__name__, f.__defaults__, _new_cells(f))
            copy.__kwdefaults__, copy.__doc__, copy.__module__ = f.__kwdefaults__, f.__doc__, f.__module__
            copy.__qualname__, copy.__annotations__ = f.__qualname__, dict(f.__annotations__)
            # Entered before its names are visited: functions may call themselves or one another.
            options = {**self.options, **parallel_of(self.options, "prange" in seen)}
            self.done[f] = numba.njit(**options)(copy)
            self._replace(f, copy, seen)
        return self.done[f]

    def _replace(self, f: FunctionType, copy: FunctionType, seen: set[str]) -> None:
        for name in sorted(seen & f.__globals__.keys()):
            copy.__globals__[name] = self._compiled(frozen(f.__globals__[name], seen), seen)
        for old, cell in zip(f.__closure__ or (), copy.__closure__ or ()):
            try:
                value = old.cell_contents
            except ValueError:
                continue
            cell.cell_contents = self._compiled(frozen(value, seen), seen)

    def _compiled(self, value: object, seen: set[str]) -> object:
        if isinstance(value, FunctionType) and not _known_to_numba(value):
            return self.dispatcher(value)
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] not in LIBRARIES:
            return self._module(value, seen)
        return value

    def _module(self, module: ModuleType, seen: set[str]) -> ModuleType:
        """The module itself, or one like it whose plain functions are compiled."""
        new = {name: self.dispatcher(value) for name, value in vars(module).items()
               if name in seen and isinstance(value, FunctionType) and not _known_to_numba(value)}
        if not new:
            return module
        copy = ModuleType(module.__name__, module.__doc__)
        vars(copy).update(vars(module), **new)
        return copy


def _known_to_numba(f: FunctionType) -> bool:
    # Functions of NumPy are plain functions too, and so is any that someone has given an overload.
    try:
        cpu_target.typing_context.resolve_value_type(f)
    except ValueError:
        return False
    return True


def _new_cells(f: FunctionType) -> tuple[CellType, ...] | None:
    return None if f.__closure__ is None else tuple(CellType() for _ in f.__closure__)


def _names(code: CodeType) -> set[str]:
    return {name for c in _nested(code) for name in (*c.co_names, *c.co_freevars)}


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _nested(const)
