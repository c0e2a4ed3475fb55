"""Bugs to plant in the compiler, one at a time: the fuzzer has to notice each within a thousand programs.

The compiler has no hooks for this: a mutant is a piece of a function's text and what stands there instead. They are
planted and searched for in :mod:`tests.fuzz.planting`.
"""
from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType

from s2sad.analysis import activity, fusible, kills, only_stores, required
from s2sad.analysis.dependence import Dependence
from s2sad.frontend.exits import _OneExit
from s2sad.frontend.inline import inline
from s2sad.frontend.webs import _Webs
from s2sad.kinds import vjp
from s2sad.lower.arrays import Arrays
from s2sad.lower.stores import Stores
from s2sad.optimise import coalesce, common, copies, dead, fold, hoist, increments, local_sums, zeros
from s2sad.transform import control, formulas, products
from s2sad.transform.accumulate import Accumulators
from s2sad.transform.forward_sweep import ForwardSweep
from s2sad.transform.reverse_statements import ReverseStatements
from s2sad.transform.reverse_sweep import ReverseSweep
from s2sad.transform.tangent import _Builder
from s2sad.transform.tapes import Tapes


@dataclass(frozen=True)
class Mutant:
    """``old`` in the text of the function ``where`` becomes ``new``."""

    name: str
    where: FunctionType
    old: str
    new: str


HITS: set[str] = set()
"""Mutants whose place the compiler has come by, while :func:`tests.fuzz.planting.watched`."""

