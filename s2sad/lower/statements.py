"""The lowering pass: every array statement becomes loops over scalar loads and stores.

After it, arrays are only allocated, loaded from, stored into, permuted, and handed to the library calls that stay
calls (:data:`STRUCTURAL`). NumPy's semantics survive: shapes are checked, slice bounds clamped, a right-hand side that
overlaps its target is evaluated in full first, and calls inside an expression happen once.

Before::

    y = a[1:] * b
    return np.sum(y)

after (a check that the shapes agree left out)::

    s = 0.0
    for i in range(n_y):
        t = a[i + 1]
        s = s + t * b[i]
    return s
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.frontend.definite import define_everywhere
from s2sad.ir import (
    Assign,
    Atom,
    AugAssign,
    AugItem,
    Block,
    Call,
    Const,
    Dim,
    Effect,
    For,
    Function,
    GetItem,
    Grow,
    If,
    Increment,
    Invoke,
    Load,
    Op,
    Permute,
    Raise,
    Rhs,
    SetItem,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.draws import is_draw
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_complex, is_float, is_integer
from s2sad.lower.bindings import copy_reassigned_parameters
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.changing import changing_name
from s2sad.lower.draws import Draws
from s2sad.lower.elementwise import CHECKED_DIVISIONS
from s2sad.lower.parts import real_arrays_are_their_real_part
from s2sad.lower.references import with_references
from s2sad.lower.resolve import resolve_references
from s2sad.lower.values import Elementwise, Value, View
from s2sad.lower.views import element, is_whole
from s2sad.lower.without_axes import without_axes

STRUCTURAL = frozenset({"np.dot"})
"""Library calls on whole arrays that stay calls and have array rules."""


def lower_arrays(fn: Function, *, check_division: bool = True) -> Function:
    """Lower ``fn``, whose ``types`` are known. With ``check_division`` scalar divisors are tested as Python does.

    Each name of an array is taken to keep its shape, until that is seen to be wrong.
    """
    fn = without_axes(real_arrays_are_their_real_part(fn))
    referring: frozenset[str] = frozenset()
    changing: frozenset[str] = frozenset()
    while True:
        ready, refs = with_references(fn, referring)
        ready, copied = copy_reassigned_parameters(ready)
        names = Names(w.all_names(ready) | refs.all_scalars())
        resized = {n: changing_name(n, ready.types[n], names) for n in sorted(changing - refs.variants.keys())}
        attempt = _Lowering(ready, refs, resized, check_division)
        refused: UnsupportedSyntax | None = None
        try:
            lowered = attempt.run()
        except UnsupportedSyntax as error:
            refused = error
        swapped = {copied.get(n, n) for n in attempt.changing & attempt.bindings.permuted}
        found = attempt.changing - attempt.bindings.permuted
        if swapped <= referring and found <= changing:
            if refused is not None:
                raise refused
            return lowered
        referring, changing = referring | swapped, changing | found


class _Lowering(Draws):
    """Statements and scalar right-hand sides."""

    def run(self) -> Function:
        self.start_changing()
        self.b.nonneg.update(n for n, i in self.fn.intrinsics.items() if i.space == "place")
        self.unstable.update(s.array for s in w.walk(self.fn.body) if isinstance(s, Grow))
        for p in self.fn.params:
            if is_array(self.types[p]):
                self.extents[p] = tuple(self.b.dim(p, k) for k in range(self.types[p].ndim))
                self.allocated.add(p)
        self.block(self.fn.body)
        self.b.loc = self.fn.loc
        result = w.map_result(self.fn.result, self.result_leaf)
        fn = replace(self.fn, body=(*self.head, *self.b.close()), result=result, types=self.types)
        fn = define_everywhere(fn, {x: nbt.int64 for c in self.resized.values() for x in c.scalars})
        return resolve_references(fn, self.refs, frozenset(self.b.nests)) if self.refs.variants else fn

    def result_leaf(self, a: Atom) -> Atom:
        if isinstance(a, str) and is_array(self.types.get(a)):
            return self.reference(a)
        return a

    # ------------------------------------------------------------------ statements

    def block(self, body: Block) -> None:
        for k, s in enumerate(body):
            self.b.loc = s.loc
            self.statement(s, body[k + 1:])

    def nested(self, body: Block) -> Block:
        self.b.open()
        self.block(body)
        return self.b.close()

    def statement(self, s: Stmt, rest: Block) -> None:
        b = self.b
        match s:
            case Assign(target, value):
                self.assign(target, value, rest)
            case AugAssign(target, op, value):
                if target in self.parts:
                    self.store_part(*self.parts[target], self.operand(value), op)
                elif is_array(self.types[target]):
                    self.update_all(self.whole_or_view(target), op, self.operand(value))
                else:
                    self.assign(target, Op(op, (target, value)), rest)
            case SetItem(base, index, value) if base in self.parts:
                self.store_part(*self.part_subscript(base, index), self.operand(value))
            case AugItem(base, index, op, value) if base in self.parts:
                self.store_part(*self.part_subscript(base, index), self.operand(value), op)
            case SetItem(base, index, value) if self.selects(index):
                self.scatter(base, index, self.operand(value))
            case AugItem(base, index, op, value) if self.selects(index):
                self.update_selected(base, index, op, self.operand(value))
            case SetItem(base, index, value, one_by_one=True):
                assert isinstance(value, str)
                self.fill(self.subscript(base, index), self.operand(value), self.types[value])
            case SetItem(base, index, value):
                v = self.subscript(base, index)
                if v.extents:
                    self.store_all(v, self.operand(value))
                else:
                    b.emit(Store(v.base, element(b, v, ()), value, s.loc))
            case AugItem(base, index, op, value):
                v = self.subscript(base, index)
                if v.extents:
                    self.update_all(v, op, self.operand(value))
                elif op in ("add", "sub"):
                    b.emit(Increment(v.base, element(b, v, ()), value, 1 if op == "add" else -1, s.loc, s.atomic))
                else:
                    at = element(b, v, ())
                    old = b.load(v.base, at)
                    b.emit(Store(v.base, at, self.divided(op, old, value), s.loc))
            case Permute(targets, sources):
                self.permute(targets, sources)
            case If(test, then, orelse):
                self.branch(s, test, then, orelse)
            case For(var, start, _, step, body):
                if isinstance(step, Const) and (
                        step.value > 0 and b.is_nonneg(start) or step.value < 0 and s.stop in (Const(-1), ZERO)):
                    b.nonneg.add(var)
                else:
                    b.nonneg.discard(var)
                self.enter_loop(s)
                self.end_loop(replace(s, body=self.loop_body(body)))
            case While(cond, _, body):
                self.enter_loop(s)
                self.end_loop(replace(s, cond=self.loop_body(cond), body=self.loop_body(body)))
            case Raise():
                b.emit(s)
            case Effect(Call("np.random.shuffle", (str(x),), ())) if is_array(self.types.get(x)):
                self.shuffle(self.view(x))
            case Effect(call):
                b.emit(replace(s, call=replace(call, args=tuple(self.argument(a) for a in call.args))))
            case Invoke():
                self.invoke(s)
            case _:
                b.emit(s)

    def branch(self, s: If, test: Atom, then: Block, orelse: Block) -> None:
        before, shapes = set(self.allocated), dict(self.extents)
        new_then = self.nested(then)
        after_then, then_shapes = self.allocated, dict(self.extents)
        self.allocated = set(before)
        self.extents.update(shapes)
        new_else = self.nested(orelse)
        self.allocated &= after_then
        self.b.emit(replace(s, test=test, then=new_then, orelse=new_else))
        for name in self.allocated - before:
            if name in then_shapes and then_shapes[name] != self.extents.get(name):
                self.extents[name] = tuple(self.b.dim(name, k) for k in range(len(then_shapes[name])))

    def loop_body(self, body: Block) -> Block:
        before = set(self.allocated)
        self.depth += 1
        new = self.nested(body)
        self.depth -= 1
        self.allocated = before
        return new

    def enter_loop(self, loop: For | While) -> None:
        """Arrays of unequal shapes swapped in the loop have no shape known at compile time inside it."""
        self.start_loop(loop)
        for s in w.walk((loop,)):
            if isinstance(s, Permute) and is_array(self.types[s.targets[0]]) and s.targets[0] not in self.refs:
                shapes = {self.extents.get(n) for n in s.targets}
                if len(shapes) > 1 or not self.unstable.isdisjoint(s.targets):
                    self.unstable.update(s.targets)

    def permute(self, targets: tuple[str, ...], sources: tuple[str, ...]) -> None:
        if targets[0] in self.refs:
            self.exchange(targets, sources)
        elif is_array(self.types[targets[0]]):
            if not self.unstable.isdisjoint(targets):
                self.unstable.update(targets)
            shapes = [self.extents.get(n) for n in sources]
            for t, shape in zip(targets, shapes):
                if shape is not None:
                    self.extents[t] = shape
            self.b.emit(Permute(targets, sources, self.b.loc))
        else:
            self.b.exchange(targets, sources)

    # ------------------------------------------------------------------ scalar right-hand sides

    def assign(self, target: str, value: Rhs, rest: Block) -> None:
        t = self.types.get(target)
        if is_array(t) and t.ndim == 0:  # type: ignore[union-attr]
            raise UnsupportedSyntax(
                "this makes an array without axes (as `np.where` of numbers does): not supported yet",
                loc=self.b.loc, code="S2S011", hint="write `a if condition else b`")
        if isinstance(value, GetItem) and isinstance(self.types.get(value.base), nbt.BaseTuple):
            self.b.emit(Assign(target, value, self.b.loc))
        elif is_array(t) and isinstance(value, Call) and is_draw(value):
            self.draw_array(target, value)
        elif is_array(t):
            if not self.bind_part(target, value, rest):
                self.bind(target, value, rest)
        else:
            self.b.emit(Assign(target, self.scalar_rhs(target, value), self.b.loc))

    def scalar_rhs(self, target: str, value: Rhs) -> Rhs:
        b = self.b
        match value:
            case GetItem(base, index) if base in self.parts:
                return self.load_part(base, index)
            case GetItem(base, index):
                v = self.subscript(base, index)
                at = element(b, v, ())
                return Load(v.base, at)
            case Dim(array, axis):
                extents = self.operand_extents(array)
                return extents[axis]
            case Op("extent", (m, n)) if self.depth:          # generated source is read again
                return self.common_extent(m, n)
            case Op("np.conj", (str(x),)) if is_float(self.types[target]) and self.types[x] == self.types[target]:
                return x
            case Op("unused", (Const(str(storage)), *holders)):
                return self.unused(storage, holders)  # type: ignore[arg-type]
            case Op("matmul", args):
                return self.dot_of_parts(target, args) or self.dot(target, args)
            case Op("np.clip", (x, low, high)):
                return Op("np.minimum", (b.temp(Op("np.maximum", (x, low))), high))
            case Op("dispensable"):                               # generated source is read again
                return value
            case Op(fn, args):
                if fn in CHECKED_DIVISIONS:
                    return self.checked(fn, *args)
                if any(is_array(self.types.get(a)) for a in args if isinstance(a, str)):
                    raise UnsupportedFunction(f"`{fn}` of an array is not supported here", loc=b.loc, code="S2S011",
                                              hint="write the loop over the elements")
                return value
            case Call("np.sum", (x,), ()) if isinstance(x, str) and is_array(self.types[x]):
                return self.total(target, self.operand(x))
            case Call("np.size", (x,), ()) if isinstance(x, str):
                size: Atom = ONE
                for e in self.operand_extents(x):
                    size = b.mul(size, e)
                return size
            case Call("np.ndim", (x,), ()) if isinstance(x, str):
                return Const(self.types[x].ndim if is_array(self.types[x]) else 0)
            case Call("np.vdot", (str(x), y), ()) if is_complex(self.types.get(x)):
                return self.inner_product(target, x, y)  # type: ignore[arg-type]
            case Call("np.dot" | "np.vdot", args, ()):
                return self.dot_of_parts(target, args) or self.dot(target, args)
            case Call("np.sum" | "np.copy", (str() | Const() as x,), ()) if not (
                    isinstance(x, str) and is_array(self.types.get(x))):
                return x
            case Call() if is_draw(value):
                return self.draw_scalar(value)
            case Call(fn, _, _):
                raise UnsupportedFunction(f"`{fn}` is not supported yet", loc=b.loc, code="S2S010",
                                          hint="write it as a loop over the elements")
        return value

    def dot_of_parts(self, target: str, args: tuple[Any, ...]) -> Rhs | None:
        """The product of two vectors of which one is part of an array, or not computed yet: a loop, without copies."""
        values = [self.operand(a) for a in args]
        if any(isinstance(v, (str, Const)) or len(v.extents) != 1 for v in values):
            return None
        if all(isinstance(v, View) and v.base not in self.refs and is_whole(v, self.base_extents(v.base))
               for v in values):
            return None
        x, y = values
        (m,), (n,) = x.extents, y.extents  # type: ignore[union-attr]
        if m != n:
            self.raise_unless_equal(m, n, "incompatible array sizes for np.dot(a, b)")
        return self.total(target, Elementwise("mul", (x, y), (("same",), ("same",)), (m,)))

    def inner_product(self, target: str, x: str, y: str) -> Rhs:
        """``np.vdot``, which conjugates its first operand."""
        conjugate = self.elementwise("np.conj", (self.operand(x),))
        v = self.operand(y)
        if len(conjugate.extents) != 1 or isinstance(v, (str, Const)) or len(v.extents) != 1:
            raise UnsupportedFunction("`np.vdot` of arrays with more than one axis is not supported yet",
                                      loc=self.b.loc, code="S2S011", hint="ravel them, or write the loop")
        (m,), (n,) = conjugate.extents, v.extents
        if m != n:
            self.raise_unless_equal(m, n, "incompatible array sizes for np.vdot(a, b)")
        return self.total(target, Elementwise("mul", (conjugate, v), (("same",), ("same",)), (m,)))

    def total(self, target: str, v: Value | Atom) -> Rhs:
        """``np.sum``: one accumulator, elements in C order."""
        b = self.b
        t = self.types[target]
        zero: Rhs = Const(0) if is_integer(t) else Const(0j) if t == nbt.complex128 else Const(0.0)
        if t in (nbt.float32, nbt.complex64):
            zero = Op(f"np.{t}", (Const(0.0),))
        s = b.names.fresh("s")
        b.emit(Assign(s, zero, b.loc))
        self.types[s] = t
        b.reassigned |= {s}

        def body(index: tuple[Atom, ...]) -> None:
            b.emit(Assign(s, Op("add", (s, self.element_of(v, index))), b.loc))

        b.loop_nest(v.extents, body)  # type: ignore[union-attr]
        return s


__all__ = ["STRUCTURAL", "lower_arrays"]
