"""Which temporaries are printed inside the expression that uses them.

Before::

    t1 = x[i]
    t2 = t1 * t1
    s = s + t2

printed as::

    s += x[i] * x[i]
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from s2sad.ir import (
    Assign,
    Block,
    Call,
    Const,
    Dim,
    Effect,
    For,
    Function,
    Invoke,
    Load,
    Op,
    Permute,
    Raise,
    Rhs,
    Stmt,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.draws import is_draw
from s2sad.ir.effects import RAISING
from s2sad.ir.types import is_array

LIMIT = 11
"""Operations and operands of one printed expression: more than this becomes lines of its own."""


def plan_folding(fn: Function, keep: frozenset[str] = frozenset()) -> Mapping[str, Rhs]:
    """Names to print in place, with what they stand for. Names in ``keep`` (the user's own) stay statements.

    A temporary folds into its one use in the same block (or a branch of it) if nothing in between changes what it
    reads; sizes and index arithmetic fold into every use.
    """
    defs, uses = w.definition_counts(fn), w.use_counts(fn)
    permuted = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}
    outlives = permuted | set(fn.params)
    folded: dict[str, Rhs] = {}
    inputs: dict[str, set[str]] = {}
    weights: dict[str, int] = {}
    result_uses = Counter(w.result_names(fn.result))
    fixed = {n for n, c in defs.items() if c == 1}

    def weight(rhs: Rhs) -> int:
        return 1 + sum(weights.get(n, 1) for n in w.rhs_names(rhs))

    def free(rhs: Rhs) -> set[str]:
        out: set[str] = set()
        for n in w.rhs_names(rhs):
            out |= inputs[n] if n in folded else {n}
        return out

    anywhere: set[str] = set()

    def everywhere(s: Assign) -> bool:
        """Sizes, and indices a constant away from a name that never changes: readable at any number of uses."""
        match s.value:
            case Dim(array, _):
                return array not in permuted and defs[array] == 1
            case Op("add" | "sub", (str(a), Const(int() as k))) if not isinstance(k, bool):
                return (a in anywhere if a in folded else a in fixed) and (
                    uses[s.target] > 1 and k in (1, 2) or uses[s.target] == 1)
            case Const():
                return True
        return False

    def lasting(s: Stmt) -> bool:
        """Whether a statement does something that an exception raised before it must keep from happening."""
        return isinstance(s, (Effect, Raise)) or w.writes(s) in outlives or isinstance(s, Assign) and is_draw(s.value)

    def block(body: Block) -> None:
        for k, s in enumerate(body):
            if isinstance(s, Assign) and defs[s.target] == 1 and s.target not in keep \
                    and not is_array(fn.types.get(s.target)):
                consider(s, body[k + 1:], body)
            for inner in w.blocks(s):
                block(inner)
            if isinstance(s, While):
                test(s)

    def consider(s: Assign, rest: Block, body: Block) -> None:
        name, value = s.target, s.value
        if isinstance(value, (Call,)) or not isinstance(value, (Op, Load, Dim, str, Const)):
            return
        n = uses[name]
        if n == 0:
            return
        size = weight(value)
        if isinstance(value, Const) or everywhere(s) and _steady(value, rest):
            anywhere.add(name)
            accept(name, value, size)
            return
        if n != 1 or size > LIMIT:
            return
        if _chooses(value, folded) and any(isinstance(x, Invoke) and name in w.reads(x) for x in w.walk(rest)):
            return                      # numba does not type a recursive call that a condition interrupts
        reads = free(value)
        raising = _raises(name, value, folded)
        if usable(name, rest, reads, raising) or (
                result_uses[name] == 1 and body is fn.body and not _disturbed(rest, reads)
                and not (raising and any(map(lasting, w.walk(rest))))):
            accept(name, value, size)

    def accept(name: str, value: Rhs, size: int) -> None:
        inputs[name] = free(value)
        folded[name] = value
        weights[name] = size

    def usable(name: str, rest: Block, reads: set[str], raising: bool) -> bool:
        for s in rest:
            if name in w.reads(s):
                if isinstance(s, While):
                    return False
                return total(s, name) <= LIMIT + 4
            if (_disturbed((s,), reads) or raising and lasting(s)) and not w.blocks(s):
                return False
            if w.blocks(s):
                if name in w.read_in(s):
                    return not isinstance(s, (For, While)) and not raising and any(
                        usable(name, b, reads, raising) for b in w.blocks(s)
                        if any(name in w.read_in(x) for x in b))
                if raising or _disturbed((s,), reads):
                    return False
        return False

    def total(s: Stmt, name: str) -> int:
        return sum(weights.get(n, 1) for n in w.reads(s))

    def test(s: While) -> None:
        """The condition of a ``while`` is printed in its head when all of its block folds."""
        if not s.cond or not isinstance(s.test, str):
            return
        for x in s.cond:
            if not isinstance(x, Assign) or isinstance(x.value, Call) or defs[x.target] != 1 \
                    or is_array(fn.types.get(x.target)):
                return
            if uses[x.target] != 1 and x.target not in folded:
                return
        for x in s.cond:
            if x.target not in folded:      # type: ignore[union-attr]
                accept(x.target, x.value, weight(x.value))  # type: ignore[union-attr]

    def _steady(value: Rhs, rest: Block) -> bool:
        names = set(w.rhs_names(value))
        return all(names.isdisjoint(w.bound_in(s)) for s in rest)

    block(fn.body)
    return folded


def _raises(name: str, value: Rhs, folded: Mapping[str, Rhs]) -> bool:
    if isinstance(value, Op) and value.fn in RAISING:
        return True
    return any(_raises(n, folded[n], folded) for n in w.rhs_names(value) if n in folded)


def _chooses(value: Rhs, folded: Mapping[str, Rhs]) -> bool:
    if isinstance(value, Op) and value.fn == "select":
        return True
    return any(_chooses(folded[n], folded) for n in w.rhs_names(value) if n in folded)


def _disturbed(block: Block, reads: set[str]) -> bool:
    """Whether a statement binds one of the names or writes into one of the arrays."""
    return any(not (reads.isdisjoint(w.bound_in(s)) and reads.isdisjoint(w.written_in(s))) for s in block)
