"""Whether a gradient may be computed with plain products first, and again with strong zeros where that shows a NaN."""
from __future__ import annotations

from s2sad.ir import Assign, Call, Effect, Function, Invoke, Op, Rhs
from s2sad.ir import walk as w
from s2sad.ir.draws import GENERATOR, NUMPY
from s2sad.ir.types import is_complex


def shows_plain_products(fn: Function) -> bool:
    """Whether plain products in the reverse sweep of ``fn`` give the same gradient, or one with a NaN in it.

    A product ``b * p`` differs from the strong zero only where ``b`` is zero and ``p`` is not finite, and is NaN there.
    Adjoints are only added, subtracted and multiplied, none decides a branch, so the NaN reaches whatever the zero
    would have been part of: what has no NaN is the same. That takes a function without products of its own that are
    strong zeros (a derivative that is differentiated again may branch on them), without complex numbers, whose products
    are taken apart, and one that may run a second time: no effects, no random numbers.
    """
    if any(map(is_complex, fn.types.values())):
        return False
    return not any(isinstance(s, Effect | Invoke) or isinstance(s, Assign) and _forbids(s.value)
                   for s in w.walk(fn.body))


def _forbids(value: Rhs) -> bool:
    match value:
        case Op("zmul"):
            return True
        case Call(name):
            return name.startswith((NUMPY, GENERATOR))
    return False
