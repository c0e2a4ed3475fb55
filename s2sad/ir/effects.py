"""Which right-hand sides may be dropped, moved or repeated."""
from __future__ import annotations

from s2sad.ir.nodes import Assign, Block, Call, Effect, For, Invoke, Op, Raise, Rhs, While
from s2sad.ir.walk import walk

RAISING = {
    "nonzero": ("ZeroDivisionError", "division by zero"),
    "extent": ("ValueError", "operands could not be broadcast together"),
    "list_index": ("IndexError", "list index out of range"),
}
"""Operations evaluated also for the error they may raise, and that error."""

PURE_CALLS = frozenset({"np.dot", "np.transpose", "np.copy"})


def is_pure(rhs: Rhs) -> bool:
    """No effect besides its value."""
    if isinstance(rhs, Op):
        return rhs.fn not in RAISING and "@" not in rhs.fn       # what a user's function does is not known
    if isinstance(rhs, Call):
        return rhs.fn in PURE_CALLS
    return True


def has_effect(block: Block) -> bool:
    """Whether a block prints or may raise by its own statements."""
    return any(isinstance(s, (Raise, Effect)) or isinstance(s, Assign) and not is_pure(s.value)
               or isinstance(s, Invoke) and not s.pure for s in walk(block))


def is_loop(s: object) -> bool:
    return isinstance(s, (For, While))
