"""The forward sweep: the primal's statements, and what the reverse sweep needs put on tapes.

Before::

    for i in range(n):
        y = y * x[i]

after::

    tape_y = np.empty(n)
    for i in range(n):
        tape_y[i] = y
        y = y * x[i]

It is written after the reverse sweep, which has asked for the tapes it reads.
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.analysis.fusible import Fusion, replay
from s2sad.analysis.required import inverse
from s2sad.analysis.structure import Loop, definitely_bound, upward_exposed
from s2sad.ir import (
    Alloc,
    Arg,
    Assign,
    Block,
    Call,
    Const,
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
from s2sad.transform.context import ONE, Context
from s2sad.transform.tapes import Tape


class ForwardSweep:
    """Writes the forward sweep of a function whose reverse sweep is there already."""

    def __init__(self, context: Context, *, taped: bool = True, first: bool = True) -> None:
        """With ``taped`` values are kept; ``first`` is the run of the primal itself, others repeat steps of it."""
        self.c, self.taped, self.first = context, taped, first
        self.fn, self.at, self.plan = context.fn, context.at, context.plan
        self.tapes, self.tape_of = context.tapes, context.tape_of
        self.shadow, self.carried = context.shadow, context.carried
        self.undefined: set[str] = set()
        """Those of ``context.undefined`` that this sweep has met."""

    def run(self) -> Block:
        forward = self.block(self.fn.body)
        return (*self._start(), *forward)

    def run_around(self, loop: For, fused: Block, rest: Block) -> tuple[Block, Arg | None] | None:
        """The forward sweep with what reverses everything from a fused loop on in place of the loop, and the result.

        What follows the loop and does not depend on it is done before. ``rest`` is the rest of the reverse sweep.
        ``None`` if what is left after the loop would come too late, or too early.
        """
        at = self.fn.body.index(loop)
        before = [piece for s in self.fn.body[:at] for piece in self.block((s,))]
        late: list[Stmt] = []
        late_reads, late_writes = set[str](), set(self.plan.fused[loop].given)
        for s in self.fn.body[at + 1:]:
            piece = self.block((s,))
            reads = {n for x in w.walk(piece) for n in w.reads(x)}
            writes = {n for x in w.walk(piece) for n in (*w.binds(x), *w.written(x))}
            if reads & late_writes or writes & (late_reads | late_writes):
                late += piece
                late_reads |= reads
                late_writes |= writes
            else:
                before += piece
        copies = self._kept_for(tuple(late), fused, self.plan.fused[loop].given)
        if copies is None:
            return None
        before += [Assign(copy, n, loop.loc) for n, copy in copies.items()]
        late = [*w.map_block(tuple(late), lambda s: (w.substitute_reads(s, copies),))]
        result = w.map_result(self.fn.result, lambda n: copies.get(n, n) if isinstance(n, str) else n)
        made = {n for x in w.walk(tuple(late)) for n in w.binds(x)}
        written = {n for x in w.walk(tuple(late)) for n in w.written(x)}
        if any(upward_exposed(block, n) for n in made for block in (fused[:-1], rest)) or any(
                written & set(w.reads(x)) for block in (fused[:-1], rest) for x in w.walk(block)):
            return None
        if any(upward_exposed(fused[-1:], n) for n in made - self.plan.fused[loop].given):
            return None
        return (*self._start(), *before, *fused, *late), result

    def _kept_for(self, late: Block, fused: Block, given: frozenset[str]) -> dict[str, str] | None:
        """Names for the values of scalars that are read after the reverse sweep, which changes them; by their names.

        ``None`` if it changes an array that is read, or a scalar that is bound as well.
        """
        changed = {n for x in w.walk(fused) for n in (*w.binds(x), *w.written(x))} - given
        results = w.result_names(self.fn.result)
        lost = sorted(n for n in changed if n in results or upward_exposed(late, n))
        if any(is_array(self.c.types.get(n)) for n in lost) or {n for x in w.walk(late) for n in w.binds(x)} & {*lost}:
            return None
        copies = {n: self.c.names.fresh(f"last_{n}") for n in lost}
        self.c.types.update({copy: self.c.types[n] for n, copy in copies.items()})
        return copies

    def _start(self) -> Block:
        zeros = [Assign(n, self.c.zero(n), self.fn.loc) for n in sorted(self.undefined | self.c.undefined)]
        return (*zeros, *self._empty_arrays())

    def replayed(self, loop: Stmt) -> Block:
        """The forward part of an iteration of a fused loop."""
        assert isinstance(loop, For)
        together = self.c.fuse is Fusion.WITH_VALUE
        forward = replay(self.block(loop.body), frozenset() if together else self.plan.fused[loop].left_out)
        return (*(Assign(n, self.c.zero(n), loop.loc) for n in sorted(self.undefined)), *forward)

    def repeated(self, loop: Loop) -> Block:
        """An iteration of a checkpointed loop that is run again."""
        body = replay(self.block(loop.body), self.plan.repeated[loop].left_out)
        local = {n for n in self.undefined if loop in self.at.home(n)[1]}
        self.c.undefined |= self.undefined - local
        return (*(Assign(n, self.c.zero(n), loop.loc) for n in sorted(local)), *body)

    def _checkpointed(self, loop: Loop) -> list[Stmt]:
        """The loop with snapshots, and without tapes."""
        snapshots = self.c.snapshots[loop]
        self.undefined |= {n for n in snapshots.state.scalars if not self._bound_before(loop, n)}
        body = ForwardSweep(self.c, taped=False, first=self.first).block(loop.body)
        return [*snapshots.before(), replace(loop, body=snapshots.forward(body)), *snapshots.after()]

    def _empty_arrays(self) -> list[Stmt]:
        """An array bound on some paths only, with a shadow as large as it: empty on the others."""
        out: list[Stmt] = []
        for n in self.shadow:
            local = n not in self.fn.params and n not in self.carried and self.at.home(n)[0] is self.fn.body
            if local and not definitely_bound(self.fn.body, n):
                t = self.c.types[n]
                out.append(Assign(n, Alloc("empty", (Const(0),) * t.ndim, dtype_name(t)), self.fn.loc))
        return out

    def block(self, body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            if self.taped and s in self.plan.saved and inverse(s, self.c.types) is None:
                out += self._save(s, self.tape_of.get(s))
            if s in self.plan.fused:
                continue
            match s:
                case If(_, then, orelse):
                    out.append(replace(s, then=self.block(then), orelse=self.block(orelse)))
                case For() | While() if self.taped and s in self.c.snapshots:
                    out += self._checkpointed(s)
                case For() | While() if not self.taped:
                    out.append(w.with_blocks(s, tuple(map(self.block, w.blocks(s)))))
                case For() | While():
                    out += self.tapes.before.get(s, [])
                    inner = (*self.tapes.at_start.get(s, ()), *self.block(s.body))
                    if s in self.tapes.counters:
                        top = self.tapes.counters[s]
                        inner = (*inner, Assign(top, Op("add", (top, ONE)), s.loc))
                    if isinstance(s, While):
                        out.append(replace(s, cond=self.block(s.cond), body=inner))
                    else:
                        out.append(replace(s, body=inner))
                case Effect() if not self.first:
                    pass
                case Assign(target, Alloc() | Call()) if self.first and target in self.carried & self.shadow.keys():
                    out += [s, Assign(self.shadow[target], Call("np.zeros_like", (target,)), s.loc)]
                case Permute(targets, sources):
                    out.append(s)
                    if self.first and targets[0] in self.carried and targets[0] in self.c.active:
                        b = self.shadow
                        out.append(Permute(tuple(b[t] for t in targets), tuple(b[t] for t in sources), s.loc))
                case Invoke():
                    out.append(self.c.primal_call(s))
                    out += [Assign(self.shadow[t], Call("np.zeros_like", (t,)), s.loc) for t in w.binds(s)
                            if self.first and t in self.carried and t in self.shadow]
                case _:
                    out.append(s)
            for n in self.plan.taped.get(s, ()) if self.taped else ():
                if (s, n) in self.tape_of:
                    out += self.tapes.store(self.tape_of[s, n], n, s.loc)

        for n in self.plan.at_end.get(id(body), ()) if self.taped else ():
            tape = self.tape_of.get((id(body), n))
            if tape is not None:
                if not definitely_bound(body, n):
                    out.insert(0, Assign(n, self.c.zero(n), self.fn.loc))
                out += self.tapes.store(tape, n, self.fn.loc)
        return tuple(out)

    def _bound_before(self, s: Stmt, name: str) -> bool:
        """Whether every path to a statement binds the name: an earlier sibling of it, or of what contains it, does."""
        if name in self.fn.params:
            return True
        at: Stmt | None = s
        while at is not None:
            place = self.at.place[at]
            if definitely_bound(place.block[:place.index], name):
                return True
            at = place.parent
        return False

    def _save(self, s: Stmt, tape: Tape | None) -> list[Stmt]:
        if tape is None:
            return []
        match s:
            case Store(array, index) | Increment(array, index):
                t = self.c.names.fresh("t")
                return [Assign(t, Load(array, index), s.loc), *self.tapes.store(tape, t, s.loc)]
            case Assign(target):
                if not self._bound_before(s, target):
                    self.undefined.add(target)
                return self.tapes.store(tape, target, s.loc)
        raise AssertionError(f"nothing is overwritten by {s!r}")
