"""The tangent and adjoint of a solver by the equation that it solves, as source that the compiler reads.

With ``F(x, p) = 0``, or with ``x = G(x, p)`` as ``F = G - x``, the matrix ``A = -dF/dx`` has ``A dx = dF/dp dp``. For a
vector ``x``::

    def solve_adjoint(p, b_p, result, b_result):
        w = np.linalg.solve(equation_matrix(result, p).T, b_result)
        equation_adjoint(result, p, b_p, w)

The derivatives of the equation are made by the compiler, so second derivatives follow as from any source.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from numba import types as nbt

from s2sad.api.modules import load
from s2sad.errors import UnsupportedFunction
from s2sad.frontend.ruled import carry_rule
from s2sad.frontend.source import UserFunction
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_float
from s2sad.rules.calls import RESULT, Implicit
from s2sad.runtime.helpers import python_functions

if TYPE_CHECKING:
    from s2sad.kinds.analysed import Interface

Refuse = Callable[[str, str], UnsupportedFunction]


class Generated(Protocol):
    """A module with one derivative of the equation."""

    @property
    def source(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def interface(self) -> Interface: ...

    @property
    def ruled(self) -> Mapping[str, UserFunction]: ...


Generate = Callable[[UserFunction, str, tuple[nbt.Type, ...], tuple[str, ...]], Generated]


@dataclass(frozen=True)
class Called:
    """The call of a solver: its name and parameters, their types, the type of the result, the active parameters, and
    those whose numbers an adjoint returns the adjoints of."""

    name: str
    params: tuple[str, ...]
    types: Mapping[str, nbt.Type]
    unknown: nbt.Type
    active: frozenset[str]
    numbers: tuple[str, ...]


def implicit_function(kind: str, of: Implicit, s: Called, generate: Generate, refuse: Refuse) -> UserFunction:
    """The tangent or adjoint of a call, as the rules of users are written.

    Raises
    ------
    UnsupportedFunction
        Where the result is no real number or vector, or the equation does not fit.
    """
    return _Writer(of, s, generate, refuse).write(kind)


class _Writer:
    def __init__(self, of: Implicit, s: Called, generate: Generate, refuse: Refuse) -> None:
        self.of, self.s, self.refuse = of, s, refuse
        self.user: UserFunction = of.equation
        self.generate = generate
        if not is_float(s.unknown) and not (is_array(s.unknown) and s.unknown.ndim == 1 and is_float(s.unknown.dtype)):
            raise refuse(f"is for a result that is a real number or a vector of them, and this is {s.unknown}",
                         "return the unknowns as one number or one array with one axis")
        self.vector = is_array(s.unknown)
        self.x = self.user.params[0]
        self.types = tuple(s.unknown if p == self.x else s.types[p] for p in self.user.params)
        names = Names({*s.params, *(f"{b}_{p}" for b in "bd" for p in s.params), RESULT, f"b_{RESULT}", s.name, "np"})
        (self.solver, self.value, self.matrix, self.by_unknown, self.by_rest, self.along, self.weights, self.drop
         ) = map(names.fresh, (f"{s.name}_itself", "x", "matrix", "equation_slope", "equation_change", "along", "w",
                               "unused"))
        self.space: dict[str, object] = {self.solver: of.solver, "zmul": python_functions()["zmul"]}

    def write(self, kind: str) -> UserFunction:
        chosen = tuple(p for p in self.user.params[1:] if p in self.s.active)
        slope = self._derivative("tangent", (self.x,), self.by_unknown)
        change = self._derivative(kind, chosen, self.by_rest)
        lines = self._adjoint(slope, change, chosen) if kind == "adjoint" else self._tangent(slope, change)
        name = f"{self.s.name}_{kind}"
        space = load("\n".join(["import numpy as np", "", "", *lines, ""]), name)
        space.update(self.space)
        return replace(UserFunction.from_callable(space[name]), options={"error_model": "numpy"})

    def _derivative(self, kind: str, by: tuple[str, ...], name: str) -> Interface:
        """Put a derivative of the equation into the scope of what is written."""
        made = self.generate(self.user, kind, self.types, by)
        found: Any = made.interface.result
        fits = is_array(found) and found.ndim == 1 and is_float(found.dtype) if self.vector else is_float(found)
        if not fits or made.interface.mutated:
            what = f"writes to `{made.interface.mutated[0]}`" if fits else f"gives {found}"
            raise self.refuse(f"is by the equation `{self.user.name}`, which {what} for an unknown of type "
                              f"{self.s.unknown}", "let it return as many real numbers as there are unknowns")
        space = load(made.source, made.name)
        for ruled, user in made.ruled.items():
            carry_rule(space[ruled], user)
        self.space[name] = space[made.name]
        return made.interface

    def _call(self, name: str, interface: Interface, value: Mapping[str, str], companion: Mapping[str, str],
              last: Sequence[str] = ()) -> str:
        args: list[str] = []
        for p in interface.params:
            args.append(value.get(p, p))
            if p in interface.active and p in companion:
                args.append(companion[p])
        return f"{name}({', '.join([*args, *last])})"

    def _tangent(self, slope: Interface, change: Interface) -> list[str]:
        s, x = self.s, self.value
        by = [f"d_{p}" for p in self.user.params[1:] if p in s.active]
        made = self._call(self.by_rest, change, {self.x: x}, {p: f"d_{p}" for p in s.active})
        lines = [f"def {s.name}_tangent({', '.join([*s.params, *by])}):",
                 f"    {x} = {self.solver}({', '.join(s.params)})", *self._matrix(slope, x),
                 f"    {self.drop}, {self.along} = {made}"]
        if self.vector:
            return [*lines, *self._cast(self.along, change.result, s.unknown),
                    f"    return {x}, np.linalg.solve({self.matrix}, {self.along})"]
        return [*lines, f"    return {x}, zmul({self.along}, 1.0 / {self.matrix})"]

    def _adjoint(self, slope: Interface, change: Interface, chosen: tuple[str, ...]) -> list[str]:
        s, w = self.s, self.weights
        arrays = [p for p in chosen if is_array(s.types[p])]
        listed = [*self.user.params[1:], *(f"b_{p}" for p in arrays), RESULT, f"b_{RESULT}"]
        lines = [f"def {s.name}_adjoint({', '.join(listed)}):", *self._matrix(slope, RESULT)]
        if self.vector:
            lines.append(f"    {w} = np.linalg.solve({self.matrix}.T, b_{RESULT})")
        else:
            lines.append(f"    {w} = zmul(b_{RESULT}, 1.0 / {self.matrix})")
        lines += self._cast(w, s.unknown, change.result)
        made = self._call(self.by_rest, change, {self.x: RESULT}, {p: f"b_{p}" for p in arrays}, (w,))
        gradients = [f"b_{p}" for p in chosen if p not in arrays]
        lines.append(f"    {', '.join(gradients)} = {made}" if gradients else f"    {made}")
        if s.numbers:
            lines.append(f"    return {', '.join(f'b_{p}' if p in chosen else '0.0' for p in s.numbers)}")
        return lines

    def _matrix(self, slope: Interface, x: str) -> list[str]:
        """Statements that compute minus the derivative of the equation by the unknown."""
        a = self.matrix
        if not self.vector:
            made = self._call(self.by_unknown, slope, {self.x: x}, {self.x: "1.0"})
            return [f"    {self.drop}, {a} = {made}", f"    {a} = {'1.0 - ' if self.of.fixed_point else '-'}{a}"]
        made = self._call(self.by_unknown, slope, {self.x: x}, {self.x: f"{a}_direction"})
        own = [f"        {a}[{a}_k, {a}_k] += 1.0"] if self.of.fixed_point else []
        return [f"    {a} = np.empty(({x}.size, {x}.size), np.{self.s.unknown.dtype})",
                f"    {a}_direction = np.zeros_like({x})",
                f"    for {a}_k in range({x}.size):",
                f"        {a}_direction[{a}_k] = 1.0",
                f"        {self.drop}, {a}_column = {made}",
                f"        if {a}_column.size != {x}.size:",
                f"            raise ValueError(\"the equation of {self.s.name} has another size than its unknown\")",
                f"        {a}[:, {a}_k] = -{a}_column", *own,
                f"        {a}_direction[{a}_k] = 0.0"]

    def _cast(self, name: str, t: Any, wanted: Any) -> list[str]:
        """Statements that give a value the type it is wanted with."""
        if not self.vector:
            return [f"    {name} = np.{wanted}({name})"] if t != wanted else []
        if t.dtype == wanted.dtype:
            return []
        return [f"    {name}_there = {name}", f"    {name} = np.empty({name}_there.size, np.{wanted.dtype})",
                f"    {name}[:] = {name}_there"]
