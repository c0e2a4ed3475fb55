"""Threads of a block do not meet in an element of shared memory between two barriers: proven, or refused.

If one thread writes an element, no other may access it before the next barrier; several may read it, or add to it
atomically. Then the values do not depend on the order in which threads run, and the adjoint, between the mirrored
barriers, has the same property: what a thread reads it increments atomically, and only the thread that wrote an element
resets its shadow and restores what was there before.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

from s2sad.cuda.forms import AXES, Form, block_size, thread
from s2sad.cuda.linear import Constraint, equal, impossible, less
from s2sad.cuda.phases import Access, find_phases
from s2sad.cuda.symbolic import Symbolic, varies
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Const, For, Function, Loc, Op
from s2sad.ir import walk as w

HARMLESS = ({"load"}, {"atomic"})


@dataclass(frozen=True)
class Largest:
    """The largest extents that a block may have, and where its threads may meet if it is larger."""

    extents: Mapping[str, int] = field(default_factory=dict)
    loc: Loc | None = None


def largest_blocks(fn: Function, uniform: frozenset[str]) -> Largest:
    """Prove that threads do not meet in shared memory, or raise for the first two accesses that may.

    Where it depends on how large a block is, as in a tile with a margin, the largest size that is seen to be right is a
    condition of the launch; it is what is returned.
    """
    symbolic = Symbolic(fn, uniform)
    places = [thread(a) for a in AXES if _knows(fn, a)]
    open_ = [pair for phase in find_phases(fn, symbolic) for pair in _pairs(phase)
             if not _cannot_meet(*pair, fn, symbolic, places, ())]
    if not open_:
        return Largest()
    for size in sorted(_sizes(fn), reverse=True):
        limits = {f"blockDim.{p[-1]}": size for p in places}
        known = tuple(Constraint(Form.number(n) - Form.symbol(b)) for b, n in limits.items())
        if all(_cannot_meet(*pair, fn, symbolic, places, known) for pair in open_):
            return Largest(limits, open_[0][1].s.loc)
    _refuse(*open_[0])
    raise AssertionError


def _knows(fn: Function, axis: str) -> bool:
    """Whether the kernel asks for its place along an axis; a block has one thread along the others."""
    at = AXES.index(axis)
    return any(i.space == "place" and (i.text == f"cuda.threadIdx.{axis}" or i.text.startswith("cuda.grid(")
                                       and (i.text == "cuda.grid(1)" and at == 0 or i.text.endswith(f"[{at}]")))
               for i in fn.intrinsics.values())


def _sizes(fn: Function) -> set[int]:
    """Numbers that may be the size of a block: those that the kernel mentions."""
    sizes = {n for i in fn.intrinsics.values() if i.space == "shared" for n in i.shape}
    for s in w.walk(fn.body):
        given = (s.start, s.stop) if isinstance(s, For) else s.value.args if isinstance(s, Assign) \
            and isinstance(s.value, Op) else ()
        sizes |= {a.value for a in given if isinstance(a, Const) and type(a.value) is int}
    return {n for n in sizes if 1 < n <= 1024}


def _pairs(phase: list[Access]) -> Iterator[tuple[Access, Access]]:
    for a, b in combinations_with_replacement(phase, 2):
        if a.array == b.array and {a.kind, b.kind} not in HARMLESS:
            yield a, b


def _cannot_meet(a: Access, b: Access, fn: Function, symbolic: Symbolic, places: list[str],
                 known: tuple[Constraint, ...]) -> bool:
    """Whether different threads at these accesses are certain to have different elements."""
    if not (_counts_from_start(a, symbolic, known) and _counts_from_start(b, symbolic, known)):
        return False
    inside = tuple(c for p in places for c in symbolic.about[p])
    base = symbolic.facts_about((*_there(a, fn), *inside, *known))
    base |= {Constraint(_other(c.form), c.equal) for c in symbolic.facts_about((*_there(b, fn), *inside, *known))}
    equations = {equal(x, _other(y)) for x, y in zip(a.index, b.index)}
    base |= equations | {equal(Form.symbol(p), _other(Form.symbol(p))) for p in places for e in equations
                         if _modulo_block(e.form, p)}
    for p in places:
        t, u = Form.symbol(p), _other(Form.symbol(p))
        for c in (less(t, u), less(u, t)):
            if not impossible({*base, c}):
                return False
    return True


def _modulo_block(form: Form, place: str) -> bool:
    """Whether ``form == 0`` says that two places are the same but for multiples of the block's size.

    They are less than that, so they are equal: a loop in strides of the block comes to each element in one thread.
    """
    size, other = block_size(place[-1]), f"{place}'"
    c = form.coefficient(place)
    return abs(c) == 1 and form.coefficient(other) == -c and all(
        size in m or m in ((place,), (other,)) for m, _ in form.terms)


def _other(form: Form) -> Form:
    """The same for the other thread."""
    return form.renamed({s: f"{s}'" for s in form.symbols() if varies(s)})


def _there(a: Access, fn: Function) -> tuple[Constraint, ...]:
    """What is known at an access: its index is in range, too."""
    within = (less(x, Form.number(n)) for x, n in zip(a.index, fn.intrinsics[a.array].shape))
    return (*a.facts, *within)


def _counts_from_start(a: Access, symbolic: Symbolic, known: tuple[Constraint, ...]) -> bool:
    """Whether no index is negative: such count from the end, where another thread's elements are."""
    return all(impossible(symbolic.facts_about((*a.facts, *known, less(x, Form.number(0))))) for x in a.index)


def _refuse(a: Access, b: Access) -> None:
    first, last = sorted((a, b), key=lambda x: x.s.loc.line)
    what = "write" if {a.kind, b.kind} <= {"store", "update", "atomic"} else "write and read"
    with_line = "" if first.s is last.s else f" and in line {first.s.loc.line}"
    raise UnsupportedSyntax(
        f"two threads may {what} the same element of `{a.array}` without a barrier between them", loc=last.s.loc,
        code="S2S081", why=f"the indices here{with_line} are not seen to be others for each thread",
        hint="use an index that is the thread's own, as threadIdx.x is, `cuda.atomic.add`, or `cuda.syncthreads()`")
