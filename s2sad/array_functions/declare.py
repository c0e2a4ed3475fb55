"""How a function of NumPy is declared.

::

    @array_function("np.diff", static="n")
    def diff(a, n=1):
        ...

The body is ordinary Python of the kind the compiler reads. It is lowered for the types at hand, so that in it the
number of axes (``a.ndim``) and the element type are known, ``a.shape`` is a tuple, and ``for i in np.ndindex(a.shape)``
is a nest of loops in which ``a[i]`` is an element. Parameters named ``static`` are literals in every call. Functions
marked :func:`static` run when the compiler does and choose shapes, indices and types. What a name holds that is written
once and is known then stays known: ``axes = axes_of(axis, a.ndim)``.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

from s2sad.errors import UnsupportedFunction
from s2sad.ir.nodes import Arg, TupleArg

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Declaration:
    """One function: its name, its body, its parameters and which of them are literals.

    ``outputs`` tells from the arguments how many values it gives (``None``: one, no tuple), ``takes`` whether a call is
    one for the body, and not left to what the compiler knows besides.
    """

    name: str
    body: Callable[..., Any]
    static: frozenset[str]
    outputs: Callable[[Mapping[str, Any]], int | None]
    takes: Callable[[Sequence[Any], Sequence[Any]], bool]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.body).parameters)

    @cached_property
    def rest(self) -> str | None:
        """The parameter that takes all further arguments."""
        last = inspect.signature(self.body).parameters[self.parameters[-1]]
        return last.name if last.kind is last.VAR_POSITIONAL else None

    def bound(self, args: Sequence[Arg]) -> dict[str, Arg]:
        """What parameters get by their place."""
        given = dict(zip(self.parameters, args))
        if self.rest is not None:
            given[self.rest] = TupleArg(tuple(args[len(self.parameters) - 1:]))
        return given

    @cached_property
    def defaults(self) -> dict[str, Any]:
        return {n: p.default for n, p in inspect.signature(self.body).parameters.items() if p.default is not p.empty}


OUTPUT = "output"
"""The keyword by which a call in the IR says which of several results it is."""

_TABLE: dict[str, Declaration] = {}


def array_function(*names: str, static: str = "",
                   outputs: Callable[[Mapping[str, Any]], int | None] = lambda given: None,
                   takes: Callable[[Sequence[Any], Sequence[Any]], bool] = lambda args, kwargs: True,
                   ) -> Callable[[F], F]:
    """Declare the body of a function."""
    def declare(body: F) -> F:
        for name in names:
            if name in _TABLE:
                raise ValueError(f"{name} is declared already")
            _TABLE[name] = Declaration(name, body, frozenset(static.split()), outputs, takes)
        return body

    return declare


def static(function: F) -> F:
    """Mark a function that runs when the compiler does."""
    function.runs_when_compiling = True  # type: ignore[attr-defined]
    return function


def refused(what: str, hint: str) -> UnsupportedFunction:
    """The error of a static function for a use that is not supported."""
    return UnsupportedFunction(what, code="S2S011", hint=hint)


def declared(name: str) -> Declaration | None:
    """The declaration of a function by canonical name."""
    return _TABLE.get(name)


def table() -> Mapping[str, Declaration]:
    """All declarations."""
    return MappingProxyType(_TABLE)
