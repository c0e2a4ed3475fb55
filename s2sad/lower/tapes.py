"""Tapes of generated code, when that code is differentiated again.

Before::

    tape = grown(tape, needed)      # another array under the same name

after: a :class:`~s2sad.ir.nodes.Grow` statement, which keeps the tape one array whose capacity is raised.
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import Assign, Call, Function, Grow, Op, Stmt
from s2sad.ir import walk as w


def recognise_growth(fn: Function) -> Function:
    """Make the assignments of grown tapes growth of the tape itself.

    >>> fn = Function("f", ("tape", "n"), (Assign("tape", Op("grown", ("tape", "n"))),), "tape")
    >>> grow, = recognise_growth(fn).body
    >>> type(grow).__name__, grow.array, grow.needed
    ('Grow', 'tape', 'n')
    """
    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(target, Op("grown", (array, needed)) | Call("grown", (array, needed))) if target == array:
                return (Grow(target, needed, s.loc),)  # type: ignore[arg-type]
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit))
