"""Rules of functions that stay calls: a tangent and an adjoint written as functions, instead of derived ones.

The functions are Python of the kind the compiler reads. Their parameters are found by name::

    def solve_tangent(a, d_a, b, d_b):                  # gives (value, d_value)
        x = np.linalg.solve(a, b)
        return x, np.linalg.solve(a, d_b - np.dot(d_a, x))

    def solve_adjoint(a, b_a, b_b, result, b_result):   # adds to the shadows of arrays, returns adjoints of numbers
        w = np.linalg.solve(a.T, b_result)
        b_b += w
        b_a -= np.outer(w, result)

A parameter of the function itself that the adjoint does not list need not be kept for it.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

RESULT: Final = "result"
"""What a rule's functions call the result."""

@dataclass(frozen=True, eq=False)
class Implicit:
    """The derivative of what a function returns by the equation that it solves.

    Attributes
    ----------
    solver
        The function.
    equation
        A function of the unknown, and of parameters that the solver has too: it is zero at the solution, or
        (``fixed_point``) gives the solution again. The frontend's description of it.
    """

    solver: Any
    equation: Any
    fixed_point: bool

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters by which there is a derivative."""
        return tuple(self.equation.params[1:])


Axis: TypeAlias = "tuple[str, int] | tuple[str, tuple[str, int], tuple[str, int]]"
"""An axis of a parameter, or ``("min", axis, axis)``."""

Extents: TypeAlias = "tuple[Axis, ...] | str | None"
"""How long the axes of a result are; the name of a parameter stands for all of its axes."""


@dataclass(frozen=True, eq=False)
class CallRule:
    """The derivative of one function that is called as it is.

    Attributes
    ----------
    name
        What the function is called, in messages and in generated code.
    params, defaults
        Its parameters, and the values of those that may be left out.
    tangent, adjoint
        The functions, or what the frontend made of them, or an :class:`Implicit`; ``None`` where there is none.
    constant, constants
        The derivative is zero; that by these parameters is.
    structure
        What it returns: ``None``, ``("value",)``, or a tuple of structures.
    extents
        By leaf of the result, where it is known: what makes a call in a loop possible that returns arrays.
    library
        A function of a library, which generated code calls by its dotted name.
    by_user
        Declared by :func:`s2sad.rule_for`.
    pure
        Declared to write to no argument and to return new arrays.
    lost
        The function has a rule that is not known here: what an error says of it, and its hint.
    types
        The numba type of the result for those of the arguments, or ``None`` where numba is to be asked.
    """

    name: str
    params: tuple[str, ...]
    defaults: dict[str, object] = field(default_factory=dict)
    tangent: Any = None
    adjoint: Any = None
    constant: bool = False
    constants: tuple[str, ...] = ()
    structure: Any = ("value",)
    extents: tuple[Extents, ...] = ()
    library: bool = False
    types: Callable[..., Any] | None = None
    by_user: bool = False
    pure: bool = False
    lost: tuple[str, ...] = ()

    def varied(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments by which there is a derivative."""
        return () if self.constant else tuple(a for p, a in zip(self.params, args) if p not in self.constants)


@dataclass(frozen=True, eq=False)
class ElementwiseRule:
    """A function of numbers with partial derivatives in the table, under a name of its own: ``softplus@3``.

    In the IR the name it has in the module follows: ``softplus@3@softplus``.
    """

    op: str
    params: tuple[str, ...]


_LIBRARY: dict[str, CallRule] = {}


def library(signature: str, *, tangent: Callable[..., object] | None = None,
            adjoint: Callable[..., object] | None = None, constant: bool = False, constants: tuple[str, ...] = (),
            results: tuple[Extents, ...] | None = None, types: Callable[..., Any] | None = None,
            **defaults: object) -> CallRule:
    """Declare the rule of a library function.

    ``results`` gives the extents of each of several results; one result is given as one.

    >>> library_rule("np.linalg.solve").params
    ('a', 'b')
    """
    name, _, inside = signature.partition("(")
    params = tuple(p.strip() for p in inside.rstrip(")").split(","))
    several = results is not None and len(results) > 1
    structure = (("value",),) * len(results) if several and results else ("value",)
    made = CallRule(name, params, defaults, tangent, adjoint, constant, constants, structure, results or (None,),
                    library=True, types=types)
    if name in _LIBRARY:
        raise ValueError(f"{name} has a rule already")
    _LIBRARY[name] = made
    return made


def declare_library(made: CallRule) -> None:
    """Enter a rule of a library function, in place of the one it has."""
    _LIBRARY[made.name] = made


def library_rule(name: str) -> CallRule | None:
    """The rule of a library function by canonical name."""
    return _LIBRARY.get(name)


def library_rules() -> dict[str, CallRule]:
    """All of them."""
    return dict(_LIBRARY)