MUTANTS = (
    # ---- tapes
    Mutant("a variable is not pushed", ForwardSweep._save, "return self.tapes.store(tape, target, s.loc)", "return []"),
    Mutant("an element is not pushed", ForwardSweep._save, "s.loc), *self.tapes.store(tape, t, s.loc)]", "s.loc)]"),
    Mutant("a temporary is not pushed", ForwardSweep.block,
           "if (s, n) in self.tape_of:", "if False:"),
    Mutant("a tape's index is off by one", Tapes._index, "at: Atom = loop.var", "at: Atom = loop.start"),
    Mutant("the top of a tape moves after the iteration", ReverseSweep._iteration,
           "inner = (Assign(top, Op(\"sub\", (top, ONE)), self.loc), *inner)",
           "inner = (*inner, Assign(top, Op(\"sub\", (top, ONE)), self.loc))"),
    Mutant("a tape has half the precision", Tapes.new, "Alloc(\"empty\", shape, dtype_name(kind))",
           "Alloc(\"empty\", shape, 'float32' if 'float' in str(kind) else dtype_name(kind))"),
    Mutant("values at the end of an iteration are not kept", required._Planner._record,
           "self.plan.at_end[id(block)] = local", "pass"),
    # ---- required values
    Mutant("an overwritten value is not restored", ReverseSweep.rev_statement,
           "if s in self.plan.saved:", "if s in self.plan.saved and not isinstance(s, Assign):"),
    Mutant("an overwritten element is not restored", ReverseSweep.rev_statement,
           "if s in self.plan.saved:", "if s in self.plan.saved and isinstance(s, Assign):"),
    Mutant("a counter is counted back the wrong way", required.inverse,
           "\"sub\" if op == \"add\" else \"add\"", "op"),
    Mutant("recomputed although an operand has changed", required._Planner._recomputable,
           "if names & set(w.binds(x)):", "if False:"),
    Mutant("recomputed although an element has changed", required._Planner._recomputable,
           "if any(array in names for array in w.written(x)) and not self._elsewhere(d, x):", "if False:"),
    Mutant("one store ends the need for a whole array", required._Planner._flow,
           "if w.writes(s) is None:", "if True:"),
    Mutant("the index of a store is not wanted", required._Planner.own_needs,
           "case Store(array, index, _) if array in active:\n", "case Store(array, index, _) if False:\n"),
    Mutant("the other operand is not wanted", required._Planner.own_needs,
           "(target, True) if n == RESULT else (n, False) for n in needed(f)",
           "(target, True) for n in needed(f) if n == RESULT"),
    # ---- the reverse of a statement
    Mutant("the shadow is reset before it is read", ReverseStatements.rev_store,
           "g = self.temp(Load(b, index), f\"b_{value}\")",
           "self.emit(Store(b, index, FZERO, self.loc)); g = self.temp(Load(b, index), f\"b_{value}\")"),
    Mutant("the shadow of an overwritten element is not reset", ReverseStatements.rev_store,
           "if s not in self.only_stores:", "if False:"),
    Mutant("the shadow is not reset where a constant is stored", ReverseStatements.rev_store,
           "elif s not in self.only_stores:", "elif False:"),
    Mutant("a store to a new array counts as the first", only_stores._first, "if inside or ", "if False and "),
    Mutant("an operand used twice counts once", ReverseStatements.rev_scalar,
           "amounts.setdefault(operand, []).append((outer * sign, amount))",
           "amounts[operand] = [(outer * sign, amount)]"),
    Mutant("a load's adjoint is stored, not added", ReverseStatements.contributions,
           "self.emit(Increment(self.shadow[array], index, g, outer, self.loc))",
           "self.emit(Store(self.shadow[array], index, g, self.loc))"),
    Mutant("a load's adjoint loses its sign", ReverseStatements.contributions,
           "index, g, outer, self.loc", "index, g, 1, self.loc"),
    Mutant("a rule gets the restored value as its result", ReverseStatements.restore,
           "omega = self.temp(s.target, s.target)", "pass"),
    Mutant("the wrong factor of a product", ReverseStatements.contributions,
           "for x, other in ((a, b), (b, a)):", "for x, other in ((a, a), (b, b)):"),
    Mutant("an adjoint pending elsewhere goes stale", Accumulators._detach, "copy: str | None = None", "return"),
    Mutant("an adjoint is not reset where its name is assigned", Accumulators.set,
           "self.zero(name) if total is None else total", "b if total is None else total"),
    # ---- control flow
    Mutant("an overwritten predicate is evaluated again", control._capture_control,
           "and n in bound and n not in copies", "and n in bound and isinstance(s, For)"),
    Mutant("the branches are mixed up", ReverseSweep.rev_compound,
           "If(test, new_then, new_else, self.loc)", "If(test, new_else, new_then, self.loc)"),
    Mutant("a loop left by break runs backwards in full", ReverseSweep.rev_loop,
           "if s.exit is None and isinstance(step, Const):", "if isinstance(step, Const):"),
    Mutant("a while loop runs back one time too few", ReverseSweep.rev_compound,
           "For(k, ZERO, s.trips", "For(k, ONE, s.trips"),
    Mutant("the trips of a loop with a step round down", ReverseSweep.rev_loop,
           "k - 1 if k > 0 else k + 1", "k - 1 if k < 0 else 0"),
    Mutant("a falling loop starts one too late backwards", ReverseSweep.rev_loop,
           "self._plus(stop, 1), self._plus(start, 1)", "self._plus(stop, 2), self._plus(start, 1)"),
    Mutant("a loop misses its first iteration backwards", ReverseSweep.rev_loop,
           "self._plus(stop, -1), self._plus(start, -1)", "self._plus(stop, -1), start"),
    Mutant("an early return does not end the loop", _OneExit.leave,
           "if loop is not None and loop.stop != self.returned:", "if False:"),
    Mutant("what follows an early return runs all the same", _OneExit.guarded, "if not rest:", "if True:"),
    Mutant("continue is ignored", _OneExit.leave, "else [Assign(loop.skip, TRUE, loc)]", "else []"),
    # ---- aliases, copies, helpers
    Mutant("what a helper writes to is a copy", inline, "held = flat.rhs(arg)",
           "held = flat.rhs(gast.Call(gast.Attribute(arg, 'copy', gast.Load()), [], []) if isinstance(arg, gast.Name) "
           "and helper.name.startswith('fill') else arg)"),
    Mutant("a second name is a copy", Arrays.bind, "elif isinstance(v, View):",
           "elif isinstance(v, View) and isinstance(value, str):\n        self.materialise(target, v)\n"
           "    elif isinstance(v, View):"),
    Mutant("an overlapping right side is not evaluated first", Stores.store_all,
           "if any(self.overlaps(leaf, target) for leaf in leaves(v)):", "if False:"),
    Mutant("overlap is seen only between equal views", Stores.overlaps,
           "return not same_place and not self.apart(a, target)", "return False"),
    Mutant("a swap is not undone on the shadows", ReverseSweep.rev_statement,
           "if targets[0] in self.active:", "if False:"),
    Mutant("a swap is not undone on the primals", ReverseSweep.rev_statement,
           "self.emit(Permute(sources, targets, self.loc))", "pass"),
    Mutant("the shadows are not swapped forward", ForwardSweep.block,
           "if self.first and targets[0] in self.carried and targets[0] in self.c.active:", "if False:"),
    Mutant("an array is not active through an increment", activity._flows,
           "case Store(array, _, value) | Increment(array, _, value):", "case Store(array, _, value):"),
    Mutant("an array is not active through a store", activity._flows,
           "case Store(array, _, value) | Increment(array, _, value):", "case Increment(array, _, value):"),
    Mutant("a zeroed array is not zeroed again in a loop", hoist.hoist_invariants, "return (inner,)", "return ()"),
    # ---- rules and products
    Mutant("a negative partial loses its sign", products.weighted,
           "sign, partial, value = -sign, Const(-value), -value", "partial, value = Const(-value), -value"),
    Mutant("a rule's minus is lost", formulas._build, "_simplify(\"neg\", _build(x, env))", "_build(x, env)"),
    Mutant("the operands of a quotient in a rule are exchanged", formulas._build,
           "return _simplify(_BINARY[type(op)], _build(a, env), _build(b, env))",
           "return _simplify(_BINARY[type(op)], *((_build(b, env), _build(a, env)) if isinstance(op, ast.Div) "
           "else (_build(a, env), _build(b, env))))"),
    Mutant("the strong zero looks at the partial", products.weighted,
           "Op(\"mul\" if plain else \"zmul\", (g, p))", "Op(\"mul\" if plain else \"zmul\", (p, g))"),
    Mutant("no strong zero", products.weighted, "\"mul\" if plain else \"zmul\"", "\"mul\""),
    # ---- tangents
    Mutant("a tangent is not reset where a constant is stored", _Builder.statement,
           "self.emit(Store(self.d(array), index, self.d_atom(value), s.loc))",
           "self.emit(Store(self.d(array), index, self.d_atom(value), s.loc)) if value in self.active else None"),
    # ---- vjp
    Mutant("the reverse sweep writes into what was saved", vjp.vjp_functions,
           "own = tuple(", "own = () and tuple("),
    Mutant("the caller's array is kept, not a copy", vjp.vjp_functions,
           "(p in a.interface.mutated or p in saved and p in read)", "(p in a.interface.mutated)"),
    # ---- optimising
    Mutant("a load is reused past a store", common.merge_common_subexpressions,
           " or isinstance(r, Load) and r.array in written", ""),
    Mutant("what a loop changes is known in it", common.merge_common_subexpressions,
           "if not hasattr(s, \"then\"):", "if False:"),
    Mutant("an expression is reused after its operand changed", common.merge_common_subexpressions,
           "name in bound or not bound.isdisjoint(w.rhs_names(r))", "name in bound"),
    Mutant("a live store is dead", dead._clean, "if array is not None and array not in out:",
           "if array is not None and (array not in out or len(w.reads(s)) == 2):"),
    Mutant("names alive together become one", coalesce.coalesce,
           "o in clashes.get(n, ()) or not _same_type(fn, n, o)", "not _same_type(fn, n, o)"),
    Mutant("a load is folded past a store", fold._disturbed, " and reads.isdisjoint(w.written_in(s))", ""),
    # ---- found to be noticeable later
    Mutant("a tape's index forgets where the loop starts", Tapes._index,
           "if start != ZERO:", "if start != ZERO and step < 0:"),
    Mutant("a loop that fills part of an array kills it", kills._fills, " or s.stop != shape[axis]", ""),
    Mutant("a conditional store counts as filling", kills._stores,
           "return isinstance(s, For) and _fills(s, array, shape, index)",
           "return hasattr(s, 'then') and any(_stores(x, array, shape, index) for x in s.then) or "
           "isinstance(s, For) and _fills(s, array, shape, index)"),
    Mutant("a pending adjoint is not settled before a loop", Accumulators.settle,
           "self._detach(self.adjoint_name(name))", "pass"),
    Mutant("a tangent sees the operand overwritten", _Builder.operation,
           "if wants_result and target in value.args:", "if False:"),
    Mutant("a copy is followed past its change", copies.propagate_copies,
           "stable = isinstance(source, Const) or not any(source in w.bound_in(x) for x in rest)",
           "stable = True"),
    Mutant("a value live in the next iteration is dead", dead._clean, "if grown == live:", "if True:"),
    Mutant("an expression is folded past a change", fold._disturbed,
           "reads.isdisjoint(w.bound_in(s)) and ", ""),
    Mutant("the adjoint of an inner loop does not start at zero", Accumulators.materialise,
           "self.emit(Assign(b, self.zero(name) if total is None else total, self.loc))",
           "total is None or self.emit(Assign(b, total, self.loc))"),
    Mutant("what is pending is lost where a loop begins", Accumulators.materialise,
           "self.zero(name) if total is None else total", "self.zero(name)"),
    Mutant("elements are apart where their indices have other names", Dependence._same,
           "return system.possible()",
           "return all(r is None or s is None or r[0] == s[0] for r, s in pairs) and system.possible()"),
    Mutant("a store of a later iteration does not come later", Dependence._find,
           "return not within and any(", "return False and any("),
    Mutant("an index from the end is none from the start", Dependence._never_negative,
           "return not trial.possible()", "return True"),
    Mutant("a counter is taken to be below its bound by two", Dependence._bound,
           "system.at_most(counter, stop, -1)", "system.at_most(counter, stop, -2)"),
    Mutant("a result is read back from its array before its index is there", required._Planner.run,
           "self.plan.recompute = {s: _ordered(found)", "self.plan.recompute = {s: list(found)"),
    Mutant("what a loop adds under a condition is summed for all of it", local_sums._summed,
           "if s in loop.body and not bound", "if not bound"),
    Mutant("the bounds of a loop are not wanted", required._Planner.control_needs,
           "return [(n, True) for n in w.names_in((start, stop, step))]", "return []"),
    Mutant("a loop with a step runs backwards from zero", ReverseSweep.rev_loop, "if start != ZERO:", "if False:"),
    Mutant("the tangents are not swapped", _Builder.statement,
           "case Permute(targets, sources) if targets[0] in self.active:",
           "case Permute(targets, sources) if False:"),
    Mutant("the partials of a choice are exchanged", products._chosen,
           "_chosen(g, a, result, temp, hint), _chosen(g, b, result, temp, hint))",
           "_chosen(g, b, result, temp, hint), _chosen(g, a, result, temp, hint))"),
    Mutant("a tape never grows", Tapes._make_room, "(Grow(name, needed, loc),)", "()"),
    Mutant("an expression is folded into a loop", fold.plan_folding,
           "return not isinstance(s, (For, While)) and not raising and any(", "return not raising and any("),
    Mutant("a zero that was read is replaced by the increment", zeros._zeroed_before,
           "if w.blocks(x) or s.array in w.reads(x) or s.array in w.binds(x):", "if False:"),
    Mutant("an increment although the element has changed", increments.recognise_increments,
           "if any(s.array in w.written(x) or set(w.binds(x)) & {s.array, *w.names_in(s.index)}",
           "if any(set(w.binds(x)) & {s.array, *w.names_in(s.index)}"),
    Mutant("an element and a part that begins with it are apart", Stores.apart, "and k0 < k1 and", "and k0 <= k1 and"),
    Mutant("a loop is taken to run at least once", _Webs.statement,
           "after = _join(env, inside)\n                if after == env:",
           "after = inside\n                if after == env:"),
    Mutant("an index that changes in a loop moves out of it", hoist.hoist_invariants,
           "if any(n in bound for n in w.rhs_names(s.value)):", "if False:"),
    Mutant("what only the other branch reads is dead", dead._clean,
           "live_then | live_else | set(w.reads(s))", "live_then | set(w.reads(s))"),
    Mutant("what a call has written is not put back", ReverseSweep.rev_statement,
           "if isinstance(s, Invoke):", "if False:"),
    Mutant("only what a fused loop gives itself is wanted", fusible._Loop._matters,
           "return not tainted.isdisjoint(self.wanted)", "return not given.isdisjoint(self.wanted)"),
    Mutant("the value reads what the reverse sweep has left", ForwardSweep._kept_for,
           "n in results or upward_exposed(late, n)", "n in results"),
)
