"""Formulas of partial derivatives over complex numbers: their functions, and their conjugates.

>>> from s2sad.transform.formulas import Node
>>> for_complex(Node("div", (Const(1), "z")), lambda a: a == "z")
Node(fn='np.divide', args=(Const(value=1), 'z'))
>>> conjugated(Node("mul", (Const(2), "z")), lambda a: a == "z")
Node(fn='mul', args=(Const(value=2), Node(fn='np.conj', args=('z',))))
"""
from __future__ import annotations

from collections.abc import Callable

from s2sad.ir import Atom, Const
from s2sad.transform.formulas import Formula, Node

IsComplex = Callable[[Atom], bool]
"""Which of a formula's names and literals are complex numbers; the name of the result is among them."""

REAL_VALUED = frozenset({"abs", "np.abs", "np.real", "np.imag", "np.angle", "cmath.phase", "lt", "le", "gt", "ge", "eq",
                         "ne", "not", "and_", "or_"})
COMPLEX_VALUED = frozenset({"complex", "times_i", "complex_sech2"})


def is_complex_formula(f: Formula, is_complex: IsComplex) -> bool:
    """Whether the value of a formula is a complex number."""
    if not isinstance(f, Node):
        return is_complex(f)
    if f.fn in REAL_VALUED:
        return False
    if f.fn in COMPLEX_VALUED:
        return True
    return any(is_complex_formula(a, is_complex) for a in (f.args[1:] if f.fn == "select" else f.args))


def for_complex(f: Formula, is_complex: IsComplex) -> Formula:
    """The formula with operations that exist on complex numbers, and that do not raise.

    A function of an operand that happens to be real is the complex one: ``sqrt(x)`` of a negative ``x`` is imaginary.
    The operand is made complex first of all: ``-(complex(x) - 1)`` lies below the cut, ``complex(-(x - 1))`` on it.
    """
    if not isinstance(f, Node):
        return f
    args = tuple(for_complex(a, is_complex) for a in f.args)
    complex_args = any(is_complex_formula(a, is_complex) for a in args)
    fn = f.fn
    if fn == "div" and complex_args:
        fn = "np.divide"
    elif fn == "pow" and complex_args and not (isinstance(args[1], Const) and args[1].value in (1, 2, 3, 4, 5, 6)):
        fn = "np.power"
    elif fn.startswith("math."):
        fn = f"np.{fn.removeprefix('math.')}"
        if not complex_args:
            args = tuple(map(_promoted, args))
    return Node(fn, args)


def _promoted(f: Formula) -> Formula:
    if isinstance(f, Node):
        return Node(f.fn, tuple(map(_promoted, f.args)))
    return f if isinstance(f, Const) else Node("complex", (f,))


def conjugated(f: Formula, is_complex: IsComplex) -> Formula:
    """The complex conjugate of a formula; of one with real values the formula itself."""
    if not is_complex_formula(f, is_complex):
        return f
    match f:
        case Const(value):
            # Without a negative zero as real part: that has no plain literal.
            turned = complex(value.real, -value.imag)
            return Const(turned) if turned.imag >= 0.0 else Node("neg", (Const(complex(0.0 - value.real, value.imag)),))
        case Node("neg", (a,)):
            return Node("neg", (conjugated(a, is_complex),))
        case Node("mul" | "np.divide" as fn, (a, b)) if not isinstance(a, Node) or not isinstance(b, Node):
            if not is_complex_formula(a, is_complex) or not is_complex_formula(b, is_complex):
                return Node(fn, (conjugated(a, is_complex), conjugated(b, is_complex)))
        case Node("select", (c, a, b)):
            return Node("select", (c, conjugated(a, is_complex), conjugated(b, is_complex)))
        case Node("np.conj", (a,)):
            return a
    return Node("np.conj", (f,))
