"""What array names stand for, and the loops that compute it element by element.

Before::

    z[:] = np.sin(x) + y

``np.sin(x)`` and ``+`` become delayed :class:`~s2sad.lower.values.Elementwise` values; storing one gives, after::

    for i in range(n_z):
        t = np.sin(x[i])
        z[i] = t + y[i]
"""
from __future__ import annotations

from collections.abc import Mapping

from numba import types as nbt

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Arg, Atom, Const, Dim, For, Function, If, Op, Raise, Rhs, Store, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_complex, is_integer
from s2sad.lower.bindings import Bindings
from s2sad.lower.builder import ONE, ZERO, Builder
from s2sad.lower.changing import Changing
from s2sad.lower.references import References, reference_types
from s2sad.lower.scratch import Scratch
from s2sad.lower.values import Elementwise, Value, View, leaves
from s2sad.lower.views import element, is_whole, subscript, whole

CHECKED_DIVISIONS = ("div", "floordiv", "mod")


def atom(a: Arg) -> Atom:
    """A call's argument that can only be a name or a literal."""
    assert isinstance(a, (str, Const)), a
    return a


class Elements(Scratch):
    """Values of operands, broadcasting, and loops over elements: the base of the lowering pass.

    ``env`` holds the names that stand for a view or a delayed expression, ``extents`` the shapes of the names that are
    arrays of their own, ``allocated`` those certainly allocated here, ``unstable`` those whose shape is asked for anew.
    """

    def __init__(self, fn: Function, refs: References, resized: Mapping[str, Changing], check_division: bool) -> None:
        super().__init__(resized)
        self.fn = fn
        self.refs = refs
        self.types = dict(fn.types)
        self.check_division = check_division
        counts = w.definition_counts(fn)
        counters = {s.var for s in w.walk(fn.body) if isinstance(s, For)}
        self.uses = w.use_counts(fn)
        integers = refs.all_scalars() | {x for c in resized.values() for x in c.scalars}
        reassigned = frozenset(n for n, c in counts.items() if c > 1 and n not in counters) | integers
        stored = {c.storage for c in resized.values()}
        self.b = Builder(Names(w.all_names(fn) | integers | stored), reassigned, self.types)
        self.types.update(reference_types(refs))
        self.b.nonneg.update(x for xs in refs.extents.values() for x in xs)
        made_in_loops = {n for loop in w.walk(fn.body) if isinstance(loop, (For, While)) for s in w.walk((loop,))
                         for n in w.binds(s)}
        self.b.placed.update(n for n in refs.variants if not refs.is_plain(n) or refs.storages(n) & made_in_loops)
        self.bindings = Bindings(fn, frozenset(refs.variants))
        self.env: dict[str, Value] = {}
        self.extents: dict[str, tuple[Atom, ...]] = self.b.base_extents
        self.extents.update(refs.extents)
        self.allocated: set[str] = set()
        self.unstable: set[str] = set()
        self.squares: set[frozenset[Atom]] = set()
        self.depth = 0

    # ------------------------------------------------------------------ operands

    def operand(self, a: Atom) -> Value | Atom:
        if isinstance(a, str) and is_array(self.types.get(a)):
            return self.env[a] if a in self.env else whole(a, self.base_extents(a))
        return a

    def base_extents(self, name: str) -> tuple[Atom, ...]:
        if name not in self.extents:
            raise UnsupportedSyntax(
                f"the array `{name}` is used where it may not be bound yet, or across iterations: not supported yet",
                loc=self.b.loc, code="S2S015", hint="bind it once before the loop")
        if name in self.refs:
            return self.common_extents(name) or self.extents[name]
        if name in self.unstable:
            fresh = tuple(self.b.temp(Dim(name, k), f"n_{name}") for k in range(self.types[name].ndim))
            self.b.nonneg.update(fresh)
            self.extents[name] = fresh
        return self.extents[name]

    def common_extents(self, name: str) -> tuple[Atom, ...] | None:
        """The extents of a reference, where all it may refer to are arrays of one size known here."""
        if not self.refs.is_plain(name):
            return None
        shapes = {self.extents.get(v.storage) for v in self.refs.variants[name]}
        shape = shapes.pop() if len(shapes) == 1 else None
        if shape is None or not all(isinstance(e, Const) or e in self.b.always for e in shape):
            return None
        return shape

    def operand_extents(self, a: Arg) -> tuple[Atom, ...]:
        v = self.operand(a)  # type: ignore[arg-type]
        return () if isinstance(v, (str, Const)) else v.extents

    def owner(self, storage: str) -> str:
        """The name of changing shape that a storage is of; any other array is its own."""
        return next((n for n, c in self.resized.items() if c.storage == storage), storage)

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
        return self.materialise(name, v)  # type: ignore[arg-type]

    def reference(self, name: str) -> str:
        """A name bound to a real array with exactly this content: for calls and results."""
        v = self.view(name)
        if v.base not in self.refs and is_whole(v, self.base_extents(v.base)):
            return v.base
        copy = self.b.names.fresh(f"{name}_copy")       # the name itself stays a view
        self.types[copy] = self.types[name].copy(layout="C")
        if not is_whole(self.materialise(copy, v), self.extents.get(copy, ())):
            raise UnsupportedSyntax(f"`{name}` has a size that changes in a loop, and is used here as a whole: not "
                                    "supported yet", loc=self.b.loc, code="S2S018", hint="use its elements in a loop")
        return copy

    def argument(self, a: Arg) -> Arg:
        return self.reference(a) if isinstance(a, str) and is_array(self.types.get(a)) else a

    def subscript(self, base: str, index: tuple) -> View:
        if isinstance(self.types.get(base), nbt.BaseTuple) or not is_array(self.types.get(base)):
            raise UnsupportedSyntax(f"subscripting `{base}` of type {self.types.get(base)} is not supported yet",
                                    loc=self.b.loc, code="S2S016", hint="unpack it into names")
        return subscript(self.b, self.view(base), index, self.is_index, self.b.loc)

    def is_index(self, a: Atom) -> bool:
        return isinstance(a, Const) or is_integer(self.types.get(a, nbt.int64))

    # ------------------------------------------------------------------ elementwise values

    def aligned(self, args: tuple[Atom, ...]) -> tuple[Value | Atom, ...]:
        """Operands of an elementwise operation; what broadcasting would evaluate again is computed now."""
        values = [self.operand(a) for a in args]
        shapes = [v.extents for v in values if not isinstance(v, (str, Const))]
        for k, v in enumerate(values):
            if isinstance(v, Elementwise) and any(s != v.extents for s in shapes):
                values[k] = self.view(args[k])  # type: ignore[arg-type]
        return tuple(values)

    def elementwise(self, fn: str, args: tuple[Value | Atom, ...]) -> Elementwise:
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
                        n = self.common_extent(n, e)
            extents.append(n)
        maps = tuple(self.maps(a, tuple(extents)) for a in args)
        return Elementwise(fn, args, maps, tuple(extents))

    def common_extent(self, m: Atom, n: Atom) -> Atom:
        """The extent of an axis along which two are broadcast. In a loop the size is computed apart from the check,
        so that it can move in front of the loop, and arrays of that size with it."""
        b = self.b
        mismatch = (Raise("ValueError", "operands could not be broadcast together", b.loc),)
        for known, other in ((m, n), (n, m)):
            if isinstance(known, Const) and known != ONE:
                inner = If(b.op("ne", other, ONE), mismatch, (), b.loc)
                b.emit(If(b.op("ne", other, known), (inner,), (), b.loc))
                return known
        if not self.depth:
            size = b.op("extent", m, n, hint="n")
        else:
            inner = If(b.op("ne", n, ONE), mismatch, (), b.loc)
            b.emit(If(b.op("ne", m, n), (If(b.op("ne", m, ONE), (inner,), (), b.loc),), (), b.loc))
            size = b.op("select", b.op("eq", m, ONE), n, m, hint="n")
        b.nonneg.add(size)
        return size

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
        if v.fn == "np.conj" and isinstance(v.args[0], View) and not is_complex(self.types.get(v.args[0].base)):
            return args[0]
        return self.b.temp(Op(v.fn, args))

    def checked(self, fn: str, a: Atom, d: Atom) -> Rhs:
        """A scalar division; Python's error model raises where the divisor is zero."""
        if self.check_division and not (isinstance(d, Const) and d.value != 0):
            d = self.b.temp(Op("nonzero", (d,)), "t")
        return Op(fn, (a, d))

    def divided(self, op: str, a: Atom, c: Atom) -> Atom:
        return self.b.temp(self.checked(op, a, c) if op in CHECKED_DIVISIONS else Op(op, (a, c)))

    # ------------------------------------------------------------------ loops

    def loops(self, target: View, v: Value | Atom) -> None:
        """Store a value into a view of the same or a broader shape, element by element."""
        maps = self.maps(v, target.extents)

        def body(index: tuple[Atom, ...]) -> None:
            value = self.element_of(v, self.mapped(index, maps))
            self.b.emit(Store(target.base, element(self.b, target, index), value, self.b.loc))

        self.b.loop_nest(target.extents, body)

    def materialise(self, name: str, v: Value) -> View:
        """Compute a value into a new array called ``name``."""
        place = self.make_array(name, "empty", tuple(self.b.stable(e) for e in v.extents))
        self.loops(place, v)
        return place
