"""Reverse mode: a forward sweep that keeps what is required, and a reverse sweep that propagates adjoints.

Before::

    def f(x, y):
        z = x * y
        return math.sin(z)

after (forward sweep, then reverse sweep)::

    def f_adjoint(x, y, b_value):
        z = x * y
        b_z = zmul(b_value, math.cos(z))
        b_x = zmul(b_z, y)
        b_y = zmul(b_z, x)
        return b_x, b_y

Reference: A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapters 3 to 5.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

from numba import types as nbt

from s2sad.analysis.activity import Activity
from s2sad.analysis.only_stores import find_only_stores
from s2sad.analysis.required import Plan, inverse, operand_partials, plan_required
from s2sad.analysis.structure import Loop, Structure, definitely_bound
from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir import (
    Alloc,
    Arg,
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
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array, is_float, is_integer
from s2sad.transform.accumulate import Accumulators
from s2sad.transform.formulas import RESULT, needed
from s2sad.transform.products import weighted
from s2sad.transform.tapes import Tape, Tapes

ONE, ZERO, FZERO = Const(1), Const(0), Const(0.0)


@dataclass(frozen=True)
class Adjoint:
    """The two sweeps and the names a caller meets."""

    forward: Block
    reverse: Block
    shadows: dict[str, str]
    """Active array parameters and their shadows."""
    cotangents: tuple[str, ...]
    """One per floating-point leaf of the result."""
    gradients: tuple[tuple[str, Atom], ...]
    """Scalar parameters asked for and their adjoints at the end."""
    types: dict[str, object]
    result: Arg | None


def build_adjoint(fn: Function, active: Activity, wrt: tuple[str, ...], *, strong_zero: bool = True,
                  seeded: frozenset[int] | None = None, carry: bool = True) -> Adjoint:
    """Differentiate a lowered function. Array parameters that are active, or in ``wrt``, get a shadow parameter.

    ``seeded`` restricts the leaves of the result that get a cotangent. With ``carry`` the shadows of arrays that are
    swapped with a parameter are swapped in the forward sweep; without, all shadows start with the reverse sweep.
    """
    fn = _capture_control(_count_trips(fn))
    return _Builder(fn, active, wrt, strong_zero, seeded, carry).run()


# ---------------------------------------------------------------------------- preparation

def _count_trips(fn: Function) -> Function:
    """Loops whose trip count only running them tells get a counter."""
    names = Names(w.all_names(fn))
    types = dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if isinstance(s, While) or isinstance(s, For) and (s.exit is not None or not isinstance(s.step, Const)):
            if s.trips is None:
                s = replace(s, trips=names.fresh("trips"))
            types[s.trips] = nbt.int64  # type: ignore[index]
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)


def _capture_control(fn: Function) -> Function:
    """A predicate or bound that the statement it controls changes is copied first, so that its value can be kept."""
    names = Names(w.all_names(fn))
    types = dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, (If, For)):
            return (s,)
        bound = {n for b in w.blocks(s) for x in w.walk(b) for n in w.binds(x)}
        controls = (s.test,) if isinstance(s, If) else (s.start, s.stop, s.step)
        copies: dict[str, Atom] = {}
        out: list[Stmt] = []
        for n in controls:
            if isinstance(n, str) and n in bound and n not in copies:
                copies[n] = t = names.fresh(f"{n}_was")
                types[t] = fn.types.get(n)
                out.append(Assign(t, n, s.loc))
        return (*out, w.substitute_reads(s, copies)) if copies else (s,)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)


class _Builder:
    def __init__(self, fn: Function, active: Activity, wrt: tuple[str, ...], strong_zero: bool,
                 seeded: frozenset[int] | None, carry: bool) -> None:
        self.fn, self.active, self.wrt, self.strong_zero, self.seeded = fn, active, wrt, strong_zero, seeded
        self.at = Structure(fn)
        self.plan: Plan = plan_required(fn, active, self.at)
        self.types: dict[str, object] = dict(fn.types)
        self.names = Names(w.all_names(fn))
        self.tapes = Tapes(self.names, self.types)
        self.tapes.extents = frozenset(
            s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Dim))
        self.tape_of: dict[object, Tape] = {}
        self.undefined: set[str] = set()
        self.only_stores = find_only_stores(fn, self.at)
        self.shadow: dict[str, str] = {}
        self.out: list[Stmt] = []
        self.loc = fn.loc
        self.acc = Accumulators(self.emit, self.names.fresh)
        self.carried = self._groups_with_parameters() if carry else set()
        self._refuse_unsupported()

    # ------------------------------------------------------------------ checks

    def _refuse_unsupported(self) -> None:
        for s in w.walk(self.fn.body):
            place = self.at.place[s]
            if isinstance(s, Assign) and is_array(self.types.get(s.target)):
                n = s.target
                alive = n in self.active or n in self.plan.live
                if place.loops and alive and isinstance(s.value, Alloc):
                    raise UnsupportedSyntax(f"the array `{n}` is allocated in a loop with a size that changes: not supported yet",
                                            loc=s.loc, code="S2S018", hint="allocate it once before the loop with its largest size")
                if len(self.at.binders[n]) > 1 and alive and any(self.at.place[x].loops for x in self.at.binders[n] if isinstance(x, Assign)):
                    raise UnsupportedSyntax(f"the array `{n}` is bound again in a loop: not supported yet", loc=s.loc, code="S2S015",
                                            hint=f"write into it: `{n}[...] = ...`")
            if isinstance(s, While):
                inside = {n for x in w.walk(s.cond) for n in w.binds(x)}
                if any(w.writes(x) for x in w.walk(s.cond)) or any(n in self.active for n in inside):
                    raise UnsupportedSyntax("a `while` condition that writes to arrays or computes active values is not supported yet",
                                            loc=s.loc, code="S2S019", hint="compute it in the body and use `break`")

    def _groups_with_parameters(self) -> set[str]:
        """Arrays swapped with a parameter: their shadows are swapped in the forward sweep too."""
        groups: dict[str, set[str]] = {}
        for s in w.walk(self.fn.body):
            if isinstance(s, Permute):
                merged = set(s.targets).union(*(groups.get(t, set()) for t in s.targets))
                for n in merged:
                    groups[n] = merged
        return {n for n, g in groups.items() if g & set(self.fn.params)}

    # ------------------------------------------------------------------ driver

    def emit(self, s: Stmt) -> None:
        self.out.append(s)

    def temp(self, value: Rhs, hint: str = "t") -> str:
        name = self.names.fresh(hint)
        self.emit(Assign(name, value, self.loc))
        return name

    def run(self) -> Adjoint:
        fn = self.fn
        parameters = [p for p in fn.params if is_array(self.types[p]) and is_float(self.types[p])
                      and (p in self.active or p in self.wrt)]
        for p in parameters:
            self.shadow[p] = self.names.fresh(f"b_{p}")
            self.types[self.shadow[p]] = self.types[p]
        shadows = dict(self.shadow)
        for s in w.walk(fn.body):
            for n in w.binds(s):
                if n in self.active and is_array(self.types.get(n)) and n not in self.shadow:
                    self.shadow[n] = self.names.fresh(f"b_{n}")
                    self.types[self.shadow[n]] = self.types[n]
        self.acc.variable.update({n: b for n, b in self.shadow.items() if n in fn.params})

        seeds: list[str] = []
        leaves: list[tuple[Atom, str]] = []
        floats = [a for k, a in enumerate(w.result_leaves(fn.result))
                  if self._is_float(a) and (self.seeded is None or k in self.seeded)]
        for k, a in enumerate(floats):
            c = self.names.fresh("b_value" if len(floats) == 1 else f"b_value_{k}")
            self.types[c] = self.types.get(a, nbt.float64) if isinstance(a, str) else nbt.float64
            seeds.append(c)
            leaves.append((a, c))

        self.reverse_begin(leaves)
        self.rev_block(fn.body)
        gradients = []
        for p in self.wrt:
            if not is_array(self.types[p]):
                total = self.acc.value(p) if p in self.active else None
                gradients.append((p, FZERO if total is None else total))
        reverse = tuple(self.out)
        forward = self.fwd_block(fn.body)
        forward = (*(Assign(n, self._zero(n), fn.loc) for n in sorted(self.undefined)), *forward)
        return Adjoint(forward, reverse, shadows, tuple(seeds), tuple(gradients), self.types, fn.result)

    def _is_float(self, a: Atom) -> bool:
        return isinstance(a.value, float) if isinstance(a, Const) else is_float(self.types.get(a))

    def reverse_begin(self, leaves: list[tuple[Atom, str]]) -> None:
        """Local shadows start at zero; the cotangents of the results come in."""
        results = [a for a, _ in leaves]
        for n, b in self.shadow.items():
            if n in self.fn.params or n in self.carried or self.at.home(n)[0] is not self.fn.body or self._is_call_in_loop(n):
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

    def _is_call_in_loop(self, n: str) -> bool:
        d = self.at.binders[n][0]
        return isinstance(d, Assign) and isinstance(d.value, Call) and bool(self.at.place[d].loops)

    # ------------------------------------------------------------------ tapes

    def _stored(self, key: object, quantity: str, kind: object, loops: tuple[Loop, ...]) -> Tape:
        if key not in self.tape_of:
            self.tape_of[key] = self.tapes.new(quantity, kind, loops, self.loc)
        return self.tape_of[key]

    def _element_type(self, s: Stmt) -> tuple[str, object]:
        array = w.writes(s)
        if array is not None:
            return array, self.types[array].dtype  # type: ignore[attr-defined]
        return s.target, self.types[s.target]  # type: ignore[union-attr]

    def fetch(self, tape: Tape, target: str) -> None:
        statements, rhs = self.tapes.load(tape, self.loc)
        for s in statements:
            self.emit(s)
        self.emit(Assign(target, rhs, self.loc))

    # ------------------------------------------------------------------ the forward sweep

    def fwd_block(self, body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            if s in self.plan.saved and inverse(s, self.types) is None:
                out += self._save(s, self.tape_of.get(s))
            match s:
                case If(_, then, orelse):
                    out.append(replace(s, then=self.fwd_block(then), orelse=self.fwd_block(orelse)))
                case For() | While():
                    out += self.tapes.before.get(s, [])
                    inner = (*self.tapes.at_start.get(s, ()), *self.fwd_block(s.body))
                    if s in self.tapes.counters:
                        top = self.tapes.counters[s]
                        inner = (*inner, Assign(top, Op("add", (top, ONE)), s.loc))
                    if isinstance(s, While):
                        out.append(replace(s, cond=self.fwd_block(s.cond), body=inner))
                    else:
                        out.append(replace(s, body=inner))
                case Assign(target, Alloc() | Call()) if target in self.carried and target in self.shadow:
                    out += [s, Assign(self.shadow[target], Call("np.zeros_like", (target,)), s.loc)]
                case Permute(targets, sources):
                    out.append(s)
                    if targets[0] in self.carried and targets[0] in self.shadow:
                        out.append(Permute(tuple(self.shadow[t] for t in targets), tuple(self.shadow[t] for t in sources), s.loc))
                case _:
                    out.append(s)
            if s in self.plan.taped and s in self.tape_of:
                out += self.tapes.store(self.tape_of[s], self.plan.taped[s], s.loc)

        for n in self.plan.at_end.get(id(body), ()):
            tape = self.tape_of.get((id(body), n))
            if tape is not None:
                if not definitely_bound(body, n):
                    out.insert(0, Assign(n, self._zero(n), self.fn.loc))
                out += self.tapes.store(tape, n, self.fn.loc)
        return tuple(out)

    def _zero(self, name: str) -> Const:
        t = self.types.get(name)
        if isinstance(t, nbt.Boolean):
            return Const(False)
        return ZERO if is_integer(t) else FZERO

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
        array = w.writes(s)
        if array is None:
            if not self._bound_before(s, s.target):  # type: ignore[union-attr]
                self.undefined.add(s.target)  # type: ignore[union-attr]
            return self.tapes.store(tape, s.target, s.loc)  # type: ignore[union-attr]
        t = self.names.fresh("t")
        return [Assign(t, Load(array, s.index), s.loc), *self.tapes.store(tape, t, s.loc)]  # type: ignore[union-attr]

    # ------------------------------------------------------------------ the reverse sweep

    def rev_block(self, body: Block) -> None:
        loops = self.at.place[body[0]].loops if body else ()
        local = self._names_at_home(body)
        for n in local:
            self.acc.start(n)
        for n in self.plan.at_end.get(id(body), ()):
            self.fetch(self._stored((id(body), n), n, self.types[n], loops), n)
        for n in self._arrays_at_home(body):
            self.emit(Assign(self.shadow[n], Call("np.zeros_like", (n,)), self.loc))
        for s in body:
            if loops and isinstance(s, Assign) and s.target in self.shadow and self._is_call_in_loop(s.target):
                a, b = s.value.args  # type: ignore[union-attr]
                shape = tuple(self.temp(Dim(x, k), "n") for x, k in
                              [(a, k) for k in range(self.types[a].ndim - 1)] + [(b, k) for k in range(1, self.types[b].ndim)])  # type: ignore[attr-defined]
                self.emit(Assign(self.shadow[s.target], Alloc("zeros", shape, dtype_name(self.types[s.target])), self.loc))
        for s in reversed(body):
            self.loc = self.acc.loc = replace(s.loc, reverse=True)
            self.rev_statement(s, body)

    def _names_at_home(self, body: Block) -> list[str]:
        if body is self.fn.body:
            return []
        seen: dict[str, None] = {}
        for s in w.walk(body):
            for n in w.binds(s):
                if n in self.active and not is_array(self.types.get(n)) and self.at.home(n)[0] is body:
                    seen[n] = None
        return list(seen)

    def _arrays_at_home(self, body: Block) -> list[str]:
        """Active arrays of a branch outside loops, whose shadows live in the reverse of the branch."""
        if body is self.fn.body or not body or self.at.place[body[0]].loops:
            return []
        seen = {n: None for s in w.walk(body) for n in w.binds(s) if n in self.shadow and self.at.home(n)[0] is body}
        return [n for n in seen if n not in self.carried and not self._is_call_in_loop(n)]

    def rev_statement(self, s: Stmt, body: Block) -> None:
        loops = self.at.place[s].loops
        for d in self.plan.fetch.get(s, ()):
            name = self.plan.taped[d]
            self.fetch(self._stored(d, name, self.types[name], self.at.place[d].loops), name)
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
            case Increment(array, index, value, sign) if array in self.active and isinstance(value, str) and value in self.active:
                self.acc.add(value, sign, self.temp(Load(self.shadow[array], index), f"b_{value}"))
            case Permute(targets, sources):
                self.emit(Permute(sources, targets, self.loc))
                if targets[0] in self.shadow:
                    self.emit(Permute(tuple(self.shadow[t] for t in sources), tuple(self.shadow[t] for t in targets), self.loc))

    def recompute(self, d: Assign) -> None:
        value = d.value
        if isinstance(value, Op) and value.fn == "nonzero":
            value = value.args[0]            # tested in the forward sweep
        self.emit(Assign(d.target, value, self.loc))

    def restore(self, s: Stmt, loops: tuple[Loop, ...]) -> Atom | None:
        """Undo an overwrite; gives the overwritten-by value if a rule wants it."""
        omega: Atom | None = None
        array = w.writes(s)
        if array is None and isinstance(s, Assign) and s.target in self.active and isinstance(s.value, Op):
            if any(RESULT in needed(f) for f in operand_partials(s, self.active).values()):
                omega = self.temp(s.target, s.target)
        undo = inverse(s, self.types)
        if undo is not None:
            self.emit(undo)
            return omega
        quantity, kind = self._element_type(s)
        tape = self._stored(s, quantity, kind, loops)
        if array is None:
            self.fetch(tape, s.target)  # type: ignore[union-attr]
        else:
            old = self.names.fresh("t")
            self.fetch(tape, old)
            self.emit(Store(array, s.index, old, self.loc))  # type: ignore[union-attr]
        return omega

    def rev_scalar(self, s: Assign, target: str, value: Rhs, body: Block, omega: Atom | None) -> None:
        taken = self.acc.take(target)
        own: list[tuple[int, Atom]] = []
        if taken is not None:
            outer, g = taken
            # All amounts are computed before any adjoint changes, and the one `g` is read from changes last.
            amounts: dict[Atom, list[tuple[int, Atom]]] = {}
            for operand, sign, amount in self.contributions(s, target, value, outer, g, omega):
                amounts.setdefault(operand, []).append((outer * sign, amount))
            own = amounts.pop(target, [])
            for operand in sorted(amounts, key=lambda n: self.acc.adjoint_name(n) == g):
                self.acc.add_all(operand, amounts[operand])
        self.acc.set(target, own, as_list=self.at.home(target)[0] is body)

    def contributions(self, s: Assign, target: str, value: Rhs, outer: int, g: Atom, omega: Atom | None):
        """(operand, sign, amount) for every active operand of a scalar assignment with adjoint ``outer * g``.

        What an array's elements get goes to its shadow at once.
        """
        match value:
            case str() if value in self.active:
                yield value, 1, g
            case Load(array, index) if array in self.active:
                self.emit(Increment(self.shadow[array], index, g, outer, self.loc))
            case Op(_, args):
                result: Atom = target if omega is None else omega
                for k, partial in operand_partials(s, self.active).items():
                    sign, amount = weighted(g, partial, result, self.temp, f"b_{args[k]}", strong_zero=self.strong_zero,
                                            is_integer=self._is_integer)
                    yield args[k], sign, amount
            case Call("np.dot", (a, b), _):
                for x, other in ((a, b), (b, a)):
                    if x in self.active:
                        self.scaled_increment(self.shadow[x], outer, g, other)  # type: ignore[index, arg-type]
            case Call() if any(a in self.active for a in w.rhs_names(value)):
                raise UnsupportedFunction(f"no derivative rule for `{value.fn}`", loc=s.loc, code="S2S021",
                                          hint="write it as a loop over the elements")

    def _is_integer(self, a: Atom) -> bool:
        return isinstance(a.value, int) if isinstance(a, Const) else is_integer(self.types.get(a))

    def rev_store(self, s: Stmt, array: str, index: tuple[Atom, ...], value: Atom) -> None:
        b = self.shadow[array]
        if isinstance(value, str) and value in self.active:
            g = self.temp(Load(b, index), f"b_{value}")
            if s not in self.only_stores:
                self.emit(Store(b, index, FZERO, self.loc))
            self.acc.add(value, 1, g)
        elif s not in self.only_stores:
            self.emit(Store(b, index, FZERO, self.loc))

    def rev_array(self, target: str, value: Rhs, in_loop: bool) -> None:
        match value:
            case Call("np.dot", (str(a), str(b)), _):
                self.rev_dot(self.shadow[target], a, b)
            case Alloc():
                pass
            case Call("np.copy", (str(source),), _):
                if source in self.active:
                    self.increment_array(self.shadow[source], self.shadow[target])
            case _:
                raise UnsupportedSyntax(f"the array `{target}` is bound in a way that is not supported yet", loc=self.loc,
                                        code="S2S015", hint="copy it with `.copy()`")

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
            case While():
                k = self.names.fresh("k")
                inner = self._iteration(s)
                if inner:
                    assert s.trips is not None
                    self.emit(For(k, ZERO, s.trips, ONE, inner, loc=self.loc))

    def rev_for(self, s: For) -> None:
        inner = self._iteration(s)
        if not inner:
            return
        start, stop, step = s.start, s.stop, s.step
        if s.exit is None and step == ONE:
            self.emit(For(s.var, self._plus(stop, -1), self._plus(start, -1), Const(-1), inner, loc=self.loc))
        elif s.exit is None and step == Const(-1):
            self.emit(For(s.var, self._plus(stop, 1), self._plus(start, 1), ONE, inner, loc=self.loc))
        else:
            trips: Atom | None = s.trips
            if s.exit is None and isinstance(step, Const):
                k = step.value
                span = self.temp(Op("sub", (stop, start)))
                trips = self.temp(Op("floordiv", (self._plus(span, k - 1 if k > 0 else k + 1), step)))  # type: ignore[operator]
            assert trips is not None
            last = self._plus(trips, -1)
            if step != ONE:
                last = self.temp(Op("mul", (last, step)))
            if start != ZERO:
                last = self.temp(Op("add", (start, last)))
            before = self._plus(start, -step.value) if isinstance(step, Const) else self.temp(Op("sub", (start, step)))  # type: ignore[operator]
            back = Const(-step.value) if isinstance(step, Const) else self.temp(Op("neg", (step,)))  # type: ignore[operator]
            self.emit(For(s.var, last, before, back, inner, loc=self.loc))

    def _plus(self, a: Atom, k: int) -> Atom:
        if isinstance(a, Const):
            return Const(a.value + k)  # type: ignore[operator]
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
        return len(binders) == 1 and (isinstance(binders[0], For) and binders[0].var == x or not self.at.place[binders[0]].loops)

    def _iteration(self, s: For | While) -> Block:
        around = self.loc
        inner = self._nested(s.body)
        self.loc = self.acc.loc = around
        if s in self.tapes.counters:
            top = self.tapes.counters[s]
            inner = (Assign(top, Op("sub", (top, ONE)), self.loc), *inner)
        return inner

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

    # ------------------------------------------------------------------ whole arrays

    def loop_over(self, array: str, kind: object, body) -> None:
        """A loop nest over all elements of an array; ``body`` gets the index."""
        ndim = kind.ndim  # type: ignore[attr-defined]
        index = tuple(self.names.fresh("ijk"[k]) for k in range(ndim))
        extents = [self.temp(Dim(array, k), "n") for k in range(ndim)]
        saved, self.out = self.out, []
        body(index)
        inner, self.out = tuple(self.out), saved
        for var, n in zip(reversed(index), reversed(extents)):
            inner = (For(var, ZERO, n, ONE, inner, loc=self.loc),)
        self.out.extend(inner)

    def increment_array(self, target: str, source: str) -> None:
        self.loop_over(target, self.types[target], lambda i: self.emit(
            Increment(target, i, self.temp(Load(source, i)), 1, self.loc)))

    def scaled_increment(self, target: str, sign: int, g: Atom, source: str) -> None:
        def body(i: tuple[Atom, ...]) -> None:
            t = self.temp(Load(source, i))
            self.emit(Increment(target, i, self.temp(Op("zmul" if self.strong_zero else "mul", (g, t))), sign, self.loc))

        self.loop_over(source, self.types[source], body)

    def rev_dot(self, b_c: str, a: str, b: str) -> None:
        """``c = np.dot(a, b)``: ``b_a += np.dot(b_c, b.T)``, ``b_b += np.dot(a.T, b_c)`` and their vector forms."""
        ta, tb = self.types[a], self.types[b]
        if a in self.active:
            if ta.ndim == 2 and tb.ndim == 1:  # type: ignore[attr-defined]
                self.outer_increment(self.shadow[a], b_c, b)
            else:
                args = (b_c, self._array(Call("np.transpose", (b,)), tb)) if ta.ndim == 2 else (b, b_c)  # type: ignore[attr-defined]
                self.increment_array(self.shadow[a], self._array(Call("np.dot", args), ta))
        if b in self.active:
            if ta.ndim == 1 and tb.ndim == 2:  # type: ignore[attr-defined]
                self.outer_increment(self.shadow[b], a, b_c)
            else:
                left = self._array(Call("np.transpose", (a,)), ta)
                self.increment_array(self.shadow[b], self._array(Call("np.dot", (left, b_c)), tb))

    def _array(self, value: Call, kind: object) -> str:
        t = self.temp(value)
        self.types[t] = kind
        return t

    def outer_increment(self, target: str, u: str, v: str) -> None:
        def body(i: tuple[Atom, ...]) -> None:
            a, b = self.temp(Load(u, i[:1])), self.temp(Load(v, i[1:]))
            self.emit(Increment(target, i, self.temp(Op("mul", (a, b))), 1, self.loc))

        self.loop_over(target, self.types[target], body)


