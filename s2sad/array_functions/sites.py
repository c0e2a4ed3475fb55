"""Calls of array functions: typed by their bodies, then replaced by them.

Before::

    y = np.mean(x, 0)

where type inference meets it (``mean`` is a stand-in that numba can type and not compile)::

    y = mean(x)

after::

    y = np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[j] += x[i, j]
    ...
"""
from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from numba.core import types
from numba.core.types.misc import unliteral
from numba.core.typing.templates import signature
from numba.extending import typeof_impl

from s2sad.array_functions.declare import OUTPUT, Declaration, declared
from s2sad.errors import S2sadError, UnsupportedFunction
from s2sad.frontend.source import UserFunction
from s2sad.ir import (
    Arg,
    Assign,
    Atom,
    Call,
    Const,
    DType,
    Effect,
    ElementType,
    For,
    Function,
    Loc,
    Op,
    ShapeOf,
    Stmt,
    TupleArg,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names

NormalForm = Callable[[UserFunction, "tuple[types.Type, ...]"], "tuple[Function, object]"]

_recent: OrderedDict[tuple, tuple[Function, object]] = OrderedDict()
"""The last bodies, by function, literals and types."""
RECENT = 512
_serial = itertools.count(1)


@dataclass(frozen=True, eq=False)
class Site:
    """One call: what the parameters hold (literals, or names for the operands), and which of the results it is."""

    of: Declaration
    held: Mapping[str, Arg]
    params: tuple[str, ...]
    operands: tuple[str, ...]
    output: int | None
    loc: Loc
    normal_form: NormalForm

    def body(self, argtypes: tuple[types.Type, ...]) -> tuple[Function, object]:
        """The body for these types of operands, in normal form, and the type of what it returns."""
        key = (self.of.name, tuple(self.held.items()), argtypes)
        found = _recent.get(key)
        if found is None:
            user = replace(_user_function(self.of), params=self.params, arguments=self.held,
                           known=dict(zip(self.params, argtypes)))
            try:
                fn, returned = self.normal_form(user, argtypes)
            except S2sadError as e:
                e.loc = self.loc
                raise
            found = _recent[key] = _without_casts(fn), returned
            while len(_recent) > RECENT:
                _recent.popitem(last=False)
        fn, returned = found
        if self.output is not None:
            assert isinstance(fn.result, TupleArg)
            fn, returned = replace(fn, result=fn.result.items[self.output]), returned[self.output]  # type: ignore[index]
        return fn, returned


class SiteType(types.Callable):
    """What numba knows of a site: the type of its result."""

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__(f"{site.of.name}#{next(_serial)}")

    def get_call_type(self, context: Any, args: tuple, kws: Any) -> Any:
        args = tuple(map(unliteral, args))
        return signature(self.site.body(args)[1], *args)

    def get_call_signatures(self) -> tuple[list, bool]:
        return [], False

    def get_impl_key(self, sig: Any) -> Any:
        return self.site


@typeof_impl.register(Site)
def _typeof_site(site: Site, c: Any) -> SiteType:
    return SiteType(site)


@cache
def _user_function(of: Declaration) -> UserFunction:
    user = UserFunction.from_callable(of.body)
    user.node.args.vararg = None                                 # a tuple, as any other operand of several
    return user


# ---------------------------------------------------------------------------- finding the calls

def has_products(fn: Function) -> bool:
    """Whether ``@`` is used, of which numba knows vectors and matrices only."""
    return any(isinstance(s, Assign) and isinstance(s.value, Op) and s.value.fn == "matmul" for s in w.walk(fn.body))


def with_sites(fn: Function, normal_form: NormalForm, products: bool = False) -> tuple[Function, dict[str, Site]]:
    """Give every call of an array function a name of its own; what it means is a :class:`Site`.

    With ``products`` that includes ``@``.
    """
    if not any(isinstance(s, (Assign, Effect)) and _call(s, products) for s in w.walk(fn.body)):
        return fn, {}
    names = Names(w.all_names(fn))
    counts = w.definition_counts(fn)
    literals = {s.target: s.value for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Const)
                and counts[s.target] == 1}
    sites: dict[str, Site] = {}

    def site(call: Call, loc: Loc) -> Call:
        of = declared(call.fn)
        assert of is not None
        made = _Bound(of, literals, loc).site(call, normal_form)
        name = names.fresh(call.fn.rpartition(".")[2])
        sites[name] = made
        return Call(name, made.operands)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        call = _call(s, products)
        if call is None:
            return (s,)
        new = site(call, s.loc)
        return (Effect(new, s.loc) if isinstance(s, Effect) else Assign(s.target, new, s.loc),)  # type: ignore[union-attr]

    return replace(fn, body=w.map_block(fn.body, visit)), sites


def _call(s: Stmt, products: bool) -> Call | None:
    call = s.call if isinstance(s, Effect) else s.value if isinstance(s, Assign) else None
    if products and isinstance(call, Op) and call.fn == "matmul":
        return Call("np.matmul", call.args)
    if not isinstance(call, Call):
        return None
    of = declared(call.fn)
    return call if of is not None and of.takes(call.args, call.kwargs) else None


