"""The plan of an adjoint by lines of the source: what each loop keeps, what is computed again."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import comb

from s2sad.analysis.structure import Loop
from s2sad.explaining.wording import Wording
from s2sad.ir import Assign, For, Increment, Loc, Op, Store, While
from s2sad.ir import walk as w
from s2sad.ir.types import is_differentiable
from s2sad.kinds.analysed import Analysed
from s2sad.optimise.parallelise import Verdict
from s2sad.transform.adjoint import Adjoint
from s2sad.transform.context import Context
from s2sad.transform.snapshots import Snapshots
from s2sad.transform.tapes import Tape

FUSED = "fused: forward and backward at once"
SWEEPS = "two sweeps"
PRIMAL = "only run forward: nothing in it is active"


@dataclass(frozen=True)
class Stored:
    """A quantity that the forward sweep keeps for the reverse sweep.

    Attributes
    ----------
    what : str
        The value, in the words of the source.
    why : str
    tape : str
        Its name in the derivative's source.
    dtype : str
    loc : Loc
        Where it is made or overwritten.
    loops : tuple of Loc
        Once per iteration of the last of them; once in all where there is none.
    itemsize : int
        Bytes per iteration.
    iterations : int or None
        How many values the tape holds at the most, where iterations were counted.
    grows : bool
        Whether the tape's size is not known beforehand; up to half of it may be unused then.
    """

    what: str
    why: str
    tape: str
    dtype: str
    loc: Loc
    loops: tuple[Loc, ...]
    itemsize: int
    iterations: int | None
    grows: bool

    @property
    def bytes(self) -> int | None:
        return None if self.iterations is None else self.itemsize * self.iterations


@dataclass(frozen=True)
class LoopPlan:
    """A loop: how it is reversed, how often its body runs, and how many bytes an iteration keeps.

    Attributes
    ----------
    loc : Loc
    schedule : str
    iterations : int or None
    bytes_per_iteration : int
    snapshot_bytes : int or None
        Of a checkpointed loop: what its snapshots take in all, when it is run last.
    again : int or None
        Of a checkpointed loop: how many iterations are run again in the reverse sweep, the last time with tapes.
    threads : str
        Of a loop that was to run in parallel: whether it does, and why not.
    """

    loc: Loc
    schedule: str
    iterations: int | None
    bytes_per_iteration: int
    snapshot_bytes: int | None = None
    again: int | None = None
    threads: str = ""


@dataclass(frozen=True)
class Planned:
    """The whole plan.

    Attributes
    ----------
    active : tuple of str
        Names of the source that carry derivatives.
    not_varied, not_useful : tuple of str
        Floating-point names that do not: they do not depend on the arguments chosen, or the result does not on them.
    active_lines : frozenset of (file, line)
    loops : tuple of LoopPlan
    stored : tuple of Stored
    computed_again : dict from (file, line) to tuple of str
        By line reversed: what is computed once more for it.
    """

    active: tuple[str, ...]
    not_varied: tuple[str, ...]
    not_useful: tuple[str, ...]
    active_lines: frozenset[tuple[str, int]]
    loops: tuple[LoopPlan, ...]
    stored: tuple[Stored, ...]
    computed_again: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)


def plan_of(a: Analysed, adj: Adjoint, counts: dict[Loop, int] | None, sizes: Mapping[Loop, int],
            printed: frozenset[str], threads: Sequence[Verdict] = ()) -> Planned:
    """Tell the plan of an adjoint.

    ``counts`` is how often each loop's body runs, ``sizes`` the bytes of a checkpointed loop's state, ``printed`` the
    names in the derivative's source: others went unused, ``threads`` which loops run in parallel.
    """
    c = adj.context
    words = Wording(c.fn, a.author_names)
    stored = tuple(found for key, tape in c.tape_of.items() if tape.name in printed
                   for found in [_stored(key, tape, c, words, counts)])
    written = _written_names(a)
    floats: dict[str, list[str]] = {}
    for n in dict.fromkeys([*c.fn.params, *(n for s in w.walk(c.fn.body) for n in w.binds(s))]):
        own = _own(n, written)
        if n in a.author_names and own in written and is_differentiable(c.types.get(n)):
            floats.setdefault(own, []).append(n)
    lines = {(s.loc.file, s.loc.line) for s in w.walk(c.fn.body)
             if not w.blocks(s) and any(n in c.active for n in (*w.binds(s), *w.written(s)))}
    return Planned(
        tuple(n for n, uses in floats.items() if any(u in c.active for u in uses)),
        tuple(n for n, uses in floats.items() if not any(u in c.active.varied for u in uses)),
        tuple(n for n, uses in floats.items() if any(u in c.active.varied for u in uses)
              and not any(u in c.active for u in uses)),
        frozenset(lines), tuple(_loops(c, counts, sizes, stored, written, threads)), stored, _computed_again(c, words))


def _written_names(a: Analysed) -> set[str]:
    """The names in the text of the function and of those it calls."""
    texts = {*a.user.lines, *(s.loc.text for s in w.walk(a.fn.body))}
    return {name for text in texts for name in re.findall(r"[^\W\d]\w*", text)}


def _own(name: str, written: set[str]) -> str:
    """The author's name of one of several independent uses of it."""
    return name if name in written else name.rpartition("_")[0] or name


