"""The reverse sweep: statements in reverse order, loops backwards, branches the way they were taken.

Before::

    for i in range(n):
        y = y * x[i]

after::

    for i in range(n - 1, -1, -1):
        y = tape_y[i]
        b_x[i] += zmul(b_y, y)
        b_y = zmul(b_y, x[i])
"""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

from s2sad.analysis.fusible import scratch_of
from s2sad.ir import (
    Alloc,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Dim,
    Effect,
    For,
    If,
    Increment,
    Invoke,
    Load,
    Op,
    Permute,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.types import dtype_name, is_array
from s2sad.transform.context import ONE, ZERO
from s2sad.transform.counting import TOTAL
from s2sad.transform.forward_sweep import ForwardSweep
from s2sad.transform.online import OnlineSnapshots
from s2sad.transform.reverse_statements import ReverseStatements
from s2sad.transform.snapshots import Snapshots


class ReverseSweep(ReverseStatements):
    """Blocks, loops and branches in reverse; the result goes to ``out``."""

    up_to_fused = 0
    """How many statements of ``out`` there were when the last fused loop was done."""

    def reverse_begin(self, leaves: list[tuple[Atom, str]]) -> None:
        """Local shadows start at zero; the cotangents of the results come in."""
        results = [a for a, _ in leaves]
        for n, b in self.shadow.items():
            if n in self.fn.params or n in self.carried:
                continue
            if self.at.home(n)[0] is not self.fn.body or self.is_product_in_loop(n):
                continue
            if results.count(n) == 1:
                cotangent = next(c for a, c in leaves if a == n)
                self.emit(Assign(b, Call("np.copy", (cotangent,)), self.loc))
            else:
                self.emit(Assign(b, Call("np.zeros_like", (n,)), self.loc))
        for a, c in leaves:
            if not isinstance(a, str) or a not in self.active and a not in self.shadow:
                continue
            if not is_array(self.types[a]):
                self.acc.add(a, 1, c)
            elif a in self.fn.params or a in self.carried or results.count(a) > 1:
                self.increment_array(self.shadow[a], c)

    def rev_block(self, body: Block) -> None:
        loops = self.at.tape_loops(body[0]) if body else ()
        for n in self.plan.at_end.get(id(body), ()):
            self.fetch(self.stored((id(body), n), n, self.types[n], loops), n)
        for n in self._arrays_at_home(body):
            self.emit(Assign(self.shadow[n], Call("np.zeros_like", (n,)), self.loc))
        for s in body:
            if isinstance(s, Assign) and s.target in self.shadow and self.is_product_in_loop(s.target):
                assert isinstance(s.value, Call)
                a, b = w.rhs_names(s.value)
                axes = [(a, k) for k in range(self.types[a].ndim - 1)] + [(b, k) for k in range(1, self.types[b].ndim)]
                shape = tuple(self.temp(Dim(x, k), "n") for x, k in axes)
                zeros = Alloc("zeros", shape, dtype_name(self.types[s.target]))
                self.emit(Assign(self.shadow[s.target], zeros, self.loc))
        for s in reversed(body):
            self.loc = self.acc.loc = replace(s.loc, reverse=True)
            self.rev_statement(s, body)
            if s in self.plan.fused:
                self.up_to_fused = len(self.out)

    def _arrays_at_home(self, body: Block) -> list[str]:
        """Active arrays of a branch outside loops, whose shadows live in the reverse of the branch."""
        if body is self.fn.body or not body or self.at.place[body[0]].loops:
            return []
        seen = {n: None for s in w.walk(body) for n in w.binds(s) if n in self.shadow and self.at.home(n)[0] is body}
        return [n for n in seen if n not in self.carried and not self.is_product_in_loop(n)]

    def rev_statement(self, s: Stmt, body: Block) -> None:
        loops = self.at.tape_loops(s)
        for d, name in self.plan.fetch.get(s, ()):
            self.fetch(self.stored((d, name), name, self.types[name], self.at.tape_loops(d)), name)
        planned = self.plan.recompute.get(s, ())
        for d, before in planned:
            if before:
                self.recompute(d)
        if isinstance(s, (If, For, While)):
            self.rev_compound(s)
            return
        omega: Atom | None = None
        if s in self.plan.saved:
            omega = self.restore(s, loops)
        kept: dict[str, str] = {}
        if isinstance(s, Invoke):
            kept = self.keep_results(s)
            self.restore_written(s)
        for d, before in planned:
            if not before:
                self.recompute(d)
        match s:
            case Assign(target, value) if target in self.active:
                if is_array(self.types.get(target)):
                    self.rev_array(target, value, bool(loops))
                else:
                    self.rev_scalar(s, target, value, body, omega)
            case Store(array, index, value) if array in self.active:
                self.rev_store(s, array, index, value)
            case Increment(array, index, str(value), sign) if array in self.active and value in self.active:
                g = self.temp(Load(self.shadow[array], index), f"b_{value}")
                self.acc.add(value, sign, self.part_for(value, array, g))
            case Effect(Call("cuda.syncthreads")):               # what threads wait for they wait for here, too
                self.emit(replace(s, loc=self.loc))
            case Invoke() if s.rule is not None:
                self.rev_rule(s, body, kept)
            case Invoke():
                self.rev_invoke(s, body)
            case Permute(targets, sources):
                self.emit(Permute(sources, targets, self.loc))
                if targets[0] in self.active:
                    b = self.shadow
                    self.emit(Permute(tuple(b[t] for t in sources), tuple(b[t] for t in targets), self.loc))

    # ------------------------------------------------------------------ loops and branches

    def rev_compound(self, s: Stmt) -> None:
        around = self.loc
        self.acc.settle(self._touched(s))
        match s:
            case If(test, then, orelse):
                new_then, new_else = self._nested(then), self._nested(orelse)
                self.loc = self.acc.loc = around
                if new_then or new_else:
                    self.emit(If(test, new_then, new_else, self.loc))
            case For():
                self.rev_for(s)
            case While() if s in self.plan.repeated:
                self.rev_checkpointed(s)
            case While():
                k = self.names.fresh("k")
                inner = self._iteration(s)
                if inner:
                    assert s.trips is not None
                    self.emit(For(k, ZERO, s.trips, ONE, inner, loc=self.loc))

    def rev_for(self, s: For) -> None:
        if s in self.plan.repeated:
            self.rev_checkpointed(s)
            return
        inner = self._iteration(s)
        if inner:
            self.rev_loop(s, inner)

    def rev_checkpointed(self, s: For | While) -> None:
        """Each step is run again from the last snapshot before it, with tapes, and reversed."""
        taking = Snapshots if isinstance(s, For) else OnlineSnapshots
        self.snapshots[s] = snapshots = taking(self, s, self.plan.repeated[s])
        inner = self._iteration(s)
        if inner:
            taped = ForwardSweep(self, first=False).repeated(s)
            inner = self._hoisted(s, (*taped, *inner), snapshots.state.names)
            again = ForwardSweep(self, taped=False, first=False).repeated(s)
            self.out += snapshots.before_reverse()
            self.rev_loop(snapshots.over_steps(), (*snapshots.go_back(again), *inner))
        self.out += snapshots.after_reverse()

    def rev_loop(self, s: For, inner: Block) -> None:
        """The head of the reverse of a loop, and what its iterations are."""
        start, stop, step = s.start, s.stop, s.step

        def run(first: Atom, end: Atom, by: Atom) -> None:
            self.emit(For(s.var, first, end, by, inner, loc=self.loc, prange=s.prange, own=self._own(s)))

        if s in self.plan.fused and self.plan.fused[s].upwards:
            run(start, stop, step)
        elif s.exit is None and step == ONE:
            run(self._plus(stop, -1), self._plus(start, -1), Const(-1))
        elif s.exit is None and step == Const(-1):
            run(self._plus(stop, 1), self._plus(start, 1), ONE)
        else:
            trips: Atom | None = s.trips
            if s.exit is None and isinstance(step, Const):
                k = step.value
                span = self.temp(Op("sub", (stop, start)))
                trips = self.temp(Op("floordiv", (self._plus(span, k - 1 if k > 0 else k + 1), step)))
            assert trips is not None
            last = self._plus(trips, -1)
            if step != ONE:
                last = self.temp(Op("mul", (last, step)))
            if start != ZERO:
                last = self.temp(Op("add", (start, last)))
            before = self._plus(start, -step.value) if isinstance(step, Const) else self.temp(Op("sub", (start, step)))
            back = Const(-step.value) if isinstance(step, Const) else self.temp(Op("neg", (step,)))
            run(last, before, back)

    def _own(self, s: For) -> tuple[str, ...]:
        """The arrays of which an iteration of the reverse loop leaves nothing to others.

        What each iteration fills before it reads it has a shadow that is zero again once the filling is reversed. A
        fused loop also runs the filling, and has tapes of one iteration; elsewhere the content is brought back from
        what the next iteration saw.
        """
        if s not in self.at.place:
            return ()                           # a checkpointed loop
        inside = set(w.inside(s))
        scratch = scratch_of(self.fn, self.at, self.plan.overwritten, s)
        shadows = [self.shadow[a] for a in scratch if a in self.shadow]
        if s not in self.plan.fused:
            return tuple(shadows)
        tapes = [t.name for t in self.tape_of.values() if t.loops and t.loops[0] in inside]
        return (*scratch, *shadows, *tapes)

    def _plus(self, a: Atom, k: int) -> Atom:
        if isinstance(a, Const):
            return Const(a.value + k)
        if k == 0:
            return a
        for s in self.at.binders.get(a, ()):
            match s:
                case Assign(_, Op("add" | "sub" as op, (str(x), Const(int() as c)))) if len(self.at.binders[a]) == 1:
                    total = (c if op == "add" else -c) + k
                    if self._constant_here(x, s):
                        return x if total == 0 else self.temp(Op("add" if total > 0 else "sub", (x, Const(abs(total)))))
        return self.temp(Op("add" if k > 0 else "sub", (a, Const(abs(k)))))

    def _constant_here(self, x: str, s: Stmt) -> bool:
        """Whether a name read by ``s`` has the same value at the reverse of anything after ``s`` in its block."""
        binders = self.at.binders.get(x, ())
        if x in self.fn.params:
            return not binders
        if len(binders) != 1:
            return False
        binder = binders[0]
        return isinstance(binder, For) and binder.var == x or not self.at.place[binder].loops

    def _iteration(self, s: For | While) -> Block:
        around = self.loc
        inner = self._nested(s.body)
        self.loc = self.acc.loc = around
        if s in self.tapes.counters:
            top = self.tapes.counters[s]
            inner = (Assign(top, Op("sub", (top, ONE)), self.loc), *inner)
        if s in self.plan.fused and inner:
            inner = self._hoisted(s, (*ForwardSweep(self).replayed(s), *inner))
        return inner

    def _hoisted(self, loop: For | While, body: Block, state: frozenset[str] = frozenset()) -> Block:
        """The body of a fused loop without its tapes, which are made before the loop if their sizes are known there.

        What belongs to the ``state`` of a checkpointed loop stays in it.
        """
        tapes = {tape.name for tape in self.tape_of.values()}
        counts = Counter(n for s in w.walk(body) for n in w.binds(s))
        bound = {*counts, *w.binds(loop)}
        kept: list[Stmt] = []
        for s in body:
            if isinstance(s, Assign) and counts[s.target] == 1 and not bound & set(w.rhs_names(s.value)) \
                    and s.target not in state and (
                        isinstance(s.value, Dim) or isinstance(s.value, Alloc) and s.target in tapes
                        or isinstance(s.value, Op) and s.value.fn in TOTAL and self.is_integer(s.target)):
                bound.discard(s.target)
                self.emit(s)
            else:
                kept.append(s)
        return tuple(kept)

    def _nested(self, body: Block) -> Block:
        saved, self.out = self.out, []
        self.rev_block(body)
        inner, self.out = tuple(self.out), saved
        return inner

    def _touched(self, s: Stmt) -> list[str]:
        """Active scalars that live outside a compound statement and whose adjoints it reads or updates."""
        inside = {x for b in w.blocks(s) for x in w.walk(b)}
        seen: dict[str, None] = {}
        for x in w.walk((s,)):
            if x is s:
                continue
            for n in (*w.reads(x), *w.binds(x)):
                if n in self.active and not is_array(self.types.get(n)) and n not in seen:
                    home = self.at.home(n)[0]
                    if not home or home[0] not in inside:
                        seen[n] = None
        return list(seen)
