"""Whether the iterations of a loop may run in any order: they share nothing, or only what they add to.

Names that are sums (``b_c = b_c + e``) and arrays that are only incremented are shared by addition; the order changes
their last digits and nothing else.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from s2sad.ir import (
    Alloc,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Dim,
    For,
    Function,
    If,
    Increment,
    Load,
    Op,
    Permute,
    Rhs,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.types import is_array


class Iterations:
    """Answers for the loops of one function, in which every array name was given its storage by lowering."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.uses = w.use_counts(fn)
        self.shared = _possibly_shared(fn)

    def independent(self, loop: For) -> bool:
        """Whether no iteration sees what another one did.

        >>> body = (Assign("t", Load("x", ("i",))), Increment("b", ("k",), "t"), Assign("s", Op("add", ("s", "t"))))
        >>> loop = For("i", Const(0), "n", Const(1), body)
        >>> Iterations(Function("f", ("x", "b", "k", "s", "n"), (loop,), "s")).independent(loop)
        True
        """
        if loop.exit is not None or loop.trips is not None:
            return False
        inside = tuple(w.walk(loop.body))
        if not all(isinstance(s, Assign | Store | Increment | If | For | While) for s in inside):
            return False
        if any(isinstance(s, Assign) and isinstance(s.value, Call) for s in inside):
            return False
        bound = {n for s in inside for n in w.binds(s)}
        sums = sums_in(inside, bound)
        if any(is_array(self.fn.types.get(n)) and not self._made_here(n, inside) for n in bound):
            return False
        if not bound_first(loop.body, bound - sums, {loop.var}):
            return False
        reads = Counter(n for s in inside for n in w.reads(s))
        if any(self.uses[n] > reads[n] for n in bound - sums):
            return False                        # somebody wants the value of the last iteration
        return all(self._apart(a, loop, inside) for a in _written(inside) if a not in bound)

    def _made_here(self, name: str, inside: tuple[Stmt, ...]) -> bool:
        return name not in self.shared and all(isinstance(s, Assign) and isinstance(s.value, Alloc)
                                               for s in inside if name in w.binds(s))

    def touches(self, array: str, inside: tuple[Stmt, ...]) -> list[tuple[Stmt, tuple[Atom, ...]]]:
        """The statements that read or write elements, with the index; an empty one where the whole array is meant."""
        return list(_touches(array, inside))

    def _apart(self, array: str, loop: For, inside: tuple[Stmt, ...]) -> bool:
        """Whether iterations only add to an array, or touch different parts of it."""
        if array in self.shared:
            return False
        touches = self.touches(array, inside)
        if all(isinstance(s, Increment) for s, _ in touches):
            return True
        if not counts_up(loop):
            return False                        # -1 is another name of the last element
        first = touches[0][1]
        return any(all(len(index) > k and index[k] == loop.var for _, index in touches) for k in range(len(first)))


def _possibly_shared(fn: Function) -> set[str]:
    """Arrays that may have two names."""
    found: set[str] = set()
    for s in w.walk(fn.body):
        match s:
            case Permute(targets, sources) if sorted(targets) != sorted(sources):
                found.update(targets)
            case Assign(target, str(source)) if is_array(fn.types.get(target)):
                found.update((target, source))
            case Assign(target, value) if is_array(fn.types.get(target)) and not isinstance(value, Alloc | Call):
                found.update((target, *w.rhs_names(value)))
    return found


def sums_in(inside: tuple[Stmt, ...], bound: set[str]) -> set[str]:
    """Names whose every mention is ``n = n + e`` or ``n = n - e``."""
    own: Counter[str] = Counter()
    for s in inside:
        match s:
            case Assign(n, Op("add" | "sub", (a, b))) if a == n and b != n:
                own[n] += 1
            case Assign(n, Op("add", (b, a))) if a == n and b != n:
                own[n] += 1
    mentions = Counter(n for s in inside for n in (*w.reads(s), *w.binds(s)))
    return {n for n, k in own.items() if n in bound and mentions[n] == 2 * k}


def bound_first(block: Block, carried: set[str], known: set[str]) -> bool:
    """Whether every name of ``carried`` is bound before it is read; ``known`` grows by what the block binds."""
    for s in block:
        at_once = w.names_in((s.start, s.stop, s.step)) if isinstance(s, For) else w.reads(s)
        if not isinstance(s, While) and any(n in carried and n not in known for n in at_once):
            return False
        match s:
            case If(_, then, orelse):
                left, right = set(known), set(known)
                if not bound_first(then, carried, left) or not bound_first(orelse, carried, right):
                    return False
                known |= left & right
            case For(var, body=body, exit=exit):
                inner = {*known, var}
                if not bound_first(body, carried, inner) or exit in carried - inner:
                    return False
            case While(cond, test, body, exit=exit):
                if not bound_first(cond, carried, known) or test in carried - known:
                    return False
                inner = set(known)
                if not bound_first(body, carried, inner) or exit in carried - inner:
                    return False
        known.update(w.binds(s))
    return True


def _written(inside: tuple[Stmt, ...]) -> set[str]:
    return {a for s in inside for a in w.written(s)}


def _touches(array: str, inside: tuple[Stmt, ...]) -> Iterator[tuple[Stmt, tuple[Atom, ...]]]:
    """The statements that read or write elements, with the index; an empty one where the whole array is meant."""
    for s in inside:
        match s:
            case (Store(a, index) | Increment(a, index)) if a == array:
                yield s, index
            case Assign(value=Load(a, index)) if a == array:
                yield s, index
            case Assign(value=Dim()):
                pass
            case _ if array in w.reads(s):
                yield s, ()


def counts_up(loop: For) -> bool:
    """Whether a loop's counter is never negative: such an index does not wrap to an element another one has."""
    match loop.start, loop.stop, loop.step:
        case Const(int() as start), _, Const(int() as step):
            return start >= 0 and step > 0
        case _, Const(int() as stop), Const(int() as step):
            return stop >= -1 and step < 0
    return False


def offset(value: Rhs | None) -> tuple[Atom | None, int]:
    """A name and what is added to it; nothing for another expression."""
    match value:
        case Op("add", (x, Const(int() as k))):
            return x, k
        case Op("sub", (x, Const(int() as k))):
            return x, -k
    return None, 0
