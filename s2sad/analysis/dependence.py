"""Whether a store may hit an element that was read before it.

An element read in one iteration and one stored in a later iteration are the same only if their indices are equal, each
loop's counter is within its bounds, and the counters say *later*. Where indices and bounds are a name plus a constant,
these are differences, ``x - y <= c``; they contradict each other exactly if the graph with an edge of weight ``c`` from
``y`` to ``x`` has a cycle of negative weight (T. H. Cormen et al., *Introduction to Algorithms*, section 24.4). What is
not of this form is left out, so that *no* is certain and *yes* means perhaps.

In ::

    for k in range(n):
        for i in range(k + 1, n):
            m[i] -= m[k]

no later store hits ``m[k]``: it would need ``i == k`` with ``i >= k + 1``, or ``i' == k`` with ``i' >= k' + 1`` and
``k' >= k + 1``.
"""
from __future__ import annotations

from s2sad.analysis.structure import Loop, Structure
from s2sad.ir import Assign, Atom, Const, For, Function, Increment, Op, Stmt, Store

Symbol = tuple[str | For, bool]
"""A name or a loop's counter; whether its value in the iteration of the store is meant, where that is another one."""
Term = tuple[Symbol | None, int]
"""A symbol (``None``: nothing) plus a constant."""


class Differences:
    """Constraints ``x - y <= c`` between symbols."""

    def __init__(self) -> None:
        self.bounds: dict[tuple[Symbol | None, Symbol | None], int] = {}

    def at_most(self, x: Term, y: Term, c: int = 0) -> None:
        """Require ``x <= y + c``."""
        edge = x[0], y[0]
        weight = y[1] - x[1] + c
        if edge not in self.bounds or weight < self.bounds[edge]:
            self.bounds[edge] = weight

    def equal(self, x: Term, y: Term) -> None:
        self.at_most(x, y)
        self.at_most(y, x)

    def possible(self) -> bool:
        """Whether integers satisfy all of them (shortest paths by Bellman and Ford)."""
        symbols = {s for edge in self.bounds for s in edge}
        distance = dict.fromkeys(symbols, 0)
        for _ in range(len(symbols) + 1):
            changed = False
            for (x, y), c in self.bounds.items():
                if distance[y] + c < distance[x]:
                    distance[x] = distance[y] + c
                    changed = True
            if not changed:
                return True
        return False


