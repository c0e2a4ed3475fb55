"""Types found on the IR itself: numba says what each operation gives, and is spared its front end.

This is numba's inference without the way through bytecode: types follow from types, in the order of the program, until
nothing grows any more. A function is typed here only if all of it is known and its types do not depend on that order;
anything else, errors included, is left to :mod:`s2sad.frontend.infer`, which prints the function and asks numba.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from numba.core import types
from numba.core.types.misc import unliteral

from s2sad.frontend.operations import Operations, Unresolved
from s2sad.frontend.values import UNDEFINED, Rule, Values, is_plain
from s2sad.ir.nodes import Function


def direct_types(fn: Function, argtypes: Mapping[str, types.Type], helpers: Mapping[str, object],
                 operations: Operations) -> tuple[dict[str, types.Type], types.Type] | None:
    """What :func:`~s2sad.frontend.infer.infer` gives, or ``None`` for a function that is not decided here."""
    try:
        return _Types(Values(fn, argtypes, helpers, operations), operations).solved()
    except Unresolved:
        return None


class _Types:
    """The types of values, growing."""

    def __init__(self, values: Values, operations: Operations) -> None:
        self.values, self.operations = values, operations
        self.held = values.types
        self.joins = values.joins

    def solved(self) -> tuple[dict[str, types.Type], types.Type]:
        values, used = self.values, self.used()
        rules = [r for r in values.rules if r.find is not None or r.target in used]
        if any(self.decided(t) for t in values.tests):
            raise Unresolved                                     # numba prunes a branch
        while self.grow(rules):
            pass
        found: dict[str, dict[types.Type, None]] = {}
        for k, name in values.named.items():
            if k in used or k not in self.joins:
                found.setdefault(name, {})[unliteral(self.known(k))] = None
        result = types.none if values.result is None else unliteral(self.known(values.result))
        return {n: self.one(tuple(found[n])) for n in sorted(found)}, result

    def known(self, k: int) -> types.Type:
        t = self.held[k]
        if t is None:
            raise Unresolved
        return t

    def one(self, kinds: tuple[types.Type, ...]) -> types.Type:
        """The type of a name by those of all its values."""
        one = unliteral(self.operations.one(kinds))
        if isinstance(one, types.Float) and all(isinstance(t, types.Integer) for t in kinds):
            one = types.int64          # loops that share a counter's name, over signed and unsigned bounds
        if not is_plain(one):
            raise Unresolved
        return one

    def used(self) -> set[int]:
        """The joins that something else than a join reads: numba has no others."""
        reads = {k for r in self.values.rules for k in r.args}
        if self.values.result is not None:
            reads.add(self.values.result)
        used = reads & self.joins.keys()
        pending = list(used)
        while pending:
            for k in self.joins[pending.pop()]:
                if k in self.joins and k not in used:
                    used.add(k)
                    pending.append(k)
        return used

    def grow(self, rules: Sequence[Rule]) -> bool:
        """Follow the rules once, in order; whether anything has grown that was read before."""
        complete = True
        held = self.held
        for r in rules:
            if r.find is None:
                self.meet(r.target)
                continue
            args = [held[a] for a in r.args]
            if None in args:
                complete = False
                continue
            try:
                new, old = r.find(*args), held[r.target]
                if old is not None and old is not new and self.operations.both(old, new) is not new:
                    raise Unresolved                             # a trace of what was believed before
                held[r.target] = new
            except Unresolved:
                complete = False                                 # it may fit when types have grown
        joins = [r.target for r in rules if r.find is None]
        if any([self.meet(k) for k in joins]):
            return True
        if not complete:
            raise Unresolved
        for k in joins:
            kinds = dict.fromkeys(self.known(v) for v in self.joins[k] if v != UNDEFINED)
            if self.operations.one(kinds) is not self.known(k):
                raise Unresolved                                 # the order in which values met would matter
        return False

    def meet(self, k: int) -> bool:
        """Let the type of a join grow by those of the values that meet; whether it did."""
        before = now = self.held[k]
        for v in self.joins[k]:
            t = self.held[v] if v != UNDEFINED else None
            if t is not None:
                now = t if now is None else self.operations.both(now, t)
        self.held[k] = now
        return now is not before

    # -- branches that numba decides

    def source(self, k: int) -> int | None:
        """The one value that this is a copy of, if there is one."""
        roots: set[int] = set()
        pending, seen = [k], {k}
        while pending:
            v = pending.pop()
            if v in self.joins:
                following: Sequence[int] = self.joins[v]
            elif len(self.values.decisions.get(v, ())) == 1:
                following = self.values.decisions[v]
            else:
                roots.add(v)
                continue
            for f in following:
                if f != UNDEFINED and f not in seen:
                    seen.add(f)
                    pending.append(f)
        return roots.pop() if len(roots) == 1 else None

    def decided(self, k: int) -> bool:
        """Whether a test is a literal, or an operator on two."""
        source = self.source(k)
        if source is None:
            return False
        return all(self.source(a) in self.values.constants for a in self.values.decisions.get(source, (source,)))