def _stored(key: object, tape: Tape, c: Context, words: Wording, counts: dict[Loop, int] | None) -> Stored:
    what, why, loc = _reason(key, c, words)
    kind = c.types[tape.name].dtype if tape.loops else c.types[tape.name]
    size = getattr(kind, "bitwidth", 8) // 8 or 1
    iterations: int | None = 1
    if tape.loops:
        iterations = None if counts is None else _at_once(tape, c, counts)
    return Stored(what, why, tape.name, str(kind), loc, tuple(loop.loc for loop in tape.loops), size,
                  iterations, c.tapes.grows(tape))


def _at_once(tape: Tape, c: Context, counts: dict[Loop, int]) -> int:
    """How many values a tape holds: inside a fused or checkpointed loop it is filled anew by each iteration."""
    n = counts[tape.loops[-1]]
    alone = [x for x in c.at.place[tape.loops[0]].loops if x in c.at.fused or x in c.at.repeated]
    return -(-n // max(1, counts[alone[-1]])) if alone else n


def _reason(key: object, c: Context, words: Wording) -> tuple[str, str, Loc]:
    match key:
        case (int() as block, str(n)):
            loc = next((s.loc for s in c.at.place if id(c.at.place[s].block) == block), c.fn.loc)
            return n, "at the end of an iteration", loc
        case (made, str(n)):
            return words.value(n), "dear to compute again", made.loc  # type: ignore[attr-defined]
        case Store(array, index) | Increment(array, index):
            return words.element(array, index), "before it changes here", key.loc
        case Assign(target):
            return target, "before it changes here", key.loc
    raise AssertionError(f"not a tape's key: {key!r}")


def _loops(c: Context, counts: dict[Loop, int] | None, sizes: Mapping[Loop, int],
           stored: Sequence[Stored], written: set[str], threads: Sequence[Verdict]) -> Iterator[LoopPlan]:
    loops = [s for s in w.walk(c.fn.body) if isinstance(s, For | While)]
    ran = {s.loc for s in loops if counts and counts[s]}
    for s in loops:
        if counts and not counts[s] and s.loc in ran:
            continue                                             # the other form of a loop, which was not chosen
        active = any(n in c.active for x in w.inside(s) for n in (*w.binds(x), *w.written(x)))
        schedule = FUSED if s in c.plan.fused else SWEEPS if active else PRIMAL
        kept = sum(k.itemsize for k in stored if k.loops and k.loops[-1] == s.loc)
        steps = None if counts is None else counts[s]
        if s in c.snapshots:
            yield _checkpointed(c.snapshots[s], steps, sizes.get(s), kept, written)
        else:
            yield LoopPlan(s.loc, schedule, steps, kept, threads=_threads(s, threads))


def _threads(s: Loop, verdicts: Sequence[Verdict]) -> str:
    """Whether a loop runs in parallel, by sweeps where these differ."""
    found: dict[bool, str] = {}
    for v in verdicts:
        if (v.loc.file, v.loc.line, v.loc.col) == (s.loc.file, s.loc.line, s.loc.col):
            found[v.loc.reverse] = found.get(v.loc.reverse) or v.why
    texts = {way: f"not in parallel, as {why}" if why else "in parallel" for way, why in found.items()}
    if len(set(texts.values())) < 2:
        return "".join(set(texts.values()))
    return f"forward {texts[False]}; backward {texts[True]}"


def _checkpointed(taken: Snapshots, steps: int | None, size: int | None, kept: int,
                  written: set[str]) -> LoopPlan:
    """How a checkpointed loop is reversed, and what that costs."""
    how, held = taken.how, (*taken.state.scalars, *taken.state.arrays)
    state = ", ".join(_own(n, written) for n in held)
    slots, runs, again = how.snapshots, "", None
    if how.schedule == "every":
        slots = again = steps
        text = f"in segments, with a snapshot of {state} before each, and every step run once more"
    else:
        if slots is None and steps is not None and size is not None:
            slots = taken.slots_for(steps, size)
        if slots is not None and steps is not None:
            most = next(r for r in count(1) if comb(slots + r, r) > steps)
            # Griewank and Walther: the first sweep, and what brings each step back but with tapes
            again = most * (steps + 1) - comb(slots + most, slots + 1)
            runs = f", a step run up to {most} times before it is reversed"
        budget = "" if how.memory is None else f" in {how.memory} bytes"
        text = f"{'' if slots is None else f'{slots} '}binomial snapshots of {state}{budget}{runs}"
    return LoopPlan(taken.loop.loc, text, steps, kept, None if slots is None or size is None else slots * size, again)


def _computed_again(c: Context, words: Wording) -> dict[tuple[str, int], tuple[str, ...]]:
    found: dict[tuple[str, int], dict[str, None]] = {}
    for s, again in c.plan.recompute.items():
        for d, _ in again:
            if isinstance(d.value, Op) and d.value.fn != "nonzero" and is_differentiable(c.types.get(d.target)):
                found.setdefault((s.loc.file, s.loc.line), {})[words.value(d.target)] = None
    return {line: tuple(texts) for line, texts in found.items()}
