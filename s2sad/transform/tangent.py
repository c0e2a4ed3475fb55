"""Forward mode: beside every active value its tangent.

Before::

    def f(x, y):
        z = x * y
        return math.sin(z)

after::

    def f_tangent(x, d_x, y, d_y):
        d_z = zmul(d_x, y) + zmul(d_y, x)
        z = x * y
        return math.sin(z), zmul(d_z, math.cos(z))

Reference: A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 3.1.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numba import types as nbt

from s2sad.analysis.activity import Activity
from s2sad.analysis.kinds import on_complex, rule_of
from s2sad.analysis.required import is_complex_atom, operand_partials
from s2sad.errors import UnsupportedFunction
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
    Grow,
    If,
    Increment,
    Invoke,
    Load,
    Op,
    Permute,
    Rhs,
    Stmt,
    Store,
    TupleArg,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.draws import is_draw
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_complex, is_differentiable, is_integer
from s2sad.rules.table import Rule
from s2sad.transform.complex_products import ComplexProducts
from s2sad.transform.formulas import RESULT, needed
from s2sad.transform.products import weighted

if TYPE_CHECKING:
    from s2sad.kinds.callees import Callees

FZERO = Const(0.0)


@dataclass(frozen=True)
class Tangent:
    """The body computing value and tangent, the tangents of active parameters, and of the result's leaves."""

    body: Block
    tangents: dict[str, str]
    result: Arg | None
    d_result: Arg | None
    types: dict[str, Any]


def build_tangent(fn: Function, active: Activity, parameters: tuple[str, ...], *, strong_zero: bool = True,
                  callees: Callees | None = None) -> Tangent:
    """Differentiate a lowered function; ``parameters`` (active, or asked for) get a tangent parameter."""
    return _Builder(fn, active, parameters, strong_zero, callees).run()


