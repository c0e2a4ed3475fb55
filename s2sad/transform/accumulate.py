"""Adjoints of scalars while the reverse sweep is written: contributions collected, zeros never written.

As long as all of a name's contributions come from straight-line code of one block, they are a list, and its adjoint is
their sum, used where the name is defined. Before a loop or a branch that touches it, the adjoint becomes a variable.

Two uses of ``x``, with adjoints ``b_y`` and ``b_z``: not ::

    b_x = 0.0
    b_x = b_x + b_y
    b_x = b_x + b_z

but ::

    b_x = b_y + b_z
"""
from __future__ import annotations

from collections.abc import Callable

from s2sad.ir import Assign, Atom, Const, Op, Stmt
from s2sad.ir.nodes import Loc

Contribution = tuple[int, Atom]


class Accumulators:
    def __init__(self, emit: Callable[[Stmt], None], fresh: Callable[[str], str],
                 zero: Callable[[str], Const]) -> None:
        self.emit, self.fresh, self.zero = emit, fresh, zero
        self.pending: dict[str, list[Contribution]] = {}
        self.variable: dict[str, str] = {}
        self.is_variable: set[str] = set()
        self.loc = Loc("<generated>", 0, 0)

    def adjoint_name(self, name: str) -> str:
        if name not in self.variable:
            self.variable[name] = self.fresh(f"b_{name}")
        return self.variable[name]

    def add(self, name: str, sign: int, value: Atom) -> None:
        if name in self.is_variable:
            b = self.adjoint_name(name)
            self._detach(b)
            self.emit(Assign(b, Op("add" if sign > 0 else "sub", (b, value)), self.loc))
        else:
            self.pending.setdefault(name, []).append((sign, value))

    def add_all(self, name: str, contributions: list[Contribution]) -> None:
        """Several contributions at once: none of them sees the adjoint change."""
        if name in self.is_variable and len(contributions) > 1:
            total = self._sum(contributions, name)
            assert total is not None
            contributions = [total]
        for sign, value in contributions:
            self.add(name, sign, value)

    def take(self, name: str) -> Contribution | None:
        """The adjoint's value, with a sign; ``None`` when it is certainly zero."""
        if name in self.is_variable:
            return 1, self.adjoint_name(name)
        return self._sum(self.pending.get(name, []), name)

    def value(self, name: str) -> Atom | None:
        """The adjoint's value as an atom."""
        return self._atom(self.take(name), name)

    def set(self, name: str, contributions: list[Contribution], *, as_list: bool) -> None:
        """The adjoint's value from here on, after the name's definition has been passed."""
        if name not in self.is_variable:
            self.pending[name] = contributions
            return
        b = self.adjoint_name(name)
        if contributions == [(1, b)]:
            return
        self._detach(b)
        if as_list and not any(a == b for _, a in contributions):
            self.pending[name] = contributions
            self.is_variable.discard(name)
            return
        total = self._atom(self._sum(contributions, name), name)
        self.emit(Assign(b, self.zero(name) if total is None else total, self.loc))

    def materialise(self, name: str) -> None:
        """Make the adjoint a variable: a loop or branch is about to update or read it."""
        if name in self.is_variable:
            return
        contributions = self.pending.pop(name, [])
        b = self.adjoint_name(name)
        total = self._atom(self._sum(contributions, name), name)
        self._detach(b)
        self.emit(Assign(b, self.zero(name) if total is None else total, self.loc))
        self.is_variable.add(name)

    def settle(self, names: list[str]) -> None:
        """Before a loop or branch that touches these names: their adjoints are variables, and pending sums of other
        names that mention one of them keep its present value."""
        for name in names:
            self.materialise(name)
        for name in names:
            self._detach(self.adjoint_name(name))

    def _sum(self, contributions: list[Contribution], name: str) -> Contribution | None:
        if not contributions:
            return None
        (sign, total), *rest = sorted(contributions, key=lambda c: -c[0])
        for s, value in rest:
            total = self._temp(Op("add" if s == sign else "sub", (total, value)), name)
        return sign, total

    def _atom(self, total: Contribution | None, name: str) -> Atom | None:
        if total is None or total[0] > 0:
            return total and total[1]
        return self._temp(Op("neg", (total[1],)), name)

    def _temp(self, value: Op, name: str) -> str:
        t = self.fresh(f"b_{name}")
        self.emit(Assign(t, value, self.loc))
        return t

    def _detach(self, variable: str) -> None:
        """Pending sums that name a variable about to change keep its present value."""
        copy: str | None = None
        for name, contributions in self.pending.items():
            if any(a == variable for _, a in contributions):
                if copy is None:
                    copy = self.fresh(variable)
                    self.emit(Assign(copy, variable, self.loc))
                self.pending[name] = [(s, copy if a == variable else a) for s, a in contributions]
