"""Whether the iterations of a loop of a derivative may run at once, and what each thread then has to itself.

They may where no iteration sees what another one did:

- a scalar is bound in an iteration before it is read in it, or is a sum, which nothing in the loop reads;
- of an array that the loop writes each iteration touches a part of its own; or it is only added to, by any number of
  iterations; or its content does not outlive an iteration (``For.own``);
- nothing is printed, drawn, called or rebound. What a thread raises is lost, but not that it has not come to its end:
  there may be one kind of error, which is then raised again.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from s2sad.analysis.fusible import scratch_of
from s2sad.analysis.iterations import Iterations, bound_first, counts_up, offset, sums_in
from s2sad.analysis.kills import find_overwritten
from s2sad.analysis.paths import bound_where_read
from s2sad.analysis.structure import Structure
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
    Grow,
    If,
    Increment,
    Load,
    Op,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.effects import RAISING
from s2sad.ir.types import is_array, is_complex


@dataclass(frozen=True)
class Sharing:
    """How iterations that run at once share what they change.

    Attributes
    ----------
    sums
        Scalars that iterations add to.
    added
        Arrays that iterations add to, and two of them perhaps to the same element.
    own
        Arrays that each thread needs for itself.
    unset
        Scalars that an iteration binds in one branch and reads in another one by the same test.
    makes
        Whether iterations make arrays.
    raises
        The operation that may raise an error, or an empty text.
    """

    sums: tuple[str, ...]
    added: tuple[str, ...]
    own: tuple[str, ...]
    unset: tuple[str, ...]
    makes: bool
    raises: str

    @property
    def nothing(self) -> bool:
        return not (self.sums or self.added or self.own or self.unset or self.makes or self.raises)


class Threads:
    """Answers for the loops of one function, in which every array name was given its storage by lowering."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.iterations = Iterations(fn)
        self.defined = w.definition_counts(fn)
        self.at = Structure(fn)
        self.overwritten = find_overwritten(fn)

    def sharing(self, loop: For) -> Sharing | str:
        """How the iterations can run at once, or in a few words why they cannot.

        >>> body = (Assign("t", Load("x", ("i",))), Store("y", ("i",), "t"), Assign("s", Op("add", ("s", "t"))))
        >>> loop = For("i", Const(0), "n", Const(1), body)
        >>> Threads(Function("f", ("x", "y", "n", "s"), (loop,), "s")).sharing(loop).sums
        ('s',)
        >>> loop = For("i", Const(0), "n", Const(1), (Assign("s", Op("mul", ("s", "i"))),))
        >>> Threads(Function("f", ("n", "s"), (loop,), "s")).sharing(loop)
        'an iteration needs `s` of another one'
        """
        inside = w.inside(loop)
        why = self._barred(loop, inside)
        if why:
            return why
        scalars = self._scalars(loop, inside)
        if isinstance(scalars, str):
            return scalars
        sums, unset = scalars
        written = sorted(w.written_in(loop))
        scratch = {*loop.own, *scratch_of(self.fn, self.at, self.overwritten, loop)}
        own = tuple(a for a in written
                    if self._is_own(a, loop) and (a in scratch or self._is_zero_again(a, loop)))
        added = []
        for array in (a for a in written if a not in own and a not in w.bound_in(loop)):
            touches = self.iterations.touches(array, inside)
            if array in self.iterations.shared:
                return f"`{array}` may share memory with another array"
            if any(self._apart(loop, [index[k:k + 1] for _, index in touches]) for k in range(len(touches[0][1]))):
                continue
            if not all(isinstance(s, Increment) for s, _ in touches):
                return f"two iterations may touch the same element of `{array}`"
            added.append(array)
        return Sharing(tuple(sorted(sums)), tuple(added), own, tuple(unset),
                       any(is_array(self.fn.types.get(n)) for n in w.bound_in(loop)), "".join(_raised(inside)))

    def _apart(self, loop: For, index: list[tuple[Atom, ...]]) -> bool:
        """Whether an index, of the same axis, is another one in each iteration: the counter, plus the same number."""
        places = {self._offset(i[0], loop) if i else None for i in index}
        if len(places) != 1 or None in places or not counts_up(loop):
            return False
        (k,) = places
        first = loop.start if loop.step == Const(1) else loop.stop
        # -1 is another name of the last element
        return k == 0 or isinstance(first, Const) and first.value + (loop.step != Const(1)) + k >= 0

    def _offset(self, index: Atom, loop: For) -> int | None:
        if index == loop.var:
            return 0
        binders = self.at.binders.get(index, []) if isinstance(index, str) else []
        if len(binders) == 1 and isinstance(binders[0], Assign):
            base, k = offset(binders[0].value)
            if base == loop.var and loop in self.at.place[binders[0]].loops:
                return k
        return None

    def _barred(self, loop: For, inside: tuple[Stmt, ...]) -> str:
        """What iterations that run at once must not do."""
        if loop.exit is not None or loop.trips is not None:
            return "it may be left early"
        if loop.step not in (Const(1), Const(-1)):
            return "its step is not 1"
        for s in inside:
            match s:
                case Assign(t, Alloc() | Call("np.zeros_like")) if self._is_made_here(t, loop):
                    pass
                case Grow(a) if a in loop.own or self._is_made_here(a, loop):
                    pass
                case Assign(_, Call(fn)):
                    return f"it calls {fn}"
                case Grow() | Assign(_, Alloc()):
                    return "it makes arrays"
                case Assign(t) if is_array(self.fn.types.get(t)):
                    return f"it binds `{t}` to another array"
                case Assign(_, Op(fn)) if "@" in fn:
                    return f"it calls {fn.rpartition('@')[2]}"
                case Increment(atomic=True):
                    return "it adds atomically"
                case Assign() | Store() | Increment() | If() | For() | While():
                    pass
                case _:
                    return "it may raise an error or has an effect"
        return "it may raise different errors" if len(_raised(inside)) > 1 else ""

    def _is_made_here(self, array: str, loop: For) -> bool:
        """Whether each iteration makes an array of its own."""
        return array not in self.iterations.shared and array not in self.fn.params and all(
            isinstance(s, Assign) and isinstance(s.value, Alloc | Call) and loop in self.at.place[s].loops
            for s in self.at.binders.get(array, ()))

    def _scalars(self, loop: For, inside: tuple[Stmt, ...]) -> tuple[set[str], list[str]] | str:
        """The sums among the scalars that are bound, and those not bound on every path to where they are read."""
        counters = {s.var for s in inside if isinstance(s, For)}
        bound = {n for s in inside for n in w.binds(s)}
        sums = {n for n in sums_in(inside, bound) if n not in counters}
        private = {n for s in inside for n in w.binds(s) if not (isinstance(s, For) and n == s.var)} - sums
        unset: list[str] = []
        if not bound_first(loop.body, private, {loop.var}):
            unset = [n for n in sorted(private) if not bound_first(loop.body, {n}, {loop.var})]
            carried = next((n for n in unset if not bound_where_read(loop.body, (n,))), None)
            if carried is not None:
                return f"an iteration needs `{carried}` of another one"
        reads: Counter[str] = Counter(n for s in inside for n in w.reads(s))
        for n in sorted(private):
            if self.iterations.uses[n] > reads[n]:
                return f"the last value of `{n}` is used after it"
        for n in sorted(sums):
            if self.fn.types.get(n) is None and any(map(is_complex, self.fn.types.values())):
                return f"`{n}` may be real or complex"
        return sums, unset

    def _is_own(self, array: str, loop: For) -> bool:
        """Whether an array is made once, before the loop, and nothing outside the loop reads or writes an element."""
        if array in self.fn.params or array in self.iterations.shared or self.defined[array] != 1:
            return False
        inside, made = {loop, *w.inside(loop)}, False
        for s in w.walk(self.fn.body):
            if s in inside:
                continue
            if array in w.written(s):
                return False
            match s:
                case Assign(t, Alloc() | Call("np.zeros_like")) if t == array:
                    made = True
                    continue
                case Assign(_, Dim() | Call("np.zeros_like")):
                    continue
            if array in w.reads(s) or array in w.binds(s):
                return False
        return made and array not in w.result_names(self.fn.result)

    def _is_zero_again(self, array: str, loop: For) -> bool:
        """Whether each iteration finds an array zero and leaves it so."""
        return any(isinstance(s, Assign) and s.target == array and (isinstance(s.value, Call) or isinstance(
            s.value, Alloc) and s.value.kind.endswith("zeros")) for s in self.at.binders[array]) and self._clears(
                loop.body, array)

    def _clears(self, block: Block, array: str) -> bool:
        """Whether a block that finds an array zero leaves it so."""
        touching = _touching(block, array)
        if not touching:
            return True
        last = touching[-1]
        if isinstance(last, For) and array in self.overwritten.get(last, ()) and _stores_zero(last, array):
            return True
        return len(touching) == 1 and isinstance(last, For | If) and all(
            self._clears(b, array) for b in w.blocks(last))


def _touching(block: Block, array: str) -> list[Stmt]:
    """The statements of a block that read or write elements of an array."""
    return [s for s in block if not (isinstance(s, Assign) and isinstance(s.value, Dim)) and (
        array in w.written_in(s) or array in w.read_in(s))]


def _stores_zero(nest: For, array: str) -> bool:
    """Whether a nest that stores to every element of an array ends each with a zero."""
    touching = _touching(nest.body, array)
    if len(touching) == 1 and isinstance(touching[0], For):
        return _stores_zero(touching[0], array)
    last = touching[-1]
    return isinstance(last, Store) and w.is_zero(last.value) and all(
        isinstance(s, Store | Increment) and s.index == last.index
        or isinstance(s, Assign) and isinstance(s.value, Load) and s.value.index == last.index for s in touching)


def _raised(inside: tuple[Stmt, ...]) -> list[str]:
    """The operations that raise errors."""
    return sorted({s.value.fn for s in inside if isinstance(s, Assign) and isinstance(s.value, Op)} & RAISING.keys())