class _Builder:
    def __init__(self, fn: Function, active: Activity, parameters: tuple[str, ...], strong_zero: bool,
                 callees: Callees | None) -> None:
        self.callees = callees
        self.fn, self.active, self.parameters, self.strong_zero = fn, active, parameters, strong_zero
        names = w.all_names(fn)
        # What earlier passes have dropped may have had a name that is given anew.
        self.types: dict[str, Any] = {n: t for n, t in fn.types.items() if n in names}
        self.names = Names(names)
        self.tangent: dict[str, str] = {}
        self.out: list[Stmt] = []
        self.loc = fn.loc

    def run(self) -> Tangent:
        for p in self.parameters:
            self.d(p)
        # A scalar that only later depends on an independent variable starts without tangent.
        start = tuple(Assign(self.d(p), self.zero(p), self.fn.loc) for p in self.fn.params
                      if p in self.active and p not in self.parameters)
        body = self.block(self.fn.body)
        d_result = w.map_result(self.fn.result, self._leaf)      # may emit zero arrays
        body = (*start, *body, *self.out)
        return Tangent(body, {p: self.d(p) for p in self.parameters}, self.fn.result, d_result, self.types)

    def _leaf(self, a: Atom) -> Atom:
        if isinstance(a, str) and (a in self.active or a in self.parameters):
            return self.d(a)
        if isinstance(a, str) and is_array(self.types[a]):
            zero = self.temp(Call("np.zeros_like", (a,)), f"d_{a}")
            self.types[zero] = self.types[a]
            return zero
        if isinstance(a, Const):
            return Const(0j) if isinstance(a.value, complex) else FZERO if isinstance(a.value, float) else Const(0)
        return self.zero(a) if is_differentiable(self.types[a]) else Const(0)

    def zero(self, name: str) -> Const:
        return Const(0j) if is_complex(self.types.get(name)) else FZERO

    def d(self, name: str) -> str:
        if name not in self.tangent:
            self.tangent[name] = self.names.fresh(f"d_{name}")
            self.types[self.tangent[name]] = self.types.get(name)
        return self.tangent[name]

    def d_atom(self, a: Atom) -> Atom:
        return self.d(a) if isinstance(a, str) and a in self.active else FZERO

    def emit(self, s: Stmt) -> None:
        self.out.append(s)

    def temp(self, value: Rhs, hint: str = "t") -> str:
        t = self.names.fresh(hint)
        self.emit(Assign(t, value, self.loc))
        return t

    def block(self, body: Block) -> Block:
        saved, self.out = self.out, []
        for s in body:
            self.loc = s.loc
            self.statement(s)
        new, self.out = tuple(self.out), saved
        return new

    def statement(self, s: Stmt) -> None:
        match s:
            case If(_, then, orelse):
                self.emit(replace(s, then=self.block(then), orelse=self.block(orelse)))
            case For(body=body):
                self.emit(replace(s, body=self.block(body)))
            case While(cond, _, body):
                self.emit(replace(s, cond=self.block(cond), body=self.block(body)))
            case Assign(target, value) if target in self.active:
                if is_array(self.types.get(target)):
                    self.array(s, target, value)
                else:
                    self.scalar(s, target, value)
            case Store(array, index, value) if array in self.active:
                self.emit(Store(self.d(array), index, self.d_atom(value), s.loc))
                self.emit(s)
            case Increment(array, _, value) if array in self.active:
                if isinstance(value, str) and value in self.active:
                    self.emit(replace(s, array=self.d(array), value=self.d(value)))
                self.emit(s)
            case Invoke():
                self.invoke(s)
            case Grow(array, needed) if array in self.active:
                self.emit(s)
                self.emit(Grow(self.d(array), needed, s.loc))
            case Permute(targets, sources) if targets[0] in self.active:
                self.emit(s)
                self.emit(Permute(tuple(self.d(t) for t in targets), tuple(self.d(t) for t in sources), s.loc))
            case _:
                self.emit(s)

    def scalar(self, s: Assign, target: str, value: Rhs) -> None:
        match value:
            case str() | Const():
                moves = isinstance(value, str) and value in self.active
                self.emit(Assign(self.d(target), self.d_atom(value) if moves else self.zero(target), s.loc))
                self.emit(s)
            case Load(array, index):
                moved = Load(self.d(array), index) if array in self.active else self.zero(target)
                self.emit(Assign(self.d(target), moved, s.loc))
                self.emit(s)
            case Op():
                self.operation(s, target, value)
            case Call("np.dot", (str(a), str(b)), _):
                terms = [self.temp(Call("np.dot", (self.d(x), y))) for x, y in ((a, b), (b, a)) if x in self.active]
                total: Rhs = Op("add", tuple(terms)) if len(terms) == 2 else terms[0] if terms else self.zero(target)
                self.emit(Assign(self.d(target), total, s.loc))
                self.emit(s)
            case Call(fn, _, _) if not is_draw(value):
                raise UnsupportedFunction(f"no derivative rule for `{fn}`", loc=s.loc, code="S2S021",
                                          hint="write it as a loop over the elements")
            case Call():
                self.emit(Assign(self.d(target), FZERO, s.loc))
                self.emit(s)
            case _:
                self.emit(s)

    def operation(self, s: Assign, target: str, value: Op) -> None:
        """The tangent is computed before the assignment, which may overwrite an operand; after it to use the result."""
        formulas = operand_partials(s, self.active)
        wants_result = any(RESULT in needed(f) for f in formulas.values())
        result: Atom = target
        if wants_result and target in value.args:
            result = self.temp(value, target)
        elif wants_result:
            self.emit(s)
        terms: list[tuple[int, Atom]] = []
        products = self.complex_products(s, value, result)
        for k, partial in formulas.items():
            operand = value.args[k]
            assert isinstance(operand, str)
            if products is not None:
                terms.append(products.tangent(self.d(operand), operand, partial, f"d_{target}"))
                continue
            if value.fn == "zmul" and k == 1:
                # The adjoint wins over the partial's tangent, which may be infinite, as over the partial itself.
                terms.append((1, self.temp(Op("zmul", (value.args[0], self.d(operand))), f"d_{target}")))
                continue
            terms.append(weighted(self.d(operand), partial, result, self.temp, f"d_{target}",
                                  strong_zero=self.strong_zero, is_integer=self._is_integer))
        self.emit(Assign(self.d(target), self._sum(terms) if terms else self.zero(target), s.loc))
        if result != target:
            self.emit(Assign(target, result, s.loc))
        elif not wants_result:
            self.emit(s)

    def complex_products(self, s: Assign, op: Op, result: Atom) -> ComplexProducts | None:
        """How an operation on complex numbers passes on tangents; ``None`` for one on real numbers."""
        rule = rule_of(op, self.types)
        if not isinstance(rule, Rule) or not on_complex(op, self.types):
            return None
        return ComplexProducts(rule.kind, is_complex_atom(s, self.types), result, self.temp, self.strong_zero,
                               self._is_integer)

    def invoke(self, s: Invoke) -> None:
        """``v = f(x)`` becomes ``v, d_v = f_tangent(x, d_x)``."""
        assert self.callees is not None
        if not any(n in self.active for n in (*w.binds(s), *s.written)):
            name, pure = self.callees.primal(s, self.fn)
            self.emit(replace(s, fn=name, before=(), pure=pure))
            return
        if s.rule is not None and not s.rule.constant:
            self.ruled(s)
            return
        if s.rule is not None:
            self.emit(replace(s, fn=self.callees.primal(s, self.fn)[0], before=()))
            for t in w.binds(s):
                if t in self.active:
                    self.without_tangent(t, there=t in s.filled)
            return
        callee = self.callees.derivative("tangent", s, self.fn, set(self.active.names))
        args: list[Atom] = []
        written = list(s.written)
        for p, a in zip(callee.interface.params, s.args):
            args.append(a)
            if p in callee.interface.active:
                array = isinstance(a, str) and is_array(self.types.get(a))
                zero = array and a not in self.active
                d = self.temp(Call("np.zeros_like", (a,)), f"d_{a}") if zero else self.d_atom(a)
                if array and isinstance(d, str):
                    self.types[d] = self.types[a]  # type: ignore[index]
                    written += [d] if a in s.written else []
                args.append(d)

        def tangent(t: Atom) -> str:
            assert isinstance(t, str)
            return self.d(t) if t in self.active else self.names.fresh(f"d_{t}")

        values = w.result_leaves(s.result)
        parts: tuple[Atom, ...] = (*values, *(tangent(t) for t in values if is_differentiable(self.types.get(t))))  # type: ignore[arg-type]
        target = parts[0] if len(parts) == 1 else TupleArg(parts) if parts else None
        self.emit(Invoke(target, callee.name, tuple(args), tuple(written), pure=callee.pure, loc=s.loc))

    def without_tangent(self, t: str, there: bool) -> None:
        """The tangent of a constant result; ``there``: of an array that exists."""
        kind = self.types[t]
        if not is_array(kind):
            self.emit(Assign(self.d(t), self.zero(t), self.fn.loc))
        elif not there:
            self.emit(Assign(self.d(t), Call("np.zeros_like", (t,)), self.fn.loc))
        else:
            index = tuple(self.names.fresh("ijkl"[k % 4]) for k in range(kind.ndim))
            self.types.update(dict.fromkeys(index, nbt.int64))
            extents = [self.temp(Dim(t, k), f"n_{t}") for k in range(kind.ndim)]
            self.types.update({n: nbt.int64 for n in extents})
            nest: Block = (Store(self.d(t), index, FZERO, self.fn.loc),)
            for i, n in zip(reversed(index), reversed(extents)):
                nest = (For(i, Const(0), n, Const(1), nest, loc=self.fn.loc),)
            self.emit(nest[0])

    def ruled(self, s: Invoke) -> None:
        """A call of a function with a rule becomes one of the tangent that was given."""
        assert self.callees is not None
        rule = self.callees.rule_function("tangent", s, self.types, set(self.active.names))
        args: list[Atom] = []
        for g in rule.given:
            a = s.args[g.of]
            if g.role == "value" or isinstance(a, str) and a in self.active:
                args.append(a if g.role == "value" else self.d_atom(a))
            else:
                args.append(self.temp(Call("np.zeros_like", (a,)), f"d_{a}"))
        values = [t for t in w.result_leaves(s.result) if isinstance(t, str)]
        moving = [t for t in values if is_differentiable(self.types.get(t))]
        tangents = {t: self.d(t) if t in self.active else self.names.fresh(f"d_{t}") for t in moving}
        self.types.update({d: self.types[t] for t, d in tangents.items()})
        parts: tuple[Atom, ...] = (*values, *tangents.values())
        filled = (*s.filled, *(tangents[t] for t in s.filled if t in self.active))
        target: Arg = parts[0] if len(parts) == 1 else TupleArg(parts)
        self.emit(Invoke(target, rule.name, tuple(args), filled, filled=filled, loc=s.loc))

    def _is_integer(self, a: Atom) -> bool:
        return isinstance(a.value, int) if isinstance(a, Const) else is_integer(self.types.get(a))

    def _sum(self, terms: list[tuple[int, Atom]]) -> Rhs:
        if not terms:
            return FZERO
        terms = sorted(terms, key=lambda t: -t[0])
        sign, total = terms[0]
        rhs: Rhs = total if sign > 0 else Op("neg", (total,))
        for sign, value in terms[1:]:
            left = rhs if isinstance(rhs, (str, Const)) else self.temp(rhs)
            rhs = Op("add" if sign > 0 else "sub", (left, value))
        return rhs

    def array(self, s: Assign, target: str, value: Rhs) -> None:
        match value:
            case Alloc(_, shape, dtype):
                self.emit(s)
                self.emit(Assign(self.d(target), Alloc("zeros", shape, dtype), s.loc))
            case Call("np.dot", (str(a), str(b)), _):
                self.emit(s)
                terms = []
                for x, args in ((a, (self.d(a), b)), (b, (a, self.d(b)))):
                    if x in self.active:
                        terms.append(self.temp(Call("np.dot", args)))
                        self.types[terms[-1]] = self.types[target]
                self.emit(Assign(self.d(target), terms[0] if terms else Call("np.zeros_like", (target,)), s.loc))
                if len(terms) == 2:
                    self.accumulate(self.d(target), terms[1])
            case Call("np.copy", (str(source),), _):
                self.emit(s)
                copied = Call("np.copy", (self.d(source),)) if source in self.active else None
                self.emit(Assign(self.d(target), copied or Call("np.zeros_like", (target,)), s.loc))
            case Call(fn, _, _):
                raise UnsupportedFunction(f"no derivative rule for `{fn}`", loc=s.loc, code="S2S021",
                                          hint="write it as a loop over the elements")
            case _:
                self.emit(s)
                self.emit(Assign(self.d(target), self.d_atom(value), s.loc))  # type: ignore[arg-type]

    def accumulate(self, target: str, source: str) -> None:
        ndim = self.types[target].ndim
        index = tuple(self.names.fresh("ijk"[k]) for k in range(ndim))
        extents = [self.temp(Dim(target, k), "n") for k in range(ndim)]
        t = self.names.fresh("t")
        inner: Block = (Assign(t, Load(source, index), self.loc), Increment(target, index, t, 1, self.loc))
        for var, n in zip(reversed(index), reversed(extents)):
            inner = (For(var, Const(0), n, Const(1), inner, loc=self.loc),)
        self.out.extend(inner)
