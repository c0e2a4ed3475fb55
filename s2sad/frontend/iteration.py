"""What ``for`` loops run over: ranges, arrays, ``enumerate``, ``zip``, ``np.ndindex``.

::

    for k, v in enumerate(range(a, b, c), 1):     for counter in range(trips):
        ...                                           k = counter + 1
                                                      v = a + counter * c
                                                      ...
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import gast

from s2sad.frontend import structures
from s2sad.frontend.checkpoints import checkpointed
from s2sad.frontend.over_tuples import tuple_iteration
from s2sad.frontend.source import Library
from s2sad.ir.nodes import Arg, Atom, Call, Checkpoints, Const, Dim, GetItem, If, Op, Raise, Rhs, ShapeOf, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.flatten import Flattener

ZERO, ONE = Const(0), Const(1)


@dataclass(frozen=True)
class Iteration:
    """The bounds of a counter, and what the loop's target gets for a value of it."""

    start: Atom
    stop: Atom
    step: Atom
    give: Callable[[str], Arg]
    checkpoints: Checkpoints | None = None
    prange: bool = False


def iteration(flat: Flattener, node: gast.AST) -> Iteration:
    """How to count through an iterable."""
    if isinstance(node, gast.Call):
        match flat.meaning(node.func):
            case Library("range" | "numba.prange" as name):
                if node.keywords or not 1 <= len(node.args) <= 3:
                    flat.refuse("range takes one to three arguments", node,
                                hint="write range(stop), range(start, stop) or range(start, stop, step)")
                bounds = [flat.atom(a) for a in node.args]
                if len(bounds) == 1:
                    bounds.insert(0, ZERO)
                step = bounds[2] if len(bounds) == 3 else ONE
                if step == ZERO:
                    flat.refuse("the step of a range is zero", node, code="S2S014", hint="give a step that is not 0")
                if isinstance(step, str):
                    # Said here, as a loop that nothing needs is left out.
                    wrong = flat.temporary(Op("eq", (step, ZERO)))
                    raised = Raise("ValueError", "range() arg 3 must not be zero", flat.loc)
                    flat.emit(If(wrong, (raised,), (), flat.loc))
                return Iteration(bounds[0], bounds[1], step, lambda k: k, prange=name == "numba.prange")
            case Library("checkpointed"):
                loop, how = checkpointed(flat, node)
                return replace(iteration(flat, loop), checkpoints=how)
            case Library("enumerate") if len(node.args) in (1, 2) and not node.keywords:
                first = flat.atom(node.args[1]) if len(node.args) == 2 else ZERO
                if isinstance(first, str):
                    first = flat.temporary(first)          # the body may assign it
                inner = from_zero(flat, iteration(flat, node.args[0]))

                def numbered(k: str) -> Arg:
                    return TupleArg((k if first == ZERO else flat.temporary(Op("add", (k, first))), inner.give(k)))

                return Iteration(inner.start, inner.stop, inner.step, numbered)
            case Library("zip") if node.args and not node.keywords:
                parts = [from_zero(flat, iteration(flat, a)) for a in node.args]
                least = parts[0].stop
                for p in parts[1:]:
                    least = flat.temporary(Op("min", (least, p.stop)))
                return Iteration(ZERO, least, ONE, lambda k: TupleArg(tuple(p.give(k) for p in parts)))
            case Library("np.ndindex"):
                return counted_through(flat, ndindex(flat, node, 0))
    held = flat.value(node)
    if isinstance(held, TupleArg) and structures.is_records(held):
        records = held
        return Iteration(ZERO, flat.temporary(structures.length_of(flat, held, node)), ONE,
                         lambda k: structures.records_at(flat, records, (k,), node))
    if isinstance(held, TupleArg) and (held.container is None or held.container.what in ("list", "namedtuple")):
        return Iteration(*tuple_iteration(flat, held, node))
    if not isinstance(held, str):
        flat.refuse("a loop over this is not supported yet", node, hint="loop over range(...)")
    array = flat.temporary(held) if isinstance(node, gast.Name) else held
    size = Call("iterated", (array,)) if array in flat.names.lists else Dim(array, 0)
    return Iteration(ZERO, flat.temporary(size), ONE, lambda k: flat.temporary(GetItem(array, (k,))))


def from_zero(flat: Flattener, of: Iteration) -> Iteration:
    """The same values for a counter that goes up from 0 by 1."""
    if of.start == ZERO and of.step == ONE:
        return of

    def kept(a: Atom) -> Atom:
        return flat.temporary(a) if isinstance(a, str) else a

    start, step = kept(of.start), kept(of.step)
    if isinstance(step, Const):
        unit: Atom = Const(1 if step.value > 0 else -1)
    else:
        unit = flat.temporary(Op("lt", (step, ZERO)))
        unit = flat.temporary(Op("select", (unit, Const(-1), ONE)))
    span: Rhs = Op("sub", (of.stop, start))
    for fn, by in (("add", step), ("sub", unit), ("floordiv", step)):
        span = Op(fn, (flat.temporary(span), by))

    def give(k: str) -> Arg:
        at = k if step == ONE else flat.temporary(Op("mul", (k, step)))
        return of.give(at if start == ZERO else flat.temporary(Op("add", (start, at))))

    return Iteration(ZERO, flat.temporary(span), ONE, give)


# ---------------------------------------------------------------------------- np.ndindex

def ndindex(flat: Flattener, node: gast.AST, rank: int) -> list[Atom] | None:
    """The extents ``np.ndindex`` runs through; ``None`` where the node is no call of it.

    ``rank`` is the number of targets, which tells how many axes a shape has (0: there is one target).
    """
    if not isinstance(node, gast.Call) or flat.meaning(node.func) != Library("np.ndindex") or node.keywords:
        return None
    args = [flat.value(a) for a in node.args]
    if len(args) == 1 and isinstance(args[0], TupleArg):
        args = list(args[0].items)
        if not args and flat.names.known is not None:
            return []
    elif len(args) == 1 and isinstance(args[0], ShapeOf):
        if not rank:
            flat.refuse("np.ndindex over a shape needs a target for each axis: not supported otherwise yet", node,
                        hint="write `for i, j in np.ndindex(a.shape)`")
        array = args[0].array
        args = [flat.temporary(Dim(array, k)) for k in range(rank)]
    if not args:
        flat.refuse("np.ndindex without sizes is not supported", node, hint="give the sizes: `np.ndindex(n, m)`")
    sizes = [flat.as_atom(a, node) for a in args]
    return [flat.temporary(a) if isinstance(a, str) else a for a in sizes]


def counted_through(flat: Flattener, sizes: list[Atom] | None) -> Iteration:
    """All index tuples by one counter."""
    assert sizes is not None
    total = sizes[0]
    for n in sizes[1:]:
        total = flat.temporary(Op("mul", (total, n)))

    def give(k: str) -> Arg:
        out: list[Arg] = []
        for n in reversed(sizes[1:]):
            out.append(flat.temporary(Op("mod", (k, n))))
            k = flat.temporary(Op("floordiv", (k, n)))
        return TupleArg((k, *reversed(out)))

    return Iteration(ZERO, total, ONE, give)


def has_break(body: list[gast.AST]) -> bool:
    """Whether a ``break`` belongs to the loop with this body."""
    for s in body:
        if isinstance(s, gast.Break):
            return True
        nested: list[gast.AST] = [] if isinstance(s, (gast.For, gast.While)) else list(getattr(s, "body", ()))
        nested += getattr(s, "orelse", ())
        nested += [x for c in getattr(s, "cases", ()) for x in c.body]
        if has_break(nested):
            return True
    return False
