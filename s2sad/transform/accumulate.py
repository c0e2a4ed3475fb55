"""Adjoints of scalars while the reverse sweep is written: contributions collected, zeros never written.

As long as all of a name's contributions come from straight-line code of one block, they are a list, and its adjoint is
their sum, used where the name is defined. Before a loop or a branch that touches it, the adjoint becomes a variable.
"""
from __future__ import annotations

from typing import Callable

from s2sad.ir import Assign, Atom, Const, Op, Stmt
from s2sad.ir.nodes import Loc

Contribution = tuple[int, Atom]


class Accumulators:
    def __init__(self, emit: Callable[[Stmt], None], fresh: Callable[[str], str]) -> None:
        self.emit, self.fresh = emit, fresh
        self.pending: dict[str, list[Contribution]] = {}
        self.variable: dict[str, str] = {}
        self.is_variable: set[str] = set()
        self.loc = Loc("<generated>", 0, 0)

    def adjoint_name(self, name: str) -> str:
        if name not in self.variable:
            self.variable[name] = self.fresh(f"b_{name}")
        return self.variable[name]

    def start(self, name: str) -> None:
        """The adjoint is zero here: its life in the reverse sweep begins."""
        self.pending[name] = []
        self.is_variable.discard(name)

    def add(self, name: str, sign: int, value: Atom) -> None:
        if name in self.is_variable:
            b = self.adjoint_name(name)
            self._detach(b)
            self.emit(Assign(b, Op("add" if sign > 0 else "sub", (b, value)), self.loc))
        else:
            self.pending.setdefault(name, []).append((sign, value))

    def take(self, name: str) -> Atom | None:
        """The adjoint's value; ``None`` when it is certainly zero."""
        if name in self.is_variable:
            return self.adjoint_name(name)
        return self._sum(self.pending.get(name, []), name)

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
        total = self._sum(contributions, name)
        self.emit(Assign(b, Const(0.0) if total is None else total, self.loc))

    def materialise(self, name: str) -> None:
        """Make the adjoint a variable: a loop or branch is about to update or read it."""
        if name in self.is_variable:
            return
        contributions = self.pending.pop(name, [])
        b = self.adjoint_name(name)
        total = self._sum(contributions, name)
        self._detach(b)
        self.emit(Assign(b, Const(0.0) if total is None else total, self.loc))
        self.is_variable.add(name)

    def _sum(self, contributions: list[Contribution], name: str) -> Atom | None:
        if not contributions:
            return None
        ordered = sorted(contributions, key=lambda c: -c[0])
        sign, total = ordered[0]
        if sign < 0:
            total = self._temp(Op("neg", (total,)), name)
        for sign, value in ordered[1:]:
            total = self._temp(Op("add" if sign > 0 else "sub", (total, value)), name)
        return total

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
