"""What is known at each statement of a kernel because of the branches around it.

In ``if i < n and k == 0: a[i] = x`` the store knows ``i < n`` and ``k == 0``.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s2sad.cuda.forms import Form, Forms
from s2sad.ir import Assign, Atom, Block, Function, If, Op, Stmt
from s2sad.ir import walk as w

OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Fact:
    """``left op right``, with ``op`` one of ``lt``, ``le``, ``eq``."""

    op: str
    left: Form
    right: Form


class Guards:
    """The facts at each statement."""

    def __init__(self, fn: Function, forms: Forms) -> None:
        self.forms = forms
        self.at: dict[Stmt, tuple[Fact, ...]] = {}
        self._visit(fn.body, ())

    def _visit(self, body: Block, known: tuple[Fact, ...]) -> None:
        for k, s in enumerate(body):
            self.at[s] = known
            if isinstance(s, If):
                self._visit(s.then, (*known, *self._facts(s.test, body[:k], True)))
                self._visit(s.orelse, (*known, *self._facts(s.test, body[:k], False)))
            else:
                for b in w.blocks(s):
                    self._visit(b, known)

    def _facts(self, test: Atom, before: Block, holds: bool) -> Iterator[Fact]:
        """What follows from a test that gave true, or false; ``before`` are the statements that led to it.

        ``a and b`` is ``t = a``, and then ``if t: t = b``; ``a or b`` has the second in the other branch.
        """
        for k in range(len(before) - 1, -1, -1):
            s = before[k]
            if isinstance(s, If) and test in w.bound_in(s):
                decided, other = (s.then, s.orelse) if holds else (s.orelse, s.then)
                if s.test == test and not other and test in {n for x in decided for n in w.binds(x)}:
                    yield from self._facts(test, before[:k], holds)
                    yield from self._facts(test, decided, holds)
                return
            if test in w.bound_in(s):
                if isinstance(s, Assign):
                    yield from self._of(s, before[:k], holds)
                return

    def _of(self, s: Assign, before: Block, holds: bool) -> Iterator[Fact]:
        match s.value:
            case str(other):
                yield from self._facts(other, before, holds)
            case Op("not", (other,)):
                yield from self._facts(other, before, not holds)
            case Op(fn, (a, b)) if fn in OPPOSITE:
                op = fn if holds else OPPOSITE[fn]
                left, right = self.forms.of(a), self.forms.of(b)
                if not all(self.forms.is_stable(n) for n in left.symbols() | right.symbols()):
                    return                                       # it may be another number by the time of the access
                if op in ("gt", "ge"):
                    yield Fact("lt" if op == "gt" else "le", right, left)
                elif op != "ne":
                    yield Fact(op, left, right)
