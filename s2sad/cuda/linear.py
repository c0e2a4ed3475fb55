"""Whether integers can satisfy linear constraints: a proof that they cannot, or no answer.

Products of symbols count as symbols of their own. Equations are solved for a symbol with coefficient one; what is left
are inequalities, from which one symbol after another is eliminated (Fourier and Motzkin; A. Schrijver, *Theory of
Linear and Integer Programming*, section 12.2). Coefficients are divided by what they have in common and constants
rounded, so that much of what has fractions for solutions but no integers is seen, too.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

from s2sad.cuda.forms import Form

MOST = 160
"""Inequalities at a time: beyond this there is no answer."""


@dataclass(frozen=True)
class Constraint:
    """``form >= 0``, or ``form == 0``."""

    form: Form
    equal: bool = False


def at_least(a: Form, b: Form) -> Constraint:
    """``a >= b``."""
    return Constraint(a - b)


def less(a: Form, b: Form) -> Constraint:
    """``a < b``."""
    return Constraint(b - a - Form.number(1))


def equal(a: Form, b: Form) -> Constraint:
    """``a == b``."""
    return Constraint(a - b, True)


def impossible(constraints: Iterable[Constraint]) -> bool:
    """Whether no integers satisfy all the constraints; false where that is not seen.

    >>> t, u, s = (Form.symbol(n) for n in "tus")
    >>> zero = Form.number(0)
    >>> known = [at_least(u, zero), less(t, s), less(u, s)]
    >>> impossible([*known, equal(t, u + s)]), impossible([*known, equal(t, u)])
    (True, False)
    >>> impossible([equal(t * Form.number(2), u * Form.number(2) + Form.number(1))])
    True
    """
    equations, inequalities = set[Form](), set[Form]()
    for c in constraints:
        (equations if c.equal else inequalities).add(c.form)
    solved = _without_equations(equations, inequalities)
    return solved is None or _eliminated(solved)


def _without_equations(equations: set[Form], inequalities: set[Form]) -> set[Form] | None:
    """The inequalities once the equations are solved; ``None`` if something has no solution."""
    while equations:
        e = min(equations, key=lambda f: (len(f.terms), f.terms))
        equations.remove(e)
        e = _divided(e, _positive(inequalities))
        constant = e.coefficient()
        g = gcd(*(c for m, c in e.terms if m))
        if g == 0:
            if constant:
                return None
            continue
        if constant % g:
            return None
        e = Form.of({m: c // g for m, c in e.terms})
        pivot = next((m[0] for m, c in e.terms if len(m) == 1 and abs(c) == 1
                      and sum(m[0] in other for other, _ in e.terms) == 1), None)
        if pivot is None:
            inequalities |= {e, e * Form.number(-1)}
            continue
        value = (e - Form.symbol(pivot) * Form.number(e.coefficient(pivot))) * Form.number(-e.coefficient(pivot))
        equations = {f.substituted(pivot, value) for f in equations}
        inequalities = {f.substituted(pivot, value) for f in inequalities}
    return inequalities


def _positive(inequalities: set[Form]) -> set[str]:
    """Symbols that are at least one."""
    return {m[0] for f in inequalities for m, c in f.terms
            if len(m) == 1 and c == 1 and len(f.terms) == 2 and f.coefficient() == -1}


def _divided(e: Form, positive: set[str]) -> Form:
    """An equation without a factor that all its terms have, and that is not zero."""
    while e.terms:
        common = positive.intersection(*(set(m) for m, _ in e.terms))
        if not common:
            return e
        s = min(common)
        terms = {}
        for m, c in e.terms:
            rest = list(m)
            rest.remove(s)
            terms[tuple(rest)] = c
        e = Form.of(terms)
    return e


def _tight(f: Form) -> Form:
    g = gcd(*(c for m, c in f.terms if m))
    return f if g <= 1 else Form.of({m: c // g for m, c in f.terms})


def _eliminated(inequalities: set[Form]) -> bool:
    left = {_tight(f) for f in inequalities}
    while True:
        if any(f.constant is not None and f.constant < 0 for f in left):
            return True
        left = {f for f in left if f.constant is None}
        counts: dict[tuple[str, ...], list[int]] = {}
        for f in left:
            for m, c in f.terms:
                if m:
                    counts.setdefault(m, [0, 0])[c > 0] += 1
        if not counts:
            return False
        m = min(counts, key=lambda m: (counts[m][0] * counts[m][1], m))
        low = [f for f in left if f.coefficient(*m) > 0]
        high = [f for f in left if f.coefficient(*m) < 0]
        left = {f for f in left if f.coefficient(*m) == 0}
        for a in low:
            for b in high:
                left.add(_tight(a * Form.number(-b.coefficient(*m)) + b * Form.number(a.coefficient(*m))))
        if len(left) > MOST:
            return False
