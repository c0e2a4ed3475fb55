"""The lowering pass: every array statement becomes loops over scalar loads and stores.

After it, arrays are only allocated, loaded from, stored into, permuted, and handed to the library calls that stay
calls (:data:`STRUCTURAL`). NumPy's semantics survive: shapes are checked, slice bounds clamped, a right-hand side that
overlaps its target is evaluated in full first, and calls inside an expression happen once.
"""
from __future__ import annotations

from dataclasses import replace

from numba import types as nbt

from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir import (
    Alloc,
    Arg,
    Assign,
    Atom,
    AugAssign,
    AugItem,
    Block,
    Call,
    Const,
    Dim,
    DType,
    Effect,
    For,
    Function,
    GetItem,
    Grow,
    If,
    Increment,
    Load,
    Op,
    Permute,
    Raise,
    Rhs,
    SetItem,
    ShapeOf,
    Slice,
    Stmt,
    Store,
    TupleArg,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array, is_integer
from s2sad.lower.bindings import Bindings, copy_reassigned_parameters
from s2sad.lower.builder import ONE, ZERO, Builder
from s2sad.lower.values import Elementwise, Fixed, Sliced, Value, View, leaves, scalars
from s2sad.lower.views import element, is_whole, subscript, transposed, whole

STRUCTURAL = frozenset({"np.dot"})
"""Library calls on whole arrays that stay calls and have array rules."""

CHECKED_DIVISIONS = ("div", "floordiv", "mod")


def lower_arrays(fn: Function, *, check_division: bool = True) -> Function:
    """Lower ``fn``, whose ``types`` are known. With ``check_division`` scalar divisors are tested as Python does."""
    return _Lowering(copy_reassigned_parameters(fn), check_division).run()


class _Lowering:
    def __init__(self, fn: Function, check_division: bool) -> None:
        self.fn = fn
        self.types = dict(fn.types)
        self.check_division = check_division
        counts = w.definition_counts(fn)
        counters = {s.var for s in w.walk(fn.body) if isinstance(s, For)}
        self.uses = w.use_counts(fn)
        self.b = Builder(Names(w.all_names(fn)), frozenset(n for n, c in counts.items() if c > 1 and n not in counters), self.types)
        self.bindings = Bindings(fn)
        self.env: dict[str, Value] = {}
        self.extents: dict[str, tuple[Atom, ...]] = self.b.base_extents
        self.allocated: set[str] = set()
        self.unstable: set[str] = set()
        self.depth = 0

    def run(self) -> Function:
        self.unstable.update(s.array for s in w.walk(self.fn.body) if isinstance(s, Grow))
        for p in self.fn.params:
            if is_array(self.types[p]):
                self.extents[p] = tuple(self.b.dim(p, k) for k in range(self.types[p].ndim))
                self.allocated.add(p)
        self.block(self.fn.body)
        self.b.loc = self.fn.loc
        result = w.map_result(self.fn.result, self.result_leaf)
        return replace(self.fn, body=self.b.close(), result=result, types=self.types)

    def result_leaf(self, a: Atom) -> Atom:
        if isinstance(a, str) and is_array(self.types.get(a)):
            return self.reference(a)
        return a

    # ------------------------------------------------------------------ statements

    def block(self, body: Block) -> None:
        for k, s in enumerate(body):
            self.b.loc = s.loc
            if any(n not in self.types for n in (*w.reads(s), *w.binds(s))):
                # numba found that this is never reached, and gave it no types
                self.b.emit(Raise("AssertionError", "unreachable", s.loc))
                return
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
                if is_array(self.types[target]):
                    self.update_all(self.whole_or_view(target), op, self.operand(value))
                else:
                    self.assign(target, Op(op, (target, value)), rest)
            case SetItem(base, index, value):
                v = self.subscript(base, index)
                if v.extents:
                    self.store_all(v, self.operand(value))
                else:
                    b.emit(Store(v.base, element(b, v, ()), self.scalar(value), s.loc))
            case AugItem(base, index, op, value):
                v = self.subscript(base, index)
                if v.extents:
                    self.update_all(v, op, self.operand(value))
                elif op in ("add", "sub"):
                    b.emit(Increment(v.base, element(b, v, ()), self.scalar(value), 1 if op == "add" else -1, s.loc))
                else:
                    at = element(b, v, ())
                    old = b.load(v.base, at)
                    b.emit(Store(v.base, at, self.divided(op, old, self.scalar(value)), s.loc))
            case Permute(targets, sources):
                self.permute(targets, sources)
            case If(test, then, orelse):
                self.branch(s, self.scalar(test), then, orelse)
            case For(var, start, _, step, body):
                if isinstance(step, Const) and (
                        step.value > 0 and b.is_nonneg(start) or step.value < 0 and s.stop in (Const(-1), ZERO)):  # type: ignore[operator]
                    b.nonneg.add(var)
                else:
                    b.nonneg.discard(var)
                self.enter_loop(body)
                b.emit(replace(s, body=self.loop_body(body)))
            case While(cond, _, body):
                self.enter_loop(body)
                b.emit(replace(s, cond=self.loop_body(cond), body=self.loop_body(body)))
            case Raise():
                b.emit(s)
            case Effect(call):
                b.emit(replace(s, call=replace(call, args=tuple(self.argument(a) for a in call.args))))
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

    def enter_loop(self, body: Block) -> None:
        """Arrays of unequal shapes swapped in the loop have no shape known at compile time inside it."""
        for s in w.walk(body):
            if isinstance(s, Permute) and is_array(self.types[s.targets[0]]):
                shapes = {self.extents.get(n) for n in s.targets}
                if len(shapes) > 1:
                    self.unstable.update(s.targets)

    def permute(self, targets: tuple[str, ...], sources: tuple[str, ...]) -> None:
        if is_array(self.types[targets[0]]):
            shapes = [self.extents.get(n) for n in sources]
            for t, shape in zip(targets, shapes):
                if shape is not None:
                    self.extents[t] = shape
            self.b.emit(Permute(targets, sources, self.b.loc))
            return
        saved = {n: self.b.temp(n, "t") for n in targets[:1 if len(targets) == 2 else None]}
        for t, s in zip(targets, sources):
            self.b.emit(Assign(t, saved.get(s, s), self.b.loc))

    # ------------------------------------------------------------------ assignments

    def assign(self, target: str, value: Rhs, rest: Block) -> None:
        t = self.types.get(target)
        if is_array(t) and t.ndim == 0:  # type: ignore[union-attr]
            raise UnsupportedSyntax("this makes an array without axes (as `np.where` of numbers does): not supported yet",
                                    loc=self.b.loc, code="S2S011", hint="write `a if condition else b`")
        if isinstance(value, GetItem) and isinstance(self.types.get(value.base), nbt.BaseTuple):
            self.b.emit(Assign(target, value, self.b.loc))
        elif is_array(t):
            self.bind(target, value, rest)
        else:
            self.b.emit(Assign(target, self.scalar_rhs(target, value), self.b.loc))

    def scalar_rhs(self, target: str, value: Rhs) -> Rhs:
        b = self.b
        match value:
            case GetItem(base, index):
                v = self.subscript(base, index)
                at = element(b, v, ())
                return Load(v.base, at)
            case Dim(array, axis):
                extents = self.operand_extents(array)
                return extents[axis]
            case Op("matmul", args):
                return self.dot(target, args)
            case Op("np.clip", (x, low, high)):
                return Op("np.minimum", (b.temp(Op("np.maximum", (x, low))), high))
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
            case Call("np.dot" | "np.vdot", args, ()):
                return self.dot(target, args)
            case Call("np.sum" | "np.copy", (x,), ()) if not is_array(self.types.get(x)):  # a scalar
                return x
            case Call(fn, _, _):
                raise UnsupportedFunction(f"`{fn}` is not supported yet", loc=b.loc, code="S2S010",
                                          hint="write it as a loop over the elements")
        return value

    def checked(self, fn: str, a: Atom, d: Atom) -> Rhs:
        """A scalar division; Python's error model raises where the divisor is zero."""
        if self.check_division and not (isinstance(d, Const) and d.value != 0):
            d = self.b.temp(Op("nonzero", (d,)), "t")
        return Op(fn, (a, d))

    def divided(self, op: str, a: Atom, c: Atom) -> Atom:
        return self.b.temp(self.checked(op, a, c) if op in CHECKED_DIVISIONS else Op(op, (a, c)))

    def bind(self, target: str, value: Rhs, rest: Block) -> None:
        """An array name gets its meaning: a view, a delayed expression, or an array of its own."""
        b = self.b
        fresh = self.allocation(target, value)
        if fresh:
            return
        v = self.array_value(target, value)
        if v is None:
            return
        if target in self.bindings.rebound and not (isinstance(v, View) and target in self.bindings.permuted):
            self.assign_in_place(target, v)
        elif isinstance(v, View):
            if target in self.bindings.permuted:
                raise UnsupportedSyntax(f"`{target}` is another name or a view of `{v.base}` and takes part in a swap: not supported yet",
                                        loc=b.loc, code="S2S015", hint=f"make it an array of its own: `{target} = {v.base}.copy()`")
            if not self.bindings.is_stable(target, v.base, rest):
                if isinstance(value, str) and not self.bindings.written(target, v.base):
                    self.materialise(target, v)
                    return
                raise UnsupportedSyntax(f"`{target}` is another name or a view of `{v.base}`, which is bound to another array "
                                        "while it is in use: not supported yet", loc=b.loc, code="S2S015",
                                        hint=f"take a copy: `{target} = {v.base}.copy()`")
            self.env[target] = v if self.used_only_in(target, rest) else self.held(v)
        elif self.can_wait(target, v, rest):
            self.env[target] = v
        else:
            self.materialise(target, v)

    def used_only_in(self, name: str, rest: Block) -> bool:
        return sum(w.reads(s).count(name) for s in w.walk(rest)) == self.uses[name]

    def held(self, v: View) -> View:
        """A view used beyond the block it is made in: what places it is kept under names of its own."""
        def kept(a: Atom) -> Atom:
            return self.b.temp(a, "at") if isinstance(a, str) else a

        axes = tuple(Fixed(kept(a.index)) if isinstance(a, Fixed) else replace(a, offset=kept(a.offset)) for a in v.axes)
        return View(v.base, axes, tuple(kept(e) for e in v.extents))

    def can_wait(self, name: str, v: Elementwise, rest: Block) -> bool:
        """Whether the one use is in this block with nothing in between that changes what the expression reads."""
        if self.uses[name] != 1:
            return False
        arrays = {leaf.base for leaf in leaves(v)}
        inputs = scalars(v) | arrays
        for s in rest:
            if name in w.reads(s):
                return not w.blocks(s)
            if w.blocks(s) or not isinstance(s, Assign) or s.target in inputs:
                return False
            if isinstance(s.value, Call) and s.value.fn not in ("np.sum", "np.dot", "np.size"):
                return False
        return False

    def materialise(self, name: str, v: Value) -> None:
        """Compute a value into a new array called ``name``."""
        b = self.b
        shape = tuple(b.stable(e) for e in v.extents)
        b.alloc(name, "empty", shape, dtype_name(self.types[name]))
        self.extents[name] = shape
        self.allocated.add(name)
        self.loops(whole(name, shape), v)

    def assign_in_place(self, name: str, v: Value) -> None:
        """``name = value`` where ``name`` already has storage of that shape: its content is replaced."""
        if name not in self.allocated:
            self.materialise(name, v)
            return
        self.require_shape(name, v.extents)
        target = whole(name, self.extents[name])
        self.store_all(target, replace(v, extents=target.extents))

    def require_shape(self, name: str, extents: tuple[Atom, ...]) -> None:
        for old, new in zip(self.extents[name], extents):
            if old != new:
                self.raise_unless_equal(old, new, f"array {name} changes its shape, which its derivative does not support")

    def raise_unless_equal(self, a: Atom, c: Atom, message: str, or_one: bool = False) -> None:
        b = self.b
        test = b.op("ne", c, a)
        if or_one:
            inner = If(b.op("ne", c, ONE), (Raise("ValueError", message, b.loc),), (), b.loc)
            b.emit(If(test, (inner,), (), b.loc))
        else:
            b.emit(If(test, (Raise("ValueError", message, b.loc),), (), b.loc))

    # ------------------------------------------------------------------ array values

    def allocation(self, target: str, value: Rhs) -> bool:
        """``np.zeros`` and its kind. True when ``value`` was one and ``target`` is bound."""
        if not isinstance(value, Call):
            return False
        b, args = self.b, value.args
        kind = value.fn.removeprefix("np.")
        fill: Atom | None = None
        if kind in ("zeros", "empty", "ones", "full"):
            shape = self.shape(args[0])
        elif kind in ("zeros_like", "empty_like", "ones_like", "full_like"):
            shape = self.operand_extents(args[0])
            kind = kind.removesuffix("_like")
        elif kind == "array":
            return self.array_literal(target, args[0])
        else:
            return False
        if kind == "full":
            fill = self.scalar(args[1])
        elif kind == "ones":
            fill = Const(1.0)
        shape = tuple(b.stable(e) for e in shape)
        dtype = dtype_name(self.types[target])
        if target in self.bindings.rebound and target in self.allocated:
            self.require_shape(target, shape)
            if kind == "zeros":
                fill = Const(0.0)
        else:
            b.alloc(target, "zeros" if kind == "zeros" else "empty", shape, dtype)
            self.extents[target] = shape
            self.allocated.add(target)
        if fill is not None:
            b.loop_nest(shape, lambda index: b.emit(Store(target, index, fill, b.loc)))
        return True

    def array_literal(self, target: str, items: Arg) -> bool:
        b = self.b

        def rows(a: Arg, index: tuple[Atom, ...]) -> tuple[Atom, ...]:
            if not isinstance(a, TupleArg):
                b.emit(Store(target, index, self.scalar(a), b.loc))  # type: ignore[arg-type]
                return ()
            return tuple([rows(x, (*index, Const(k))) for k, x in enumerate(a.items)] and [])

        def shape(a: Arg) -> tuple[Atom, ...]:
            return (Const(len(a.items)), *shape(a.items[0])) if isinstance(a, TupleArg) and a.items else ()

        if not isinstance(items, TupleArg):
            return False
        self.extents[target] = shape(items)
        if not (target in self.bindings.rebound and target in self.allocated):
            b.alloc(target, "empty", self.extents[target], dtype_name(self.types[target]))
            self.allocated.add(target)
        rows(items, ())
        return True

    def shape(self, a: Arg) -> tuple[Atom, ...]:
        match a:
            case TupleArg(items):
                return tuple(self.scalar(i) for i in items)  # type: ignore[arg-type]
            case ShapeOf(array):
                return self.operand_extents(array)
        return (self.scalar(a),)  # type: ignore[arg-type]

    def array_value(self, target: str, value: Rhs) -> Value | None:
        """What an array-valued right-hand side means; ``None`` when ``target`` was bound by a structural call."""
        match value:
            case str():
                return self.operand(value)  # type: ignore[return-value]
            case GetItem(base, index):
                return self.subscript(base, index)
            case Op("matmul", args) | Call("np.dot", args, ()):
                self.dot_array(target, args)
                return None
            case Op("stop_gradient", (str(x),)):
                if self.bindings.written(target, x, *(leaf.base for leaf in leaves(self.operand(x)))):
                    raise UnsupportedSyntax("`stop_gradient` of an array is that array itself, which is written in place: not supported yet",
                                            loc=self.b.loc, code="S2S015", hint=f"take a copy: `s2sad.stop_gradient({x}.copy())`")
                return self.elementwise("stop_gradient", (self.operand(x),))
            case Op("np.clip", (x, low, high)):
                return self.elementwise("np.minimum", (self.elementwise("np.maximum", self.aligned((x, low))), self.operand(high)))
            case Op(fn, args):
                return self.elementwise("select" if fn == "np.where" else fn, self.aligned(args))
            case Call("np.copy", (x,), ()):
                v = self.operand(x)  # type: ignore[arg-type]
                self.copy(target, v)  # type: ignore[arg-type]
                return None
            case Call("np.transpose", (x,), ()):
                return transposed(self.view(x))  # type: ignore[arg-type]
            case Call(fn, _, _):
                raise UnsupportedFunction(f"`{fn}` is not supported yet", loc=self.b.loc, code="S2S010",
                                          hint="write it as a loop over the elements")
        raise UnsupportedSyntax("this array expression is not supported yet", loc=self.b.loc, code="S2S011",
                                hint="write it as a loop over the elements")

    def copy(self, target: str, v: Value) -> None:
        if target in self.bindings.rebound:
            self.assign_in_place(target, v)
        elif not self.depth and isinstance(v, View) and is_whole(v, self.base_extents(v.base)) \
                and self.types[v.base].dtype == self.types[target].dtype:
            self.b.emit(Assign(target, Call("np.copy", (v.base,)), self.b.loc))
            self.extents[target] = v.extents
            self.allocated.add(target)
        else:
            self.materialise(target, v)

    def aligned(self, args: tuple[Atom, ...]) -> tuple[Value | Atom, ...]:
        """Operands of one elementwise operation; a delayed one that broadcasting would evaluate again is computed now."""
        values = [self.operand(a) for a in args]
        shapes = [v.extents for v in values if not isinstance(v, (str, Const))]
        for k, v in enumerate(values):
            if isinstance(v, Elementwise) and any(s != v.extents for s in shapes):
                values[k] = self.view(args[k])  # type: ignore[arg-type]
        return tuple(values)

    def elementwise(self, fn: str, args: tuple[Value | Atom, ...]) -> Elementwise:
        b = self.b
        ndim = max(len(a.extents) for a in args if not isinstance(a, (str, Const)))
        extents: list[Atom] = []
        for k in range(-ndim, 0):
            n: Atom = ONE
            for a in args:
                if not isinstance(a, (str, Const)) and len(a.extents) >= -k:
                    e = a.extents[k]
                    if n == ONE:
                        n = e
                    elif e not in (n, ONE):
                        n = b.op("extent", n, e, hint="n")
                        b.nonneg.add(n)
            extents.append(n)
        maps = tuple(self.maps(a, tuple(extents)) for a in args)
        return Elementwise(fn, args, maps, tuple(extents))

    def maps(self, a: Value | Atom, extents: tuple[Atom, ...]) -> tuple[str, ...]:
        """How the index of a result becomes the index of an operand whose trailing axes are aligned with it."""
        if isinstance(a, (str, Const)):
            return ()
        out = []
        for e, n in zip(a.extents, extents[len(extents) - len(a.extents):]):
            if e == n:
                out.append("same")
            elif e == ONE:
                out.append("zero")
            else:
                read = leaves(a)
                hint = f"step_{read[0].base}" if len(read) == 1 else "step"
                out.append(self.b.op("select", self.b.op("eq", e, n), ONE, ZERO, hint=hint))
        return tuple(out)

    def mapped(self, index: tuple[Atom, ...], maps: tuple[str, ...]) -> tuple[Atom, ...]:
        tail = index[len(index) - len(maps):]
        return tuple(i if m == "same" else ZERO if m == "zero" else self.b.mul(i, m) for i, m in zip(tail, maps))

    def element_of(self, v: Value | Atom, index: tuple[Atom, ...]) -> Atom:
        """Emit what computes one element of a value."""
        if isinstance(v, (str, Const)):
            return v
        if isinstance(v, View):
            return self.b.load(v.base, element(self.b, v, index))
        args = tuple(self.element_of(a, self.mapped(index, m)) for a, m in zip(v.args, v.maps))
        return self.b.temp(Op(v.fn, args))

    # ------------------------------------------------------------------ operands

    def scalar(self, a: Atom) -> Atom:
        return a

    def operand(self, a: Atom) -> Value | Atom:
        if isinstance(a, str) and is_array(self.types.get(a)):
            return self.env[a] if a in self.env else whole(a, self.base_extents(a))
        return a

    def base_extents(self, name: str) -> tuple[Atom, ...]:
        if name not in self.extents:
            raise UnsupportedSyntax(f"the array `{name}` is used where it may not be bound yet, or across iterations: not supported yet",
                                    loc=self.b.loc, code="S2S015", hint="bind it once before the loop")
        if name in self.unstable:
            fresh = tuple(self.b.temp(Dim(name, k), f"n_{name}") for k in range(self.types[name].ndim))
            self.b.nonneg.update(fresh)
            self.extents[name] = fresh
        return self.extents[name]

    def operand_extents(self, a: Arg) -> tuple[Atom, ...]:
        v = self.operand(a)  # type: ignore[arg-type]
        return () if isinstance(v, (str, Const)) else v.extents

    def whole_or_view(self, name: str) -> View:
        v = self.operand(name)
        assert isinstance(v, View), name
        return v

    def view(self, name: str) -> View:
        """The value as a view, computed first if it was delayed."""
        v = self.operand(name)
        if isinstance(v, View):
            return v
        self.env.pop(name, None)
        self.materialise(name, v)  # type: ignore[arg-type]
        return whole(name, self.extents[name])

    def reference(self, name: str) -> str:
        """A name bound to a real array with exactly this content: for calls and results."""
        v = self.view(name)
        if is_whole(v, self.base_extents(v.base)):
            return v.base
        copy = self.b.names.fresh(f"{name}_copy")       # the name itself stays a view
        self.types[copy] = self.types[name].copy(layout="C")
        self.materialise(copy, v)
        return copy

    def argument(self, a: Arg) -> Arg:
        return self.reference(a) if isinstance(a, str) and is_array(self.types.get(a)) else a

    def subscript(self, base: str, index: tuple) -> View:
        if isinstance(self.types.get(base), nbt.BaseTuple) or not is_array(self.types.get(base)):
            raise UnsupportedSyntax(f"subscripting `{base}` of type {self.types.get(base)} is not supported yet",
                                    loc=self.b.loc, code="S2S016", hint="unpack it into names")
        return subscript(self.b, self.view(base), index,
                         lambda a: isinstance(a, Const) or is_integer(self.types.get(a, nbt.int64)), self.b.loc)

    # ------------------------------------------------------------------ loops

    def loops(self, target: View, v: Value | Atom) -> None:
        """Store a value into a view of the same or a broader shape, element by element."""
        maps = self.maps(v, target.extents)

        def body(index: tuple[Atom, ...]) -> None:
            value = self.element_of(v, self.mapped(index, maps))
            self.b.emit(Store(target.base, element(self.b, target, index), value, self.b.loc))

        self.b.loop_nest(target.extents, body)

    def store_all(self, target: View, v: Value | Atom) -> None:
        """``target[...] = v`` with NumPy's semantics: shape check, and the right side evaluated in full first."""
        if isinstance(v, (View, Elementwise)):
            self.check_fits(target, v)
            if any(self.overlaps(leaf, target) for leaf in leaves(v)):
                v = self.evaluated_first(target, v)
        self.loops(target, v)

    def update_all(self, target: View, op: str, v: Value | Atom) -> None:
        """``target op= v`` for all elements, in place."""
        if isinstance(v, View) and self.overlaps(v, target):
            raise UnsupportedSyntax("an in-place operator between overlapping parts of one array has no meaning NumPy and "
                                    "numba agree on", loc=self.b.loc, code="S2S013",
                                    hint="write `a[...] = a[...] + b`, which evaluates the right side first, or a loop")
        if isinstance(v, (View, Elementwise)):
            self.check_fits(target, v)
            if any(self.overlaps(leaf, target) for leaf in leaves(v)):
                v = self.evaluated_first(target, v)
        maps = (self.maps(target, target.extents), self.maps(v, target.extents))
        self.loops(target, Elementwise(op, (target, v), maps, target.extents))

    def overlaps(self, a: View, target: View) -> bool:
        """Whether a view may read what is written through another at a different place of the loop."""
        return a.base == target.base and (a.same_map != target.same_map or a.extents != target.extents) and not self.apart(a, target)

    def check_fits(self, target: View, v: Value) -> None:
        """NumPy's check that a value can be broadcast into a place."""
        extra = len(v.extents) - len(target.extents)
        if extra > 0 and any(e != ONE for e in v.extents[:extra]):
            raise UnsupportedSyntax("the right side has more axes than the place it is assigned to", loc=self.b.loc,
                                    code="S2S017", hint="select the axes to assign")
        for e, n in zip(v.extents[max(extra, 0):], target.extents[max(-extra, 0):]):
            if e not in (n, ONE):
                self.raise_unless_equal(n, e, "cannot assign slice from input of different size", or_one=True)

    def evaluated_first(self, target: View, v: Value) -> View:
        """The value in a temporary as large as the base array, so that in a loop it is one array of one size."""
        base = self.base_extents(target.base)
        shape = list(target.extents)
        for n, a in zip(base, target.axes):
            if isinstance(a, Sliced):
                shape[a.axis] = n
        temp = self.b.names.fresh("rhs")
        self.types[temp] = self.types[target.base].copy(ndim=len(shape), layout="C")
        self.b.alloc(temp, "empty", tuple(shape), dtype_name(self.types[temp]))
        self.extents[temp] = tuple(shape)
        self.allocated.add(temp)
        place = replace(whole(temp, tuple(shape)), extents=target.extents)
        self.loops(place, v)
        return place

    def apart(self, a: View, c: View) -> bool:
        """Whether two views of one array certainly share no element: on some axis one ends before the other begins."""
        for x, y in zip(a.axes, c.axes):
            for low, high in ((x, y), (y, x)):
                if isinstance(low, Fixed) and (isinstance(high, Fixed) or high.step > 0):
                    first = high.index if isinstance(high, Fixed) else high.offset
                    (b0, k0), (b1, k1) = self.b.affine(low.index), self.b.affine(first)
                    if b0 == b1 and k0 < k1 and (k0 >= 0 if b0 is None else self.b.is_nonneg(b0) and k0 >= 0):
                        return True
        return False

    def total(self, target: str, v: Value | Atom) -> Rhs:
        """``np.sum``: one accumulator, elements in C order."""
        b = self.b
        t = self.types[target]
        zero: Rhs = Const(0) if is_integer(t) else Const(0.0)
        if t == nbt.float32:
            zero = Op("np.float32", (Const(0.0),))
        s = b.names.fresh("s")
        b.emit(Assign(s, zero, b.loc))
        self.types[s] = t
        b.reassigned |= {s}

        def body(index: tuple[Atom, ...]) -> None:
            b.emit(Assign(s, Op("add", (s, self.element_of(v, index))), b.loc))

        b.loop_nest(v.extents, body)  # type: ignore[union-attr]
        return s

    def dot(self, target: str, args: tuple[Arg, ...]) -> Rhs:
        """``np.dot`` / ``@`` of one- and two-dimensional arrays stays a call (BLAS)."""
        names = []
        for a in args:
            if not (isinstance(a, str) and is_array(self.types.get(a))):
                raise UnsupportedFunction("`np.dot` of a scalar is not supported yet", loc=self.b.loc, code="S2S011",
                                          hint="multiply with `*`")
            names.append(self.reference(a))
        x, y = (self.extents[n] for n in names)
        if len(x) > 2 or len(y) > 2:
            raise UnsupportedFunction("`np.dot` of arrays with more than two axes is not supported", loc=self.b.loc,
                                      code="S2S011", hint="write the loop over the leading axis")
        if is_array(self.types[target]):
            self.extents[target] = (*x[:-1], *y[1:])
            self.allocated.add(target)
        return Call("np.dot", tuple(names))

    def dot_array(self, target: str, args: tuple[Arg, ...]) -> None:
        """An array product; in a loop its result is copied into storage that exists once."""
        if not self.depth and target not in self.bindings.rebound:
            self.b.emit(Assign(target, self.dot(target, args), self.b.loc))
            return
        product = self.b.names.fresh("product")
        self.types[product] = self.types[target]
        self.b.emit(Assign(product, self.dot(product, args), self.b.loc))
        self.copy(target, whole(product, self.extents[product]))


__all__ = ["STRUCTURAL", "Alloc", "DType", "Slice", "lower_arrays"]
