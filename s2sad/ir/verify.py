"""The IR checker, run after every pass in the tests."""
from __future__ import annotations

from s2sad.ir import walk as w
from s2sad.ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Increment,
    Load,
    Op,
    Permute,
    Raise,
    Stmt,
    Store,
    While,
)
from s2sad.ir.types import is_array

ARITY = {"add": 2, "sub": 2, "mul": 2, "div": 2, "floordiv": 2, "mod": 2, "pow": 2, "neg": 1, "pos": 1, "not": 1,
         "lt": 2, "le": 2, "gt": 2, "ge": 2, "eq": 2, "ne": 2, "select": 3, "zmul": 2, "nonzero": 1, "clamp": 2,
         "extent": 2}


class InvalidIR(AssertionError):
    """A pass has produced IR that breaks an invariant; says which and where."""


def verify(fn: Function, *, lowered: bool = True) -> None:
    """Check the invariants of ``ir/nodes.py``.

    Every name is bound on some path before it is read; loop variables are neither assigned in their body nor read
    outside; an exit flag is bound in its loop; a swap's sources are a permutation of its targets; operators have their
    number of operands. With ``lowered``, elements are accessed with one index per axis, and no array is subscripted.

    Raises
    ------
    InvalidIR
        If one does not hold.
    """
    _Verifier(fn, lowered).run()


class _Verifier:
    def __init__(self, fn: Function, lowered: bool) -> None:
        self.fn, self.lowered = fn, lowered
        self.loop_vars: set[str] = {s.var for s in w.walk(fn.body) if isinstance(s, For)}

    def run(self) -> None:
        if len(set(self.fn.params)) != len(self.fn.params):
            self.fail(None, "a parameter name occurs twice")
        bound = self.block(self.fn.body, set(self.fn.params), frozenset())
        for n in w.result_names(self.fn.result):
            if n not in bound:
                self.fail(None, f"result {n} is never bound")

    def fail(self, s: Stmt | None, message: str) -> None:
        raise InvalidIR(f"{self.fn.name}: {message}" + (f" in {s!r}" if s is not None else ""))

    def block(self, body: Block, bound: set[str], inside: frozenset[str]) -> set[str]:
        for s in body:
            bound = self.statement(s, bound, inside)
        return bound

    def statement(self, s: Stmt, bound: set[str], inside: frozenset[str]) -> set[str]:
        for n in w.reads(s):
            late = isinstance(s, (For, While)) and n == s.exit or isinstance(s, While) and n == s.test
            if n not in bound and not late:
                self.fail(s, f"{n} is read but bound on no path before")
            if n in self.loop_vars and n not in inside:
                self.fail(s, f"loop variable {n} is read outside its loop")
        for n in w.binds(s):
            if n in inside:
                self.fail(s, f"loop variable {n} is assigned in its loop")
        match s:
            case If(_, then, orelse):
                return self.block(then, set(bound), inside) | self.block(orelse, set(bound), inside)
            case For(var, body=body):
                self.control(s)
                after = self.block(body, bound | self.later(body) | {var}, inside | {var})
                return (bound | after | set(w.binds(s))) - {var}
            case While(cond, _, body):
                self.control(s)
                first = self.block(cond, bound | self.later((*cond, *body)), inside)
                if isinstance(s.test, str) and s.test not in first:
                    self.fail(s, f"{s.test} is tested but never bound")
                return self.block(body, first, inside) | set(w.binds(s))
            case Permute(targets, sources):
                if sorted(targets) != sorted(sources):
                    self.fail(s, "a swap that is not a permutation")
            case Assign(_, value):
                self.rhs(s, value)
            case Store(array, index) | Increment(array, index):
                self.access(s, array, index)
            case Raise() | _:
                pass
        return bound | set(w.binds(s))

    def later(self, body: Block) -> set[str]:
        """What an earlier iteration may have bound."""
        return {n for s in w.walk(body) for n in w.binds(s)} - self.loop_vars

    def control(self, s: For | While) -> None:
        inner = {n for b in w.blocks(s) for x in w.walk(b) for n in w.binds(x)}
        if s.exit is not None and s.exit not in inner:
            self.fail(s, f"exit flag {s.exit} is never set")
        if isinstance(s, For):
            for a in (s.start, s.stop, s.step):
                if a in inner:
                    self.fail(s, f"bound {a} is assigned in the loop")

    def rhs(self, s: Stmt, value: object) -> None:
        match value:
            case Op(fn, args):
                if fn in ARITY and len(args) != ARITY[fn]:
                    self.fail(s, f"{fn} with {len(args)} operands")
                if any(not isinstance(a, (str, Const)) for a in args):
                    self.fail(s, f"{fn} of something that is no atom")
            case Load(array, index):
                self.access(s, array, index)
            case Call():
                pass

    def access(self, s: Stmt, array: str, index: tuple) -> None:
        t = self.fn.types.get(array)
        if self.lowered and is_array(t) and len(index) != t.ndim:  # type: ignore[union-attr]
            self.fail(s, f"{array} has {t.ndim} axes, accessed with {len(index)} indices")  # type: ignore[union-attr]
