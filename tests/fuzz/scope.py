"""What a generator knows about the names at hand: kinds, lengths, ranges."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Var:
    """A variable in scope.

    ``kind`` is ``f`` (float), ``i`` (integer), ``b`` (boolean), ``v`` (vector), ``m`` (matrix), ``l`` (list of floats,
    never empty), ``k`` (mask), ``j`` (index array) or ``z`` (complex). An integer, or an element of an index array,
    lies in ``low..high``, or anywhere where that is ``None``; a counter or loop variable is not ``free`` to be
    assigned.
    """

    name: str
    kind: str
    length: int = 0
    rows: int = 0
    low: int | None = None
    high: int | None = None
    free: bool = True
    contiguous: bool = True


class Scope:
    """Names visible at one place. Entering a block copies it, so that what a block defines is gone after it."""

    def __init__(self, variables: dict[str, Var] | None = None) -> None:
        self.variables = dict(variables or {})

    def add(self, var: Var) -> Var:
        self.variables[var.name] = var
        return var

    def remove(self, name: str) -> None:
        self.variables.pop(name, None)

    def inner(self) -> Scope:
        return Scope(self.variables)

    def of(self, kind: str, *, free: bool | None = None) -> list[Var]:
        return [v for v in self.variables.values() if v.kind == kind and (free is None or v.free == free)]

    def vectors(self, length: int | None = None) -> list[Var]:
        return [v for v in self.of("v") if length is None or v.length == length]