class _Bound:
    """The arguments of a call: literals stay, names become parameters."""

    def __init__(self, of: Declaration, literals: Mapping[str, Const], loc: Loc) -> None:
        self.of, self.literals, self.loc = of, literals, loc
        self.params: list[str] = []
        self.operands: list[str] = []

    def site(self, call: Call, normal_form: NormalForm) -> Site:
        given: dict[str, Arg] = {p: Const(v) for p, v in self.of.defaults.items()}
        given |= {**self.of.bound(call.args), **dict(call.kwargs)}
        output = given.pop(OUTPUT, None)
        held = {p: self.held(p, given[p], p) for p in self.of.parameters}
        return Site(self.of, held, tuple(self.params), tuple(self.operands),
                    output.value if isinstance(output, Const) else None, self.loc, normal_form)

    def held(self, name: str, a: Arg, parameter: str) -> Arg:
        literal = parameter in self.of.static
        match a:
            case TupleArg(items):
                return replace(a, items=tuple(self.held(f"{name}_{k}", i, parameter) for k, i in enumerate(items)))
            case ShapeOf(array) if not literal:
                return ShapeOf(self.operand(name, array))
            case ElementType(array):
                return ElementType(self.operand(name, array))
            case str() if literal and a in self.literals:
                return self.literals[a]
            case str() if not literal:
                return self.operand(name, a)
            case Const() | DType():
                return a
        raise UnsupportedFunction(f"`{parameter}` of `{self.of.name}` must be a literal", loc=self.loc, code="S2S011",
                                  hint="write the number out, or give it a name that is assigned once")

    def operand(self, name: str, a: str) -> str:
        if a in self.operands:
            return self.params[self.operands.index(a)]
        self.params.append(name)
        self.operands.append(a)
        return name


# ---------------------------------------------------------------------------- replacing them

def expand(fn: Function, sites: Mapping[str, Site]) -> Function:
    """Put the bodies in place of the calls. The types of all names are known."""
    return _Expansion(fn, sites).run() if sites else fn


class _Expansion:
    def __init__(self, fn: Function, sites: Mapping[str, Site]) -> None:
        self.fn, self.sites = fn, sites
        self.names = Names(w.all_names(fn) | sites.keys())
        self.types: dict[str, Any] = dict(fn.types)

    def run(self) -> Function:
        body = w.map_block(self.fn.body, self.statement)
        return replace(self.fn, body=body, types=self.types)

    def statement(self, s: Stmt) -> tuple[Stmt, ...]:
        call = s.call if isinstance(s, Effect) else s.value if isinstance(s, Assign) else None
        if not isinstance(call, Call) or call.fn not in self.sites:
            return (s,)
        site = self.sites[call.fn]
        if any(a not in self.types for a in site.operands) or any(n not in self.types for n in w.binds(s)):
            return (s,)                                          # never reached: numba has pruned it
        body, _ = site.body(tuple(self.types[a] for a in site.operands))
        target = s.target if isinstance(s, Assign) else None
        renaming = self.renaming(body, site, target)
        head: list[Stmt] = []
        for p, a in zip(site.params, site.operands):
            if any(p in w.binds(x) for x in w.walk(body.body)):
                renaming[p] = self.fresh(body, p)
                head.append(Assign(renaming[p], a, s.loc))
        out = [*head, *w.map_block(body.body, lambda x: (self.renamed(x, renaming, s.loc),))]
        if target is not None:
            result: Any = renaming.get(body.result, body.result) if isinstance(body.result, str) else body.result
            assert isinstance(result, (str, Const))
            if result != target:
                out.append(Assign(target, result, s.loc))
        return tuple(out)

    def renaming(self, body: Function, site: Site, target: str | None) -> dict[str, str]:
        renaming = dict(zip(site.params, site.operands))
        for n in sorted(w.all_names(body) - set(site.params)):
            own = n == body.result and target is not None and target not in site.operands \
                and self.types[target] == body.types.get(n)
            renaming[n] = target if own and target is not None else self.fresh(body, n)
        return renaming

    def fresh(self, body: Function, n: str) -> str:
        new = self.names.fresh(n)
        if n in body.types:
            self.types[new] = body.types[n]
        return new

    def renamed(self, s: Stmt, m: Mapping[str, str], loc: Loc) -> Stmt:
        s = w.substitute_reads(s, m)
        changed: dict[str, Any] = {"loc": loc}
        match s:
            case Assign() :
                changed["target"] = m.get(s.target, s.target)
            case For() | While():
                changed["exit"] = m.get(s.exit, s.exit) if s.exit else None
                changed["trips"] = m.get(s.trips, s.trips) if s.trips else None
                if isinstance(s, For):
                    changed["var"] = m.get(s.var, s.var)
            case _ if hasattr(s, "target"):
                changed["target"] = m.get(s.target, s.target)
            case _ if hasattr(s, "targets"):
                changed["targets"] = tuple(m.get(t, t) for t in s.targets)
        return replace(s, **changed)


# ---------------------------------------------------------------------------- bodies

def _without_casts(fn: Function) -> Function:
    """Conversions of a number to the type it has are taken out."""
    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(target, Op(op, (a,))) if op.startswith("np."):
                return (replace(s, value=_converted(op, a, fn.types.get(target), fn.types)),)
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit))


def _converted(op: str, a: Atom, to: object, kinds: Mapping[str, Any]) -> Any:
    short = op.removeprefix("np.")
    if isinstance(a, Const):
        python = {"float64": float, "int64": int, "bool_": bool, "bool": bool, "complex128": complex}.get(short)
        return Op(op, (a,)) if python is None else Const(python(a.value))
    return a if str(kinds.get(a)) == short and kinds.get(a) == to else Op(op, (a,))


__all__ = ["Site", "expand", "with_sites"]
