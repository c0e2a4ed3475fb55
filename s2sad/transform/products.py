"""Products of an adjoint or tangent with a partial derivative; the strong zero where the partial may be infinite."""
from __future__ import annotations

from collections.abc import Callable

from s2sad.ir import Atom, Const, Op, Rhs
from s2sad.transform.formulas import Formula, Node, emit


def weighted(g: Atom, partial: Formula, result: Atom, temp: Callable[[Rhs, str], str], hint: str, *,
             strong_zero: bool, is_integer: Callable[[Atom], bool]) -> tuple[int, Atom]:
    """``(sign, atom)`` of ``g * partial``.

    A zero ``g`` gives zero even where the partial is infinite or undefined (``zmul``); a partial that is an integer, a
    literal, or a choice between literals is neither.

    >>> weighted("b_y", Node("neg", (Const(1.0),)), "y", lambda value, hint: str(value), "b_x", strong_zero=True,
    ...          is_integer=lambda a: False)
    (-1, 'b_y')
    >>> weighted("b_y", "x", "y", lambda value, hint: str(value), "b_x", strong_zero=True, is_integer=lambda a: False)
    (1, "Op(fn='zmul', args=('b_y', 'x'))")
    """
    sign = 1
    while isinstance(partial, Node) and partial.fn == "neg":
        sign, partial = -sign, partial.args[0]
    match partial:
        case Const(complex()):
            return sign, temp(Op("mul", (partial, g)), hint)
        case Const(value) if not isinstance(value, bool):
            if value < 0:
                sign, partial, value = -sign, Const(-value), -value
            if value == 1:
                return sign, g
            return sign, temp(Op("mul", (partial, g)), hint)
        case Node("div" | "np.divide" as fn, (Const(1 | 1.0), Const())):
            return sign, temp(Op(fn, (g, partial.args[1])), hint)  # type: ignore[arg-type]
    if isinstance(partial, Node) and partial.fn == "div" and partial.args[0] in (Const(1), Const(1.0)) and \
            not isinstance(partial.args[1], Node) and is_integer(partial.args[1]):
        return sign, temp(Op("div", (g, partial.args[1])), hint)
    if _is_choice(partial):
        return sign, _chosen(g, partial, result, temp, hint)
    p = emit(partial, result, lambda v: temp(v, _hint(v)))
    plain = not strong_zero or not isinstance(partial, Node) and is_integer(p)
    return sign, temp(Op("mul" if plain else "zmul", (g, p)), hint)


def _hint(value: Rhs) -> str:
    return "test" if isinstance(value, Op) and value.fn in ("lt", "le", "gt", "ge", "eq", "ne", "not") else "p"


def _is_choice(partial: Formula) -> bool:
    """Whether a partial is one of several literals: ``1.0 if x > y else 0.0``."""
    match partial:
        case Node("select", (_, a, b)):
            return all(isinstance(x, Const) or _is_choice(x) for x in (a, b))
    return False


def _chosen(g: Atom, partial: Formula, result: Atom, temp: Callable[[Rhs, str], str], hint: str) -> Atom:
    """``g`` or zero, not ``g`` times one or zero: what is not chosen may be infinite."""
    match partial:
        case Node("select", (c, a, b)):
            test = emit(c, result, lambda v: temp(v, _hint(v)))
            chosen = (test, _chosen(g, a, result, temp, hint), _chosen(g, b, result, temp, hint))
            return temp(Op("select", chosen), hint)
        case Const(1 | 1.0):
            return g
        case Const(0 | 0.0):
            return Const(0.0)
    return temp(Op("mul", (partial, g)), hint)  # type: ignore[arg-type]
