"""Values that a partial asks for and the primal has computed: the cosine beside the sine.

In ``a = math.sin(x)``, ``b = math.cos(x)`` the derivative of either is the other, which need not be computed again: a
transcendental costs more than fetching what it gave.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numba import types as nbt

from s2sad.analysis.structure import Structure
from s2sad.ir import Assign, Block, Function, Op, Stmt
from s2sad.ir import walk as w
from s2sad.transform.formulas import Formula, Node

WORTH_IT = frozenset({"sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "expm1", "log1p"})
VECTOR = "vector_"
"""What the names of functions of :mod:`s2sad.vmath` begin with."""

Known = Mapping[Node, str]
"""Which temporary holds what a part of a formula would compute."""


def find_known(fn: Function, at: Structure) -> dict[Stmt, dict[Node, str]]:
    """For each operation, the values other operations of its block give for operands that hold the same for both.

    >>> body = (Assign("a", Op("math.sin", ("x",))), Assign("b", Op("math.cos", ("x",))))
    >>> fn = Function("f", ("x",), body, "b", types={"a": nbt.float64, "b": nbt.float64, "x": nbt.float64})
    >>> find_known(fn, Structure(fn))[body[0]]
    {Node(fn='math.cos', args=('x',)): 'b'}
    """
    found: dict[Stmt, dict[Node, str]] = {}

    def block(body: Block) -> None:
        made: list[tuple[int, Assign, Op]] = []
        for k, s in enumerate(body):
            for b in w.blocks(s):
                block(b)
            if isinstance(s, Assign) and isinstance(s.value, Op) and _is_worth_it(s.value, s.target, fn.types):
                made.append((k, s, s.value))
        for k, s, op in made:
            for j, other, value in made:
                if s is not other and op.args == value.args and at.is_temporary(other.target) \
                        and not _rebound(body[min(j, k):max(j, k) + 1], op.args[0]):
                    found.setdefault(s, {})[Node(_in_formulas(value.fn), value.args)] = other.target

    block(fn.body)
    return found


def with_known(f: Formula, known: Known) -> Formula:
    """A formula with names in place of what is known."""
    if not isinstance(f, Node):
        return f
    return known.get(f) or Node(f.fn, tuple(with_known(a, known) for a in f.args))


def _plain(fn: str) -> str:
    return fn.rpartition(".")[2].removeprefix(VECTOR)


def _in_formulas(fn: str) -> str:
    return fn if fn.startswith(VECTOR) else f"math.{_plain(fn)}"


def _is_worth_it(op: Op, target: str, types: Mapping[str, Any]) -> bool:
    """Whether an operation is a transcendental function of one double-precision variable."""
    return (_plain(op.fn) in WORTH_IT and op.fn.startswith(("math.", "np.", VECTOR)) and len(op.args) == 1
            and isinstance(op.args[0], str) and types.get(op.args[0]) == types.get(target) == nbt.float64)


def _rebound(body: Block, name: object) -> bool:
    return any(name in w.binds(s) for s in w.walk(body))
