"""Array names get their meaning: a view, a delayed expression, or an array of their own.

Before::

    v = x[1:]
    y = np.zeros_like(v)
    z = y + v

after: ``v`` is a view (it leaves no statement), ``y`` is allocated, and ``z`` is a loop or waits for its one use::

    y = np.zeros(n_x - 1)
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.ir import (
    Arg,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Dim,
    GetItem,
    Increment,
    Invoke,
    Op,
    Rhs,
    ShapeOf,
    Store,
    TupleArg,
)
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_integer
from s2sad.lower.bindings import VIEWING
from s2sad.lower.elementwise import atom
from s2sad.lower.reshaping import Reshaping
from s2sad.lower.values import Elementwise, Place, Value, View, leaves, scalars
from s2sad.lower.views import element, is_whole, transposed, whole
from s2sad.rules.calls import Axis


class Arrays(Reshaping):
    """Bindings of array names: views, delayed expressions, allocations, copies and products."""

    def bind(self, target: str, value: Rhs, rest: Block) -> None:
        """An array name gets its meaning: a view, a delayed expression, or an array of its own."""
        b = self.b
        fresh = self.allocation(target, value)
        if fresh:
            return
        if isinstance(value, GetItem) and self.selects(value.index):
            base, index = value.base, value.index
            self.copy_into(target, lambda name: self.gather(name, self.selection(base, index)))
            return
        if target in self.refs:
            assert isinstance(value, (str, GetItem, Call))
            self.refer(target, self.subscript(value.base, value.index) if isinstance(value, GetItem) else
                       self.view(value) if isinstance(value, str) else transposed(self.view(value.args[0])))  # type: ignore[arg-type]
            return
        v = self.array_value(target, value)
        if v is None:
            return
        if target in self.refs.evaluated:
            self.materialise(target, self.evaluated(target, v))
            return
        if target in self.bindings.rebound and not (isinstance(v, View) and target in self.bindings.permuted):
            self.assign_in_place(target, v)
        elif isinstance(v, View):
            if target not in self.bindings.aliases:
                raise UnsupportedSyntax(f"`{target}` is a view of `{v.base}` of a kind that is not supported yet",
                                        loc=b.loc, code="S2S015", hint="copy it with `.copy()`")
            if target in self.bindings.permuted:
                raise UnsupportedSyntax(
                    f"`{target}` is another name or a view of `{v.base}` and takes part in a swap: not supported yet",
                    loc=b.loc, code="S2S015", hint=f"make it an array of its own: `{target} = {v.base}.copy()`")
            base = self.owner(v.base)
            if not self.bindings.is_stable(target, base, rest):
                if not self.bindings.written(target, base):
                    self.materialise(target, v)
                    return
                raise UnsupportedSyntax(
                    f"`{target}` is another name or a view of `{v.base}`, which is bound to another array while it "
                    "is in use: not supported yet", loc=b.loc, code="S2S015",
                    hint=f"add `.copy()` to what `{target}` is bound to")
            self.env[target] = v if self.used_only_in(target, rest) else self.held(v)
        elif self.can_wait(target, v, rest):
            self.env[target] = v
        else:
            self.materialise(target, v)

    def evaluated(self, target: str, v: Value) -> View:
        """A value in an array of its own first: what it reads may be what ``target`` held before."""
        temp = self.b.names.fresh(f"new_{target}")
        self.types[temp] = self.types[target]
        return self.materialise(temp, v)

    def copy_into(self, target: str, make: Callable[[str], View]) -> None:
        """A name gets the array that ``make`` makes under the name it is given."""
        if target not in self.bindings.rebound and target not in self.refs.evaluated:
            make(target)
            return
        temp = self.b.names.fresh(f"new_{target}")
        self.types[temp] = self.types[target].copy(layout="C", readonly=False)
        self.copy(target, make(temp))

    def used_only_in(self, name: str, rest: Block) -> bool:
        return sum(w.reads(s).count(name) for s in w.walk(rest)) == self.uses[name]

    def held(self, v: View) -> View:
        """A view used beyond the block it is made in: what places it is kept under names of its own."""
        def kept(a: Atom) -> Atom:
            return self.b.temp(a, "at") if isinstance(a, str) else a

        axes = tuple(Place(kept(a.offset), tuple((k, kept(stride)) for k, stride in a.walked)) for a in v.axes)
        numbering = v.numbering and tuple((k, kept(n)) for k, n in v.numbering)
        return View(v.base, axes, tuple(kept(e) for e in v.extents), numbering)

    def can_wait(self, name: str, v: Elementwise, rest: Block) -> bool:
        """Whether the one use is in this block with nothing in between that changes what the expression reads."""
        if self.uses[name] != 1 or name in self.bindings.permuted:
            return False
        arrays = {self.owner(leaf.base) for leaf in leaves(v)}
        inputs = scalars(v) | arrays
        for s in rest:
            if name in w.reads(s):
                return not w.blocks(s)
            if w.blocks(s) or not isinstance(s, Assign) or s.target in inputs:
                return False
            if isinstance(s.value, Call) and s.value.fn not in ("np.sum", "np.dot", "np.size"):
                return False
        return False

    # ------------------------------------------------------------------ calls that stay calls

    def invoke(self, s: Invoke) -> None:
        """Array arguments are whole arrays: part of one is passed as a copy, copied back if the callee writes it."""
        args: list[Atom] = []
        written: list[str] = []
        back: list[tuple[View, str]] = []
        for a in s.args:
            given = a
            if isinstance(a, str) and is_array(self.types.get(a)):
                part = self.view(a)
                given = self.reference(a)
                if a in s.written:
                    written.append(given)
                    if given != part.base:
                        back.append((part, given))
            args.append(given)
        s = replace(s, args=tuple(args), written=tuple(written))
        self.b.emit(s if s.rule is None else self.results_placed(s))
        for t in w.binds(s):
            if is_array(self.types[t]) and t not in self.extents:
                self.extents[t] = tuple(self.b.dim(t, k) for k in range(self.types[t].ndim))
                self.allocated.add(t)
        for part, given in back:
            self.store_all(part, whole(given, self.extents[given]))

    def results_placed(self, s: Invoke) -> Invoke:
        """In a loop the arrays that a function with a rule returns are storage that exists once, and is filled.

        For that their sizes have to follow from those of the arguments.
        """
        assert s.rule is not None
        filled: list[str] = []
        leaves = w.result_leaves(s.result)
        for k, t in enumerate(leaves):
            if not self.depth or not isinstance(t, str) or not is_array(self.types.get(t)):
                continue
            known = s.rule.extents[k] if k < len(s.rule.extents) else None
            if known is None:
                raise UnsupportedSyntax(f"'{s.fn}' makes an array in a loop, of a size that is not known: not supported"
                                        " yet", loc=s.loc, code="S2S018",
                                        hint="call it before the loop, or give `extents` in its rule")
            given = dict(zip(s.rule.params, s.args))
            shape = self.extents[given[known]] if isinstance(known, str) else tuple(  # type: ignore[index]
                self.axis_of_result(a, given) for a in known)
            if not all(self.is_settled(n) for n in shape):
                raise UnsupportedSyntax(f"'{s.fn}' makes an array in a loop, of a size that changes: not supported yet",
                                        loc=s.loc, code="S2S018", hint="let the sizes be the same in each iteration")
            place = self.place_for(t, shape, "empty")
            assert place.base == t
            filled.append(t)
        copied = tuple(t for t in s.copied if t not in filled)
        return replace(s, filled=tuple(filled), written=(*s.written, *filled), copied=copied)

    def axis_of_result(self, axis: Axis, given: Mapping[str, Atom]) -> Atom:
        match axis:
            case ("min", a, b):
                return self.b.minimum(self.axis_of_result(a, given), self.axis_of_result(b, given))
            case (str(p), int(k)):
                return self.extents[given[p]][k]  # type: ignore[index]
        raise AssertionError(axis)

    # ------------------------------------------------------------------ allocations

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
        elif kind == "arange":
            return self.counted(target, args)
        else:
            return False
        if kind == "full":
            fill = atom(args[1])
        elif kind == "ones":
            fill = Const(1.0)
        if kind == "zeros" and (target in self.resized or target in self.bindings.rebound and target in self.allocated):
            fill = self.zero(target)
        place = self.place_for(target, shape, "zeros" if kind == "zeros" else "empty")
        if fill is not None:
            b.loop_nest(place.extents, lambda index: b.emit(Store(place.base, element(b, place, index), fill, b.loc)))
        return True

    def counted(self, target: str, args: tuple[Arg, ...]) -> bool:
        """``np.arange`` of integers."""
        b = self.b
        bounds = [atom(a) for a in args]
        if not 1 <= len(bounds) <= 3 or not all(
                isinstance(a.value, int) if isinstance(a, Const) else is_integer(self.types.get(a)) for a in bounds):
            raise UnsupportedFunction("`np.arange` of anything but integers is not supported yet", loc=b.loc,
                                      code="S2S011", hint="fill an array in a loop: `t[i] = start + i * step`")
        start, stop = (Const(0), bounds[0]) if len(bounds) == 1 else (b.stable(bounds[0]), bounds[1])
        step = bounds[2].value if len(bounds) == 3 and isinstance(bounds[2], Const) else 1
        if len(bounds) == 3 and not isinstance(bounds[2], Const) or step == 0:
            raise UnsupportedFunction("`np.arange` takes a literal step other than zero here", loc=b.loc, code="S2S011",
                                      hint="fill an array in a loop: `t[i] = start + i * step`")
        span = b.sub(stop, start) if step > 0 else b.sub(start, stop)
        length = b.at_least_zero(b.floordiv(b.add(span, Const(abs(step) - 1)), abs(step)))
        place = self.place_for(target, (length,), "empty")
        b.loop_nest(place.extents, lambda index: b.emit(Store(
            place.base, element(b, place, index), b.add(start, b.mul(index[0], Const(step))), b.loc)))
        return True

    def place_for(self, target: str, shape: tuple[Atom, ...], kind: str) -> View:
        """Storage for an array of a shape: new, or what the name has already."""
        shape = tuple(self.b.stable(self.b.original(e)) for e in shape)
        if target in self.resized:
            return self.resize(target, shape)
        if target in self.bindings.rebound and target in self.allocated:
            self.require_shape(target, shape)
            return whole(target, shape)
        return self.make_array(target, kind, shape)

    def array_literal(self, target: str, items: Arg) -> bool:
        b = self.b

        def rows(a: Arg, index: tuple[Atom, ...]) -> None:
            if isinstance(a, TupleArg):
                for k, x in enumerate(a.items):
                    rows(x, (*index, Const(k)))
            else:
                b.emit(Store(place.base, element(b, place, index), atom(a), b.loc))

        def shape(a: Arg) -> tuple[Atom, ...]:
            return (Const(len(a.items)), *shape(a.items[0])) if isinstance(a, TupleArg) and a.items else ()

        if not isinstance(items, TupleArg):
            return False
        place = self.place_for(target, shape(items), "empty")
        rows(items, ())
        return True

    def shape(self, a: Arg) -> tuple[Atom, ...]:
        match a:
            case TupleArg(items):
                return tuple(atom(i) for i in items)
            case ShapeOf(array):
                return self.operand_extents(array)
        return (atom(a),)

    # ------------------------------------------------------------------ array values

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
                    raise UnsupportedSyntax(
                        "`stop_gradient` of an array is that array itself, which is written in place: not supported "
                        "yet", loc=self.b.loc, code="S2S015", hint=f"take a copy: `s2sad.stop_gradient({x}.copy())`")
                return self.elementwise("stop_gradient", (self.operand(x),))
            case Op("np.clip", (x, low, high)):
                raised = self.elementwise("np.maximum", self.aligned((x, low)))
                return self.elementwise("np.minimum", (raised, self.operand(high)))
            case Op(fn, args):
                return self.elementwise("select" if fn == "np.where" else fn, self.aligned(args))
            case Call("np.copy", (x,), ()):
                v = self.operand(x)  # type: ignore[arg-type]
                self.copy(target, v)  # type: ignore[arg-type]
                return None
            case Call(fn) if fn in VIEWING or fn == "np.flatten":
                return self.reshaped(target, value)
            case Call(fn, _, _):
                raise UnsupportedFunction(f"`{fn}` is not supported yet", loc=self.b.loc, code="S2S010",
                                          hint="write it as a loop over the elements")
        raise UnsupportedSyntax("this array expression is not supported yet", loc=self.b.loc, code="S2S011",
                                hint="write it as a loop over the elements")

    def copy(self, target: str, v: Value) -> None:
        if target in self.bindings.rebound:
            self.assign_in_place(target, v)
        elif target in self.refs.evaluated:
            self.materialise(target, self.evaluated(target, v))
        elif not self.depth and isinstance(v, View) and v.base not in self.refs \
                and is_whole(v, self.base_extents(v.base)) and self.types[v.base].dtype == self.types[target].dtype:
            self.b.emit(Assign(target, Call("np.copy", (v.base,)), self.b.loc))
            self.extents[target] = v.extents
            self.allocated.add(target)
        else:
            self.materialise(target, v)

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
        if len(x) + len(y) == 3:
            matrix, vector = (x, y) if len(x) == 2 else (y[::-1], x)
            if all(isinstance(n, str) and isinstance(self.b.defined.get(n), Dim) for n in matrix):
                self.squares.add(frozenset((matrix[0], vector[0])))      # or a second product would fail
        if is_array(self.types[target]):
            self.extents[target] = (*x[:-1], *y[1:])
            self.allocated.add(target)
        return Call("np.dot", tuple(names))

    def dot_array(self, target: str, args: tuple[Arg, ...]) -> None:
        """An array product; in a loop its result is copied into storage that exists once."""
        product = self.b.names.fresh("product")
        self.types[product] = self.types[target]
        if self.depth and not all(self.is_settled(e) for a in args for e in self.operand_extents(a)):
            self.copy(target, self.product_by_loops(product, args))
        elif not self.depth and target not in self.bindings.rebound:
            self.b.emit(Assign(target, self.dot(target, args), self.b.loc))
        else:
            self.b.emit(Assign(product, self.dot(product, args), self.b.loc))
            self.copy(target, whole(product, self.extents[product]))

    def product_by_loops(self, product: str, args: tuple[Arg, ...]) -> View:
        """The product of arrays whose sizes change in a loop: they are parts of larger ones, which no call takes."""
        b = self.b
        x, y = (self.view(a) for a in args)  # type: ignore[arg-type]
        if x.extents[-1] != y.extents[0]:
            self.raise_unless_equal(x.extents[-1], y.extents[0], "incompatible array sizes for np.dot(a, b)")
        rows = len(x.extents) - 1
        place = self.make_array(product, "zeros", (*x.extents[:-1], *y.extents[1:]))

        def body(index: tuple[Atom, ...]) -> None:
            left, k, right = index[:rows], index[rows], index[rows + 1:]
            factors = b.load(x.base, element(b, x, (*left, k))), b.load(y.base, element(b, y, (k, *right)))
            b.emit(Increment(place.base, element(b, place, (*left, *right)), b.temp(Op("mul", factors)), 1, b.loc))

        b.loop_nest((*x.extents, *y.extents[1:]), body)
        return place