class Dependence:
    """Answers for the statements of one function, in which every array name was given its storage by lowering."""

    def __init__(self, fn: Function, structure: Structure) -> None:
        self.fn, self.at = fn, structure
        self._known: dict[tuple[Stmt, tuple[Atom, ...], Stmt, bool, bool], bool] = {}

    def hit_later(self, at: Stmt, index: tuple[Atom, ...], store: Stmt, *, after: bool) -> bool:
        """Whether ``store`` may run after ``at``, in any later iteration, and write the element with that index there.

        ``after``: what ``at`` itself does comes before the read.
        """
        return self._ask(at, index, store, after, within=False)

    def hit_between(self, at: Stmt, index: tuple[Atom, ...], store: Stmt) -> bool:
        """The same for the rest of the iteration only."""
        return self._ask(at, index, store, True, within=True)

    def _ask(self, at: Stmt, index: tuple[Atom, ...], store: Stmt, after: bool, *, within: bool) -> bool:
        if not isinstance(store, Store | Increment) or len(store.index) != len(index):
            return True
        if not within and store.array in self.fn.intrinsics and self.fn.intrinsics[store.array].space == "shared":
            return True                          # by another thread of the block
        key = at, index, store, after, within
        if key not in self._known:
            self._known[key] = self._find(at, index, store, after, within)
        return self._known[key]

    def _find(self, at: Stmt, index: tuple[Atom, ...], store: Stmt, after: bool, within: bool) -> bool:
        assert isinstance(store, Store | Increment)
        common = self._common(at, store)
        if (within or self._follows(at, store, after)) and self._same(at, index, store, common, len(common)):
            return True
        return not within and any(self._same(at, index, store, common, k) for k in range(len(common)))

    def _common(self, a: Stmt, b: Stmt) -> tuple[Loop, ...]:
        shared = []
        for x, y in zip(self.at.place[a].loops, self.at.place[b].loops):
            if x is not y:
                break
            shared.append(x)
        return tuple(shared)

    def _follows(self, at: Stmt, store: Stmt, after: bool) -> bool:
        """Whether the store comes later in the text, or is the statement itself or in it."""
        if store is at:
            return not after
        return self.at.place[store].order > self.at.place[at].order

    def _same(self, at: Stmt, index: tuple[Atom, ...], store: Store | Increment, common: tuple[Loop, ...],
              equal: int) -> bool:
        """Whether both may mean one element, in the same iteration of the first ``equal`` of the common loops and, if
        there is one more, in a later iteration of that."""
        shared = common[:equal]
        system = Differences()
        for loop in self.at.place[at].loops:
            self._bound(system, loop, shared, of_store=False)
        for loop in self.at.place[store].loops:
            self._bound(system, loop, shared, of_store=True)
        if equal < len(common):
            loop = common[equal]
            if isinstance(loop, For) and isinstance(loop.step, Const) and self._counts(loop):
                read, written = ((loop, False), 0), ((loop, True), 0)
                step = loop.step.value
                if step > 0:
                    system.at_most(read, written, -step)
                else:
                    system.at_most(written, read, step)
        pairs = [(self._term(a, at, shared, of_store=False), self._term(b, store, shared, of_store=True))
                 for a, b in zip(index, store.index)]
        for read_term, stored_term in pairs:
            if read_term is not None and stored_term is not None \
                    and self._never_negative(system, read_term) and self._never_negative(system, stored_term):
                system.equal(read_term, stored_term)
        return system.possible()

    def _never_negative(self, system: Differences, term: Term) -> bool:
        """Whether an index cannot count from the end."""
        trial = Differences()
        trial.bounds = dict(system.bounds)
        trial.at_most(term, (None, -1))
        return not trial.possible()

    def _bound(self, system: Differences, loop: Loop, shared: tuple[Loop, ...], *, of_store: bool) -> None:
        """What the bounds of a loop say about its counter in an iteration."""
        if not isinstance(loop, For) or not isinstance(loop.step, Const) or not self._counts(loop):
            return
        counter: Term = (self._symbol(loop, (*self.at.place[loop].loops, loop), shared, of_store), 0)
        start = self._term(loop.start, loop, shared, of_store=of_store)
        stop = self._term(loop.stop, loop, shared, of_store=of_store)
        up = loop.step.value > 0
        if start is not None:
            if up:
                system.at_most(start, counter)
            else:
                system.at_most(counter, start)
        if stop is not None:
            if up:
                system.at_most(counter, stop, -1)
            else:
                system.at_most(stop, counter, -1)

    def _counts(self, loop: For) -> bool:
        """Whether nothing in the loop sets its counter."""
        return not any(loop in self.at.place[b].loops for b in self.at.binders[loop.var])

    def _symbol(self, name: str | For, home: tuple[Loop, ...], shared: tuple[Loop, ...], of_store: bool) -> Symbol:
        """What has one value per iteration of the loops ``home``."""
        return name, of_store and not (len(home) <= len(shared) and all(a is b for a, b in zip(home, shared)))

    def _term(self, a: Atom, site: Stmt, shared: tuple[Loop, ...], *, of_store: bool) -> Term | None:
        """An index or bound read by ``site``; ``None`` where its value there is not certain to be a symbol's."""
        if isinstance(a, Const):
            return (None, a.value) if isinstance(a.value, int) and not isinstance(a.value, bool) else None
        binders = self.at.binders.get(a, [])
        if not binders:
            return ((a, False), 0) if a in self.fn.params else None
        around = self.at.place[site].loops
        for depth in range(len(around), 0, -1):
            loop = around[depth - 1]
            if isinstance(loop, For) and loop.var == a:
                return (self._symbol(loop, around[:depth], shared, of_store), 0) if self._counts(loop) else None
        if len(binders) != 1 or a in self.fn.params or not self.at.is_temporary(a):
            return None
        binder = binders[0]
        if not isinstance(binder, Assign):
            return None
        home = self.at.place[binder].loops
        match binder.value:
            case str(x):
                term = self._term(x, binder, shared, of_store=of_store)
                if term is not None:
                    return term
            case Op("add", (x, Const(int() as c))) | Op("add", (Const(int() as c), x)):
                term = self._term(x, binder, shared, of_store=of_store)
                if term is not None:
                    return term[0], term[1] + c
            case Op("sub", (x, Const(int() as c))):
                term = self._term(x, binder, shared, of_store=of_store)
                if term is not None:
                    return term[0], term[1] - c
        return self._symbol(a, home, shared, of_store), 0
