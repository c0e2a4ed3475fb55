"""Required values: what the reverse sweep needs from the primal, and how each value gets back there.

A value that nothing overwrites is *kept*. A temporary of a loop body is *recomputed* where that is cheap and its
operands are still there, else *taped* where it is made. A variable or array element that is overwritten while its value
is still required is *saved* just before (the to-be-recorded analysis: L. Hascoët, U. Naumann, V. Pascual, *"To be
recorded" analysis in reverse-mode automatic differentiation*, FGCS 21(8), 2005). A variable that lives inside an
iteration is put on the tape once, at the end of its life.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from s2sad.analysis.activity import Activity
from s2sad.analysis.checkpoints import outside_reads, repeated_loops, state_of
from s2sad.analysis.costs import CHEAP
from s2sad.analysis.dependence import Dependence
from s2sad.analysis.fusible import Fusion, outermost_fusible
from s2sad.analysis.kills import find_overwritten
from s2sad.analysis.kinds import on_complex, rule_of
from s2sad.analysis.known_values import Known, find_known, with_known
from s2sad.analysis.plan import Need, Plan
from s2sad.analysis.structure import Loop, Structure
from s2sad.frontend.ruled import values_needed
from s2sad.ir import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Dim,
    Effect,
    For,
    Function,
    GetItem,
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
from s2sad.ir.effects import is_pure
from s2sad.ir.intrinsics import BARRIER
from s2sad.ir.types import is_array, is_complex, is_integer
from s2sad.optimise.dead import swapped_together
from s2sad.rules.table import CONSTANT
from s2sad.transform.complex_formulas import for_complex
from s2sad.transform.formulas import RESULT, Formula, Node, needed, partials


def operand_partials(s: Assign, active: Activity, known: Known | None = None) -> dict[int, Formula]:
    """Partials by the active operands of an operation with an active result, in terms of values that are ``known``."""
    assert isinstance(s.value, Op)
    rule = rule_of(s.value, active.types)
    if rule is None or rule is CONSTANT:
        return {}
    if s.value.fn == "mul" and s.value.args[0] == s.value.args[1] and s.value.args[0] in active:
        return {0: Node("mul", (Const(2.0), s.value.args[0]))}
    found = partials(rule, s.value.args)
    if on_complex(s.value, active.types):
        found = {k: for_complex(f, is_complex_atom(s, active.types)) for k, f in found.items()}
    if known:
        found = {k: with_known(f, known) for k, f in found.items()}
    return {k: f for k, f in found.items() if s.value.args[k] in active and f not in (Const(0.0), Const(0))}


def is_complex_atom(s: Assign, types: Mapping[str, Any]) -> Callable[[Atom], bool]:
    """Which names, literals and results in a formula for the operation of ``s`` are complex."""
    def of(a: Atom) -> bool:
        if isinstance(a, Const):
            return isinstance(a.value, complex)
        return is_complex(types.get(s.target if a == RESULT else a))

    return of


def inverse(s: Stmt, types: Mapping[str, Any]) -> Stmt | None:
    """What undoes an integer counting up or down, which is then not stored."""
    match s:
        case Assign(t, Op("add" | "sub" as op, (x, Const(int() as k)))) if x == t and is_integer(types.get(t)):
            return Assign(t, Op("sub" if op == "add" else "add", (t, Const(k))), s.loc)
    return None


def plan_required(fn: Function, active: Activity, structure: Structure, *, fuse: Fusion = Fusion.NONE,
                  computes_again: bool = False) -> Plan:
    """How everything the reverse sweep needs gets there; with ``fuse``, loops that would be taped are fused.

    With ``computes_again`` every operation counts as cheap: where a tape costs more than a transcendental.
    """
    wanted = loops_that_keep(fn, active, structure, computes_again)
    structure.repeated = repeated_loops(fn, (), wanted)
    planner = _Planner(fn, active, structure, computes_again)
    plan = planner.run()
    found = outermost_fusible(fn, structure, planner.overwritten, plan.live) if fuse is not Fusion.NONE else {}
    found = {s: how for s, how in found.items() if planner.keeps_within(s)}
    if fuse is Fusion.WITH_VALUE:
        found = dict([(s, how) for s, how in found.items() if how.upwards][-1:])
    plan.checkpointed, plan.overwritten = wanted, planner.overwritten
    if not found:
        return plan
    structure.fused = frozenset(found)
    structure.repeated = repeated_loops(fn, found, wanted)
    plan = _Planner(fn, active, structure, computes_again).run()
    plan.fused, plan.checkpointed, plan.overwritten = found, wanted, planner.overwritten
    return plan


def loops_that_keep(fn: Function, active: Activity, structure: Structure, computes_again: bool) -> frozenset[Stmt]:
    """The checkpointed loops that would have tapes; what the others need is there without."""
    loops = [s for s in w.walk(fn.body) if isinstance(s, Loop) and s.checkpoints is not None]
    if loops:
        planner = _Planner(fn, active, structure, computes_again)
        planner.run()
        loops = [s for s in loops if planner.keeps_within(s)]
    return frozenset(loops)


class _Planner:
    def __init__(self, fn: Function, active: Activity, structure: Structure, computes_again: bool) -> None:
        self.fn, self.active, self.at, self.computes_again = fn, active, structure, computes_again
        self.plan = Plan(known=find_known(fn, structure))
        self.reversed: set[Stmt] = set()
        self.needs: dict[str, list[Need]] = {}
        self.read_back: set[Store] = set()
        """Stores whose value is read back from where they put it, by an index that is computed after the value."""
        self.dependence = Dependence(fn, structure)
        self.everything = list(w.walk(fn.body))
        self.permuted: set[str] = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}
        self.groups = swapped_together(fn.body)
        self.plan.groups = self.groups
        self.overwritten = find_overwritten(fn)

    def keeps_within(self, loop: Loop) -> bool:
        """Whether values are kept for the iterations of a loop."""
        inside = [loop, *w.walk(loop.body)]
        return any(s in self.plan.saved and inverse(s, self.fn.types) is None or s in self.plan.taped
                   or any(id(b) in self.plan.at_end for b in w.blocks(s)) for s in inside)

    # ------------------------------------------------------------------ what the reverse of one statement needs

    def own_needs(self, s: Stmt) -> list[tuple[str, bool]]:
        """(name, wanted as it is after the statement rather than before) for the derivative part of the reverse."""
        active = self.active
        match s:
            case Assign(target, value) if target in active:
                match value:
                    case Op():
                        out = []
                        for f in operand_partials(s, active, self.plan.known.get(s)).values():
                            out += [(target, True) if n == RESULT else (n, False) for n in needed(f)]
                        return out
                    case Load(array, index) if array in active:
                        return [(n, False) for n in w.names_in(index)]
                    case Call("np.dot", (str(a), str(b)), _):
                        out = []
                        if b in active:
                            out.append((a, False))
                        if a in active:
                            out.append((b, False))
                        return out
            case Store(array, index, _) if array in active:
                return [(n, False) for n in w.names_in(index)]
            case Increment(array, index, value) if array in active and value in active:
                return [(n, False) for n in w.names_in(index)]
            case Invoke(result, _, _, written, before) if s.rule is not None:
                out = [(n, False) for a, n in zip(written, before) if {a, *self.groups.get(a, ())} & self.plan.live]
                if self._propagates(s):
                    values, wants_result = values_needed(s)
                    out += [(n, False) for n in w.names_in(values)]
                    out += [(n, True) for n in w.names_in((result,))] if wants_result else []
                return out
            case Invoke(_, _, args, written, before):
                moves = self._propagates(s)
                out = [(n, False) for n in w.names_in(args) if moves and n not in written]
                if moves or any({a, *self.groups.get(a, ())} & self.plan.live for a in written):
                    out += [(n, False) for n in before]
                return out
        return []

    def control_needs(self, s: Stmt) -> list[tuple[str, bool]]:
        match s:
            case If(test):
                return [(n, True) for n in w.names_in((test,))]
            case For(_, start, stop, step):
                again = [(n, True) for n in outside_reads(s)] if s in self.at.repeated else []
                if s.exit is not None or not isinstance(step, Const):
                    return [(n, True) for n in w.names_in((start, step, s.trips))] + again
                return [(n, True) for n in w.names_in((start, stop, step))] + again
            case While():
                again = [(n, True) for n in outside_reads(s)] if s in self.at.repeated else []
                return [(n, True) for n in w.names_in((s.trips,))] + again
        return []

    def overwrites(self, s: Stmt) -> str | None:
        """The variable or array whose value a statement destroys (temporaries aside)."""
        array = w.writes(s)
        if array is not None:
            return array
        if isinstance(s, Assign) and not self.at.is_temporary(s.target) and not is_array(self.fn.types.get(s.target)):
            return s.target
        return None

    # ------------------------------------------------------------------ the closure over names

    def run(self) -> Plan:
        live = self.plan.live
        everything = self.everything
        while True:
            before = (len(live), len(self.reversed))
            for s in reversed(everything):
                x = self.overwrites(s)
                touched = x is not None and (x in live or bool(self.groups.get(x, set()) & live))
                own = self.own_needs(s)
                if own or touched or self._propagates(s) or isinstance(s, Effect) and s.call.fn == BARRIER:
                    self._mark(s)
                    live.update(n for n, _ in own)
                if touched:
                    live.update(w.names_in(getattr(s, "index", ())))
                if s in self.reversed:
                    live.update(n for n, _ in self.control_needs(s))
                if isinstance(s, Assign) and s.target in live and self.at.is_temporary(s.target):
                    live.update(w.rhs_names(s.value))
                if s in self.at.repeated and s in self.reversed:
                    live.update(w.bound_in(s) & self.groups.keys())
            if before == (len(live), len(self.reversed)):
                break
        self.plan.repeated = {s: state_of(self.fn, self.at, self.overwritten, live, s) for s in everything
                              if isinstance(s, Loop) and s in self.at.repeated and s in self.reversed}
        asked: set[Store] = set()
        while True:
            self._place_all(asked)
            if self.read_back <= asked:
                break
            asked |= self.read_back
        self.plan.recompute = {s: _ordered(found) for s, found in self.plan.recompute.items()}
        self._record(self.fn.body, set())
        return self.plan

    def _place_all(self, asked: set[Store]) -> None:
        """Decide for each temporary of a loop body; the index of the stores ``asked`` is wanted to read back by it."""
        plan = self.plan
        for found in (self.needs, plan.recompute, plan.taped, plan.fetch):
            found.clear()
        self._collect(self.everything)
        for x in self.everything:
            if x in asked:
                for n in w.names_in(x.index):
                    self._need(Need(n, x, True))
        for s in reversed(self.everything):
            for name in w.binds(s):
                if name in plan.live and self.at.is_temporary(name) and not is_array(self.fn.types.get(name)):
                    if not (isinstance(s, For) and name == s.var):
                        self._place(s, name)

    def _propagates(self, s: Stmt) -> bool:
        """Whether the reverse of a statement moves adjoints although it needs no value."""
        match s:
            case Assign(target, _):
                return target in self.active
            case Store(array) | Increment(array):
                return array in self.active
            case Permute(targets):
                return any(t in self.active for t in targets) or any(t in self.plan.live for t in targets)
            case Invoke():
                return any(n in self.active for n in (*w.binds(s), *s.written))
        return False

    def _mark(self, s: Stmt) -> None:
        at: Stmt | None = s
        while at is not None and at not in self.reversed:
            self.reversed.add(at)
            at = self.at.place[at].parent

    def _collect(self, everything: list[Stmt]) -> None:
        for s in everything:
            if s not in self.reversed:
                continue
            wanted = self.own_needs(s) + self.control_needs(s)
            x = self.overwrites(s)
            if x is not None and w.writes(s) and (x in self.plan.live or self.groups.get(x, set()) & self.plan.live):
                wanted += [(n, True) for n in w.names_in(s.index)]  # type: ignore[union-attr]
            for name, after in wanted:
                self._need(Need(name, s, after))

    def _need(self, n: Need) -> None:
        self.needs.setdefault(n.name, []).append(n)

    def _need_operands(self, d: Assign, at: Stmt, after: bool) -> None:
        """What recomputing a temporary at the reverse of a statement reads."""
        names: tuple[str, ...] = w.rhs_names(d.value)
        if isinstance(d.value, Load):
            self._need(Need(d.value.array, at, after, d.value.index))
            names = tuple(w.names_in(d.value.index))
        for n in names:
            self._need(Need(n, at, after))

    # ------------------------------------------------------------------ temporaries

    def _place(self, d: Stmt, name: str) -> None:
        """Decide for one temporary of a loop body: recompute it, or tape it."""
        place = self.at.place[d]
        wanted = self.needs.get(name)
        if not self.at.tape_loops(d) or not wanted:
            return
        last, before_restore = None, False
        for n in wanted:
            top = self.at.lift(n.at, place.block)
            assert top is not None, name
            strict = n.after or top is not n.at or bool(w.blocks(top))
            if last is None or self.at.place[top].index > self.at.place[last].index:
                last, before_restore = top, strict
            elif top is last:
                before_restore = before_restore or strict
        assert last is not None
        if last is d:
            # only its own derivative wants the result, which is there
            before_restore = True
        kept = self._kept_in(d, name, last) if isinstance(d, Assign) else None
        if kept is not None:
            read_back = Assign(name, Load(kept.array, kept.index), d.loc)
            if any(self.at.is_temporary(n) and self.at.place[b].order > self.at.place[d].order
                   for n in w.names_in(kept.index) for b in self.at.binders.get(n, ())):
                self.read_back.add(kept)        # what its index is has been decided before
            self.plan.recompute.setdefault(kept, []).insert(0, (read_back, True))
            self._need_operands(read_back, kept, True)
            return
        if isinstance(d, Assign) and last is not d and self._recomputable(d, last, before_restore):
            self.plan.recompute.setdefault(last, []).insert(0, (d, before_restore))
            self._need_operands(d, last, before_restore)
        elif isinstance(d, Assign) and last is d and self._recomputable(d, d, True):
            self.plan.recompute.setdefault(d, []).insert(0, (d, True))
            self._need_operands(d, d, True)
        else:
            self.plan.taped.setdefault(d, []).append(name)
            self.plan.fetch.setdefault(last, []).append((d, name))

    def _kept_in(self, d: Assign, name: str, last: Stmt) -> Store | None:
        """A store of the temporary, after its last need, to an element that nothing overwrites later."""
        if isinstance(d.value, Op) and d.value.fn in ("add", "sub", "mul", "neg") or not isinstance(d.value, Op):
            return None                          # sooner recomputed
        place = self.at.place[d]
        for x in place.block[self.at.place[last].index:]:
            if isinstance(x, Store) and x.value == name and x in self.reversed and self._survives(x) \
                    and self.fn.types.get(name) == self.fn.types[x.array].dtype:
                return x
        return None

    def _survives(self, s: Store) -> bool:
        """Whether the element keeps what a statement stores."""
        a = s.array
        if a in self.groups or any(not isinstance(b, Assign) or self.at.place[b].loops
                                   for b in self.at.binders.get(a, ())) \
                or len(self.at.binders.get(a, ())) != (a not in self.fn.params):
            return False
        return not any(a in w.written(x) and self.dependence.hit_later(s, s.index, x, after=True)
                       for x in self.everything)

    def _recomputable(self, d: Assign, last: Stmt, inclusive: bool) -> bool:
        match d.value:
            case Op(fn, args):
                if self.computes_again and is_pure(d.value):
                    pass
                elif fn == "pow":
                    if not (isinstance(args[1], Const) and isinstance(args[1].value, int) and 0 <= args[1].value <= 4):
                        return False
                elif fn not in CHEAP:
                    return False
            case Load() | Dim() | str() | Const():
                pass
            case GetItem():
                pass
            case _:
                return False
        block = self.at.place[d].block
        first, end = self.at.place[d].index + 1, self.at.place[last].index + (1 if inclusive else 0)
        between = block[first:end]
        names = set(w.rhs_names(d.value))
        if d.target in names:
            return False
        for x in w.walk(between):
            if names & set(w.binds(x)):
                return False
            if any(array in names for array in w.written(x)) and not self._elsewhere(d, x):
                return False
        return True

    def _elsewhere(self, d: Assign, x: Stmt) -> bool:
        """Whether a store between a load and the end of the iteration certainly hits another element."""
        if isinstance(d.value, Load):
            return not self.dependence.hit_between(d, d.value.index, x)
        return isinstance(d.value, Dim)

    # ------------------------------------------------------------------ overwritten variables and arrays

    def _record(self, block: Block, required: set[Need]) -> set[Need]:
        """Flow the set of values required so far through a block; mark what is saved."""
        for s in block:
            required = self._flow(s, required)
        if self.at.place and block and self.at.place[block[0]].loops:
            ending = {n.name for n in required if self.at.home(n.name)[0] is block}
            local = [n for n in sorted(ending) if not is_array(self.fn.types.get(n)) and not self.at.is_temporary(n)]
            if local and self.at.tape_loops(block[0]):
                self.plan.at_end[id(block)] = local
            required = {n for n in required if n.name not in ending}
        return required

    def _flow_loop(self, s: Stmt, required: set[Need]) -> set[Need]:
        while True:
            out = required
            for b in w.blocks(s):
                out = self._record(b, out)
            if out <= required:
                return required
            required = required | out

    @property
    def _needs_by_statement(self) -> dict[Stmt, tuple[set[Need], set[Need]]]:
        """What the reverse of each statement wants as it is before it, and as it is after."""
        if not hasattr(self, "_by_statement"):
            table: dict[Stmt, tuple[set[Need], set[Need]]] = {}
            for name, found in self.needs.items():
                for need in found:
                    before, after = table.setdefault(need.at, (set(), set()))
                    (after if need.after else before).add(need if name not in self.groups
                                                          else replace(need, index=None))
            self._by_statement = table
        return self._by_statement

    def _flow(self, s: Stmt, required: set[Need]) -> set[Need]:
        before, after = self._needs_by_statement.get(s, (set(), set()))
        if w.blocks(s):
            required = required | before | after
        match s:
            case Permute(targets, sources):
                now = dict(zip(sources, targets))
                return {replace(n, name=now[n.name]) if n.name in now else n for n in required | before} | after
            case If(_, then, orelse):
                return self._record(then, required) | self._record(orelse, required)
            case For() if s in self.at.fused:
                self._record(s.body, set())      # the iteration that needs a value has just computed it
                return required
            case For() | While() if s in self.at.repeated:
                self._record(s.body, set())
                restored = self.plan.repeated[s].names if s in self.plan.repeated else frozenset()
                after_it = {n for n in required if n.name not in restored}
                if len(after_it) < len(required):
                    self.plan.restored_before.add(s)
                return after_it
            case For() | While():
                names = {n.name for n in required}
                for array in self.overwritten.get(s, ()):
                    if array in names:
                        fresh = self._flow_loop(s, {n for n in required if n.name != array})
                        if all(n.name != array for n in fresh):
                            self._flow_loop(s, required)
                            return fresh
                return self._flow_loop(s, required)
        required = required | before
        x = self.overwrites(s)
        if x is not None:
            if any(n.name == x and self._destroys(s, n) for n in required):
                self.plan.saved.add(s)
                if inverse(s, self.fn.types) is not None:
                    return required | after          # counted back from the value it leaves
            if w.writes(s) is None:
                required = {n for n in required if n.name != x}
        return required | after

    def _destroys(self, s: Stmt, need: Need) -> bool:
        """Whether an overwrite may hit what a statement executed before it wants."""
        return need.index is None or self.dependence.hit_later(need.at, need.index, s, after=need.after)


def _ordered(recomputed: list[tuple[Assign, bool]]) -> list[tuple[Assign, bool]]:
    """Each temporary after those it is computed from: what is read back from an array needs an index made later."""
    left, out = list(recomputed), []
    while left:
        waiting = {d.target for d, _ in left}
        ready = next(x for x in left if not waiting & set(w.rhs_names(x[0].value)))
        left.remove(ready)
        out.append(ready)
    return out
