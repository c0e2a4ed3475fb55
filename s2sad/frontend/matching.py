"""``match`` becomes ``if``: the subject is evaluated once, patterns are tests of literals, captures are assignments."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.frontend.comparisons import literal_comparison
from s2sad.ir.nodes import Arg, Assign, Atom, Const, ElementType, If, Op, ShapeOf, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.flatten import Flattener


def match_statement(flat: Flattener, node: gast.Match) -> None:
    """Emit a ``match``.

    ``match n: case 1 | 2: a; case k if k > 5: b; case _: c`` becomes
    ``if n == 1 or n == 2: a`` ``else: k = n; if k > 5: b; else: c``.
    """
    subject = flat.value(node.subject)
    # A case may assign the name that is matched.
    subject = flat.protected(subject, names_in(subject))
    _cases(flat, subject, node.cases)


def names_in(value: Arg) -> set[str]:
    if isinstance(value, TupleArg):
        return set().union(*map(names_in, value.items))
    return {value} if isinstance(value, str) else {value.array} if isinstance(value, (ShapeOf, ElementType)) else set()


def _cases(flat: Flattener, subject: Arg, cases: list) -> None:
    if not cases:
        return
    case, rest = cases[0], cases[1:]
    loc = flat.loc = flat.user.loc(case.pattern)
    captures: list[tuple[str, Arg, gast.AST]] = []
    test = _pattern(flat, subject, case.pattern, captures)

    def taken() -> None:
        for name, value, where in captures:
            flat.bind(name, value, flat.user.loc(where))

    if case.guard is not None:
        decided = flat.names.flag("matches")

        def guarded() -> None:
            taken()
            flat.emit(Assign(decided, flat.as_value(flat.rhs(case.guard)), loc))  # type: ignore[arg-type]

        a, b = flat.alternatives(guarded, lambda: flat.emit(Assign(decided, Const(False), loc)), loc)
        if test == Const(False):
            _cases(flat, subject, rest)
            return
        for s in a if test == Const(True) else (If(test, a, b, loc),):
            flat.emit(s)
        test, captures = decided, []
    if test == Const(True):
        taken()
        flat.statements(case.body)
    elif test == Const(False):
        _cases(flat, subject, rest)
    else:
        def body() -> None:
            taken()
            flat.statements(case.body)

        then, orelse = flat.alternatives(body, lambda: _cases(flat, subject, rest), loc)
        flat.emit(If(test, then, orelse, loc))


def _pattern(flat: Flattener, subject: Arg, node: gast.AST, captures: list) -> Atom:
    """Whether a pattern matches, and what it captures."""
    match node:
        case gast.MatchValue():
            return _equal(flat, flat.as_atom(subject, node), flat.atom(node.value))
        case gast.MatchSingleton(value=None):
            if isinstance(subject, str):
                # Whether a parameter is None is known from its type, later.
                return flat.temporary(Op("is_", (subject, Const(None))))
            return Const(subject == Const(None))
        case gast.MatchSingleton():
            flat.refuse("'True' and 'False' as patterns are not supported yet", node, hint="use 'if'")
        case gast.MatchAs():
            test: Atom = Const(True)
            if node.pattern is not None:
                test = _pattern(flat, subject, node.pattern, captures)
            if node.name is not None:
                captures.append((node.name, subject, node))
            return test
        case gast.MatchOr():
            inner: list = []
            tests = [_pattern(flat, subject, p, inner) for p in node.patterns]
            if inner:
                flat.refuse("a capture in alternatives is not supported yet", node, hint="write separate cases")
            return _combined(flat, tests, every=False)
        case gast.MatchSequence():
            if any(isinstance(p, gast.MatchStar) for p in node.patterns):
                flat.refuse("'*' in a pattern is not supported yet", node, hint="match the elements one by one")
            if not isinstance(subject, TupleArg):
                flat.refuse("a sequence pattern is supported for tuples only", node, code="S2S007", hint="use 'if'")
            if len(subject.items) != len(node.patterns):
                return Const(False)
            tests = [_pattern(flat, i, p, captures) for i, p in zip(subject.items, node.patterns)]
            return _combined(flat, tests, every=True)
    flat.refuse("this pattern is not supported yet", node, hint="use 'if'")


def _equal(flat: Flattener, left: Atom, right: Atom) -> Atom:
    decided = literal_comparison("eq", left, right)
    if decided is None and Const(None) in (left, right):
        return Const(left == right)
    return flat.temporary(Op("eq", (left, right))) if decided is None else decided


def _combined(flat: Flattener, tests: list[Atom], every: bool) -> Atom:
    """All tests, or any of them; they have no effects, so that it does not matter that each was made."""
    if Const(not every) in tests:
        return Const(not every)
    open_ = [t for t in tests if not isinstance(t, Const)]
    if not open_:
        return Const(every)
    result = open_[0]
    for t in open_[1:]:
        both = flat.names.temp()
        flat.emit(Assign(both, result, flat.loc))
        inner = (Assign(both, t, flat.loc),)
        flat.emit(If(result, inner, (), flat.loc) if every else If(result, (), inner, flat.loc))
        result = both
    return result
