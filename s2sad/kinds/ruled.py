"""The tangent and adjoint of a function with a rule: the rule's own functions, specialised for one call.

What the rule computes for an argument that carries no derivative here is dead code: its shadow becomes a local array
that nobody reads.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numba import types as nbt

from s2sad.analysis.calls import argument_types
from s2sad.errors import UnsupportedFunction
from s2sad.frontend.layout import Layout, layout_of
from s2sad.frontend.ruled import described
from s2sad.frontend.source import Constant, UserFunction
from s2sad.ir import Arg, Assign, Atom, Call, Const, Dim, Function, If, Increment, Invoke, Op, Raise, Stmt, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_complex, is_differentiable
from s2sad.kinds.implicit import Called, Generate, implicit_function
from s2sad.rules.calls import RESULT, CallRule, Implicit

if TYPE_CHECKING:
    from s2sad.kinds.callees import Prepared


@dataclass(frozen=True)
class Given:
    """What one parameter of a rule's function gets: ``value``, ``shadow`` or ``tangent`` of argument number ``of``;
    ``result`` or ``cotangent`` of leaf number ``of`` of the result."""

    role: str
    of: int


@dataclass(frozen=True, eq=False)
class RuleFunction:
    """One specialisation: its name in the module, what it is given, and (adjoints) the arguments whose adjoints it
    returns; ``adds`` are those to whose shadows it only adds."""

    name: str
    given: tuple[Given, ...]
    returns: tuple[int, ...]
    adds: frozenset[int]
    fn: Function
    user: UserFunction
    live: frozenset[str]
    author_names: frozenset[str]


def rule_function(kind: str, s: Invoke, types: Mapping[str, Any], active: set[str],
                  prepared: Callable[[UserFunction, tuple[nbt.Type, ...]], Prepared], generate: Generate,
                  name: str) -> RuleFunction:
    """Make the tangent or adjoint of a call.

    Raises
    ------
    UnsupportedFunction
        Where the rule has none, or one that does not fit the call.
    """
    return _Maker(kind, s, types, active, prepared, generate).run(name)


class _Maker:
    def __init__(self, kind: str, s: Invoke, types: Mapping[str, Any], active: set[str],
                 prepared: Callable[[UserFunction, tuple[nbt.Type, ...]], Prepared], generate: Generate) -> None:
        assert s.rule is not None
        self.kind, self.s, self.prepared, self.generate = kind, s, prepared, generate
        self.rule: CallRule = s.rule
        self.types = types
        self.leaves = [t for t in w.result_leaves(s.result) if isinstance(t, str)]
        self.argtypes = argument_types(s, types)
        self.varied = {k for k, p in enumerate(self.rule.params[:len(s.args)]) if p not in self.rule.constants}
        self.active = {k for k, a in enumerate(s.args) if isinstance(a, str) and a in active} & self.varied

    def refuse(self, what: str, hint: str) -> UnsupportedFunction:
        return UnsupportedFunction(f"the {self.kind} given for '{self.s.fn}' {what}", loc=self.s.loc, code="S2S024",
                                   hint=hint)

    def run(self, name: str) -> RuleFunction:
        source = self.rule.adjoint if self.kind == "adjoint" else self.rule.tangent
        if source is None and self.rule.lost:
            what, hint = self.rule.lost
            raise UnsupportedFunction(f"the derivative rule of '{self.s.fn}' {what}", loc=self.s.loc, code="S2S024",
                                      hint=hint)
        if source is None:
            raise UnsupportedFunction(f"the derivative rule of '{self.s.fn}' has no {self.kind}", loc=self.s.loc,
                                      code="S2S024", hint=f"give one, or use a mode that needs no {self.kind}")
        if isinstance(source, Implicit):
            source = implicit_function(self.kind, source, self._called(), self.generate, self.refuse)
        user = self._specialised(described(source))
        roles = {p: self._role(p) for p in user.params}
        for k in sorted(self.active):
            wanted = "shadow" if self.kind == "adjoint" else "tangent"
            if (wanted == "tangent" or is_array(self.argtypes[k])) and Given(wanted, k) not in roles.values():
                p = self.rule.params[k]
                raise self.refuse(f"has no parameter `{'b' if wanted == 'shadow' else 'd'}_{p}`",
                                  f"add it, or take `{p}` as a constant with `s2sad.stop_gradient`")
        layout = layout_of(user, tuple(self._type(r) for r in roles.values()))
        ready = self.prepared(layout.user, layout.types)
        given = self._leaves(roles, layout)
        return self._finished(ready, given, layout, name)

    def _called(self) -> Called:
        params = self.rule.params
        moving = [k for k in sorted(self.varied) if is_differentiable(self.argtypes[k])]
        found = [self.types[t] for t in self.leaves]
        unknown = found[0] if len(found) == 1 else nbt.Tuple(found)
        return Called(self.rule.name, params, dict(zip(params, self.argtypes)), unknown,
                      frozenset(params[k] for k in self.active),
                      tuple(params[k] for k in moving if not is_array(self.argtypes[k])))

    def _specialised(self, user: UserFunction) -> UserFunction:
        """Literals and left out arguments are part of the specialisation."""
        fixed: dict[str, object] = {}
        for p, a in zip(self.rule.params, self.s.args):
            if isinstance(a, Const) and p in user.params and (self.rule.library or not isinstance(a.value, float)):
                fixed[p] = Constant(a.value)
        for p in self.rule.params[len(self.s.args):]:
            if p in user.params:
                fixed[p] = Constant(self.rule.defaults.get(p))
        if not fixed:
            return user
        return replace(user, params=tuple(p for p in user.params if p not in fixed), fixed=fixed, identity=(
            user.key, tuple((p, type(c.value), repr(c.value)) for p, c in fixed.items())))  # type: ignore[attr-defined]

    def _role(self, p: str) -> Given:
        params = self.rule.params
        if p in params:
            return Given("value", params.index(p))
        if self.kind == "adjoint" and p in (RESULT, f"b_{RESULT}"):
            return Given("result" if p == RESULT else "cotangent", -1)
        if p[:2] == ("b_" if self.kind == "adjoint" else "d_") and p[2:] in params:
            k = params.index(p[2:])
            if self.kind == "adjoint" and not is_array(self.argtypes[k]):
                raise self.refuse(f"has a parameter `{p}`, and `{p[2:]}` is a number here",
                                  "return the adjoints of numbers, in the order of the parameters")
            return Given("shadow" if self.kind == "adjoint" else "tangent", k)
        known = [*params, *(["result", "b_result"] if self.kind == "adjoint" else [])]
        raise self.refuse(f"has a parameter `{p}`, which stands for nothing",
                          f"its parameters are found by name: {', '.join(known)}, and "
                          f"`{'b' if self.kind == 'adjoint' else 'd'}_` and one of these")

    def _type(self, r: Given) -> Any:
        if r.role in ("result", "cotangent"):
            def of(t: Arg) -> nbt.Type:
                if isinstance(t, TupleArg):
                    return nbt.Tuple([of(i) for i in t.items])
                found = self.types[t]  # type: ignore[index]
                return nbt.float64 if r.role == "cotangent" and not is_differentiable(found) else found

            assert self.s.result is not None
            return of(self.s.result)
        t = self.argtypes[r.of]
        if r.role == "value":
            return t
        if is_differentiable(t):
            return t.copy(readonly=False) if is_array(t) else t
        return nbt.Array(nbt.float64, t.ndim, "C") if is_array(t) else nbt.float64

    def _leaves(self, roles: Mapping[str, Given], layout: Layout) -> list[Given]:
        out: list[Given] = []
        for p, r in roles.items():
            count = len(layout.leaves((p,)))
            out += [replace(r, of=k) for k in range(count)] if r.of < 0 else [r]
        return out

    # ------------------------------------------------------------------ the function

    def _finished(self, ready: Prepared, given: list[Given], layout: Layout, name: str) -> RuleFunction:
        fn = ready.fn
        roles = dict(zip(fn.params, given))
        for s in w.walk(fn.body):
            for x in w.written(s):
                if x in roles and roles[x].role != "shadow":
                    raise self.refuse(f"writes to `{x}`",
                                      "write to the shadows `b_...` of arguments only, or to arrays of its own")
        adds = frozenset(r.of for p, r in roles.items() if r.role == "shadow" and all(
            isinstance(s, Increment) for s in w.walk(fn.body) if p in w.written(s)))
        local: list[Stmt] = []
        params: list[str] = []
        values = {r.of: p for p, r in roles.items() if r.role == "value"}
        for p, r in roles.items():
            idle = r.role in ("shadow", "tangent") and r.of not in self.active
            if idle and not is_array(fn.types[p]):
                local.append(Assign(p, Const(0j) if is_complex(fn.types[p]) else Const(0.0), fn.loc))
            elif idle and r.of in values and is_differentiable(fn.types[values[r.of]]):
                local.append(Assign(p, Call("np.zeros_like", (values[r.of],)), fn.loc))
            else:
                params.append(p)
        fn = replace(fn, params=tuple(params), body=(*local, *fn.body), name=name)
        fn, returns = self._adjoints(fn) if self.kind == "adjoint" else (self._tangents(fn), ())
        live = frozenset(p for p in params if roles[p].role == "shadow" and roles[p].of in self.active)
        return RuleFunction(name, tuple(roles[p] for p in params), returns, adds, fn, layout.user, live,
                            ready.author_names)

    def _adjoints(self, fn: Function) -> tuple[Function, tuple[int, ...]]:
        """Of the adjoints of numbers that are returned, those that are wanted."""
        numbers = [k for k, t in enumerate(self.argtypes) if k in self.varied and not is_array(t)
                   and is_differentiable(t)]
        leaves = w.result_leaves(fn.result)
        if fn.result == Const(None):
            leaves = ()
        integers = [k for k, t in enumerate(self.argtypes) if k in self.varied and not is_array(t)]
        if len(leaves) == len(integers):
            leaves = tuple(a for k, a in zip(integers, leaves) if k in numbers)
        if len(leaves) != len(numbers):
            names = ", ".join(f"`{self.rule.params[k]}`" for k in numbers) or "none"
            raise self.refuse(f"returns {len(leaves)} adjoints of numbers, not {len(numbers)}",
                              f"return one for each number among the arguments that is no integer: {names}")
        for a in leaves:
            if isinstance(a, str) and is_array(fn.types[a]):
                raise self.refuse("returns an array", "add to the shadows of arrays, and return adjoints of numbers")
        wanted = [(k, a) for k, a in zip(numbers, leaves) if k in self.active]
        result: Arg | None = None
        if wanted:
            result = wanted[0][1] if len(wanted) == 1 else TupleArg(tuple(a for _, a in wanted))
        return replace(fn, result=result), tuple(k for k, _ in wanted)

    def _tangents(self, fn: Function) -> Function:
        """The values and the tangents of those that have one, as one flat tuple."""
        pair = fn.result
        if not isinstance(pair, TupleArg) or len(pair.items) != 2:
            raise self.refuse("does not return a pair", "return (value, tangent)")
        values, tangents = (w.result_leaves(i) for i in pair.items)
        if len(values) != len(self.leaves) or len(tangents) != len(self.leaves):
            raise self.refuse("returns values of another structure than the function",
                              "return (value, tangent), both as the function returns its value")
        names, types = Names(w.all_names(fn)), dict(fn.types)
        tail: list[Stmt] = []
        seen: set[Atom] = set()

        def own(a: Atom) -> Atom:
            """Not an array that was given, nor one twice."""
            if isinstance(a, str) and is_array(types[a]) and (a in fn.params or a in seen):
                copy = names.fresh(a)
                types[copy] = types[a].copy(layout="C", readonly=False)
                tail.append(Assign(copy, Call("np.copy", (a,)), fn.loc))
                a = copy
            seen.add(a)
            return a

        parts: list[Atom] = []
        for t, v, d in zip(self.leaves, values, tangents):
            expected = self.types[t]
            for what, x in (("value", v), ("tangent", d)):
                self._require_type(what, expected, x, fn.types)
            if is_array(expected) and not self.rule.library:
                tail += self._same_shape(v, d, expected.ndim, names, types)  # type: ignore[arg-type]
        parts = [own(v) for v in values]
        parts += [own(d) for t, d in zip(self.leaves, tangents) if is_differentiable(self.types[t])]
        result: Arg = parts[0] if len(parts) == 1 else TupleArg(tuple(parts))
        return replace(fn, body=(*fn.body, *tail), result=result, types=types)

    def _require_type(self, what: str, expected: Any, x: Atom, types: Mapping[str, Any]) -> None:
        found = types[x] if isinstance(x, str) else nbt.float64
        if not is_differentiable(expected) and what == "tangent":
            return
        fits = not is_array(found)
        if is_array(expected):
            fits = is_array(found) and (found.ndim, found.dtype) == (expected.ndim, expected.dtype)
        if not fits:
            raise self.refuse(f"gives a {what} of type {found}, and the function returns {expected}",
                              "make it like the result: `np.zeros_like(...)`, `np.empty_like(...)`")

    def _same_shape(self, v: str, d: str, ndim: int, names: Names, types: dict[str, Any]) -> list[Stmt]:
        out: list[Stmt] = []
        for k in range(ndim):
            sizes = []
            for x in (v, d):
                n = names.fresh("n")
                types[n] = nbt.int64
                out.append(Assign(n, Dim(x, k), self.s.loc))
                sizes.append(n)
            other = names.fresh("differs")
            types[other] = nbt.boolean
            out.append(Assign(other, Op("ne", tuple(sizes)), self.s.loc))
            out.append(If(other, (Raise("ValueError", f"the tangent given for {self.s.fn} has another shape than the "
                                        "value", self.s.loc),), (), self.s.loc))
        return out
