"""``s = s + e`` is written ``s += e``, and of an adjoint or a tangent ``b = b + e - f`` is ``b += e - f``.

The author's own sums stay in the order they were written in, which decides how they are rounded.
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import Assign, Atom, AugAssign, Const, Function, Op, Rhs, Stmt
from s2sad.ir import walk as w

Term = tuple[int, Atom]


def augment(fn: Function, folded: dict[str, Rhs], author: frozenset[str] = frozenset()) -> Function:
    """Use augmented assignments; ``folded`` gets the expressions this makes (it maps names to what they stand for).
    Names in ``author`` are the author's.

    >>> fn = Function("f", ("s", "e"), (Assign("s", Op("add", ("s", "e"))),), "s")
    >>> new, = augment(fn, {}).body
    >>> new.target, new.op, new.value
    ('s', 'add', 'e')
    """

    def terms(value: Rhs, target: str) -> list[Term] | None:
        """The summands of a sum that starts with ``target``."""
        match value:
            case Op("add" | "sub" as op, (a, b)) if b != target and not (
                    isinstance(b, str) and target in _inputs(b, folded)):
                sign = 1 if op == "add" else -1
                if a == target:
                    return [(sign, b)]
                if isinstance(a, str) and a in folded and target.startswith(("b_", "d_")) and target not in author:
                    first = terms(folded[a], target)
                    return None if first is None else [*first, (sign, b)]
        return None

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(t, value) if value == t:
                return ()
            case Assign(t, value) if (found := terms(value, t)) is not None:
                (sign, total), *rest = found
                for other, b in rest:
                    name = f"%{t}+{len(folded)}"
                    folded[name] = Op("add" if other == sign else "sub", (total, b))
                    total = name
                return (AugAssign(t, "add" if sign > 0 else "sub", total, s.loc),)
            case Assign(t, Op("mul" | "div" as op, (a, b))) if a == t and b != t:
                return (AugAssign(t, op, b, s.loc),)
            case Assign(t, Op("add" | "mul" as op, (a, b))) if b == t and a != t and isinstance(a, (str, Const)):
                return (AugAssign(t, op, a, s.loc),)
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit))


def _inputs(name: str, folded: dict[str, Rhs]) -> set[str]:
    if name not in folded:
        return {name}
    return {leaf for n in w.rhs_names(folded[name]) for leaf in _inputs(n, folded)}
