"""What is the same for all threads of a block, and the barriers that therefore all of them reach.

A name is *uniform* if all threads that bind it together bind it to one value: it follows from the block's place, from
numbers given to the kernel, and from arrays that nobody writes to. What a thread does for itself, in a branch that
others do not take or in more iterations of a loop than they have, is not uniform.
"""
from __future__ import annotations

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Block, Effect, For, Function, If, Load, Rhs, Stmt, While
from s2sad.ir import walk as w
from s2sad.ir.intrinsics import BARRIER
from s2sad.ir.types import is_array


def find_uniform(fn: Function) -> frozenset[str]:
    """The uniform names of a kernel, its arrays aside.

    An element of an array in shared memory is uniform if its index is: that threads do not write what others read
    without a barrier between them is proven elsewhere (:mod:`s2sad.cuda.races`).

    >>> from numba import types
    >>> from s2sad.ir import Const, Op
    >>> from s2sad.ir.intrinsics import Intrinsic
    >>> body = (Assign("a", Op("add", ("n", "b"))), Assign("c", Op("add", ("a", "t"))))
    >>> fn = Function("f", ("n", "b", "t"), body, None, types=dict.fromkeys("nbtac", types.int64), intrinsics={
    ...     "b": Intrinsic("cuda.blockIdx.x", "place", types.int64),
    ...     "t": Intrinsic("cuda.threadIdx.x", "place", types.int64)})
    >>> sorted(find_uniform(fn))
    ['a', 'b', 'n']
    """
    written = {a for s in w.walk(fn.body) for a in w.written(s)}
    shared = {n for n, i in fn.intrinsics.items() if i.space == "shared"}
    same = {n for n in fn.params if is_array(fn.types.get(n)) and n not in written and n not in fn.intrinsics} | shared
    varying = {n for n, i in fn.intrinsics.items() if i.space == "place" and of_thread(i.text)}

    def differs(value: Rhs) -> bool:
        if isinstance(value, Load) and value.array not in same:
            return True
        return any(n in varying for n in w.rhs_names(value))

    def visit(body: Block, divergent: bool) -> None:
        for s in body:
            if divergent or isinstance(s, Assign) and differs(s.value):
                varying.update(w.binds(s))
            if w.blocks(s):
                apart = divergent or diverges(s, frozenset(varying))
                if apart:
                    varying.update(w.binds(s))
                for b in w.blocks(s):
                    visit(b, apart)

    before = -1
    while len(varying) != before:
        before = len(varying)
        visit(fn.body, False)
    names = {*fn.params, *(n for s in w.walk(fn.body) for n in w.binds(s))}
    return frozenset(n for n in names - varying if not is_array(fn.types.get(n)))


def of_thread(text: str) -> bool:
    """Whether an expression of the place in the grid differs from thread to thread of a block."""
    return "threadIdx" in text or text.startswith("cuda.grid(")


def diverges(s: Stmt, varying: frozenset[str]) -> bool:
    """Whether threads go different ways at a branch or loop."""
    match s:
        case If(test):
            return test in varying
        case For(_, start, stop, step, exit=exit):
            return any(a in varying for a in (start, stop, step, exit))
        case While(_, test, exit=exit):
            return test in varying or exit in varying
    return False


def is_barrier(s: Stmt) -> bool:
    return isinstance(s, Effect) and s.call.fn == BARRIER


def refuse_divergent_barriers(fn: Function, uniform: frozenset[str]) -> None:
    """Raise for the first barrier that some threads of a block may not reach while others wait there."""
    varying = frozenset({*fn.params, *(n for s in w.walk(fn.body) for n in w.binds(s))} - uniform)

    def visit(body: Block, around: Stmt | None) -> None:
        for s in body:
            if is_barrier(s) and around is not None:
                raise UnsupportedSyntax(
                    "not all threads of a block reach this barrier", loc=s.loc, code="S2S083",
                    why=f"what line {around.loc.line} decides is not seen to be the same for all of them",
                    hint="guard what threads do between barriers, not the barriers; no thread may return before one")
            for b in w.blocks(s):
                visit(b, s if around is None and diverges(s, varying) else around)

    visit(fn.body, None)
