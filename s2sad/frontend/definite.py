"""Give scalars that are unassigned on some path a value at the start, which is what numba reads there anyway.

numba cannot type a name that is left without any assignment where it prunes a branch, so results of early returns would
make it fail.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numba import types

from s2sad.ir.nodes import Assign, Block, Const, For, Function, If, Raise, Stmt, While
from s2sad.ir.walk import binds, reads, result_names


def define_everywhere(fn: Function, kinds: Mapping[str, Any]) -> Function:
    """The function with a zero assigned first to every scalar that a path may leave unassigned.

    ::

        for i in range(n):              result = 0.0
            if x[i] > 1.0:              for i in range(n):
                result = x[i]               if x[i] > 1.0: ...
                returned = True
    """
    open_names = _Definite(fn).open
    zeros = [(n, zero) for n in sorted(open_names) if (zero := _zero(kinds.get(n))) is not None]
    return replace(fn, body=(*(Assign(n, z, fn.loc) for n, z in zeros), *fn.body)) if zeros else fn


def _zero(kind: object) -> Const | None:
    match kind:
        case types.Boolean():
            return Const(False)
        case types.Integer():
            return Const(0)
        case types.Float(bitwidth=64):
            return Const(0.0)
        case types.Complex(bitwidth=128):
            return Const(0j)
    return None


class _Definite:
    """Names that are read where some path has not assigned them."""

    def __init__(self, fn: Function) -> None:
        self.open: dict[str, None] = {}
        at_end = self.block(fn.body, frozenset(fn.params))
        self.read(result_names(fn.result), at_end)

    def read(self, names: tuple[str, ...], assigned: frozenset[str] | None) -> None:
        if assigned is not None:
            self.open.update(dict.fromkeys(n for n in names if n not in assigned))

    def block(self, block: Block, assigned: frozenset[str] | None) -> frozenset[str] | None:
        """What is assigned at the end; ``None`` if the end is never reached."""
        for s in block:
            assigned = self.statement(s, assigned)
        return assigned

    def statement(self, s: Stmt, assigned: frozenset[str] | None) -> frozenset[str] | None:
        if assigned is None:
            return None
        exit = getattr(s, "exit", None)
        match s:
            case Raise():
                return None
            case If():
                self.read(reads(s), assigned)
                return _both(self.block(s.then, assigned), self.block(s.orelse, assigned))
            case For():
                self.read(tuple(n for n in reads(s) if n != exit), assigned)
                inside = self.block(s.body, assigned | {s.var})
                self.read((exit,) if exit else (), inside)
                return assigned | set(binds(s))
            case While():
                tested = self.block(s.cond, assigned)
                self.read((s.test,) if isinstance(s.test, str) else (), tested)
                inside = self.block(s.body, tested)
                self.read((exit,) if exit else (), inside)
                if s.test == Const(True):
                    return inside
                after = _both(tested, inside) if exit else tested
                return None if after is None else after | set(binds(s))
        self.read(reads(s), assigned)
        return assigned | set(binds(s))


def _both(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return a if b is None else b
    return a & b
