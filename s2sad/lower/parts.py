"""``z.real`` and ``z.imag`` of a complex array: views of its parts, through which it is read and written.

Before::

    r = z.real
    r[1:] *= 2.0
    y = r[0]

after: ``r`` leaves no statement, reading it takes parts of elements of ``z``, and a store puts a number together::

    for i in range(n_z - 1):
        t = z[i + 1]
        z[i + 1] = complex(t.real * 2.0, t.imag)
    t = z[0]
    y = t.real
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, Block, Call, Function, GetItem, Index, Op, Rhs, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.types import is_array, is_complex
from s2sad.lower.arrays import Arrays
from s2sad.lower.changing import Changing
from s2sad.lower.references import References
from s2sad.lower.values import Elementwise, Value, View, leaves
from s2sad.lower.views import element, subscript, transposed, whole

PARTS = ("np.real", "np.imag")


def real_arrays_are_their_real_part(fn: Function) -> Function:
    """``x.real`` of an array of real numbers is another name for ``x``."""
    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(target, Op("np.real", (str(x),))) if is_array(fn.types.get(target)):
                return (s if is_complex(fn.types.get(x)) else replace(s, value=x),)
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit))


class Parts(Arrays):
    """``parts``: the names that are a part of a view, with the function that takes it and the view."""

    def __init__(self, fn: Function, refs: References, resized: Mapping[str, Changing], check_division: bool) -> None:
        super().__init__(fn, refs, resized, check_division)
        self.parts: dict[str, tuple[str, View]] = {}

    def part_of(self, value: Rhs) -> tuple[str, View] | None:
        """The part of a complex array that a right-hand side is, if it is one."""
        match value:
            case str(name) if name in self.parts:
                return self.parts[name]
            case Op(part, (str(name),)) if part in PARTS and is_complex(self.types.get(name)):
                v = self.operand(name)
                return (part, v) if isinstance(v, View) else None
            case Op("np.real", (str(name),)) if name in self.parts:
                return self.parts[name]
            case GetItem(base, index) if base in self.parts:
                return self.part_subscript(base, index)
            case Call("np.transpose", (str(name),), ()) if name in self.parts:
                fn, v = self.parts[name]
                return fn, transposed(v)
        return None

    def part_subscript(self, base: str, index: tuple[Index, ...]) -> tuple[str, View]:
        fn, v = self.parts[base]
        return fn, subscript(self.b, v, index, self.is_index, self.b.loc)

    def bind_part(self, target: str, value: Rhs, rest: Block) -> bool:
        """Make a name a part of an array. False where the value is none, or nothing shows that it is no copy."""
        found = self.part_of(value) if is_array(self.types.get(target)) else None
        if found is None:
            return False
        fn, v = found
        several = target in self.bindings.rebound or target in self.bindings.permuted
        base = self.owner(v.base)
        if several or not self.bindings.is_stable(target, base, rest):
            if self.bindings.written(target, base):
                raise UnsupportedSyntax(
                    f"`{target}` is a part of `{v.base}`, one of them is bound to more than one array, and one is "
                    "written in place: not supported yet", loc=self.b.loc, code="S2S015",
                    hint=f"add `.copy()` to what `{target}` is bound to")
            return False
        v = v if self.used_only_in(target, rest) else self.held(v)
        self.parts[target] = fn, v
        self.env[target] = self.elementwise(fn, (v,))
        return True

    def view(self, name: str) -> View:
        if name not in self.parts:
            return super().view(name)
        # The name remains a part; what it is now goes into an array of its own.
        copy = self.b.names.fresh(f"{name}_copy")
        self.types[copy] = self.types[name].copy(layout="C")
        self.materialise(copy, self.env[name])
        return whole(copy, self.extents[copy])

    def load_part(self, base: str, index: tuple[Index, ...]) -> Rhs:
        fn, v = self.part_subscript(base, index)
        return Op(fn, (self.b.load(v.base, element(self.b, v, ())),))

    def store_part(self, fn: str, v: View, value: Value | Atom, op: str | None = None) -> None:
        """Store into a part of a view (of one element, where it has no extents), or update it with an operator."""
        if op is not None and any(self.overlaps(leaf, v) for leaf in leaves(value)):
            raise UnsupportedSyntax("an in-place operator between overlapping parts of one array has no meaning NumPy "
                                    "and numba agree on", loc=self.b.loc, code="S2S013",
                                    hint="write `a[...] = a[...] + b`, which evaluates the right side first, or a loop")
        other = next(p for p in PARTS if p != fn)
        if v.extents:
            if op is not None:
                value = self.elementwise(op, (self.elementwise(fn, (v,)), value))
            kept: Elementwise | Atom = self.elementwise(other, (v,))
            self.store_all(v, self.elementwise("complex", (value, kept) if fn == "np.real" else (kept, value)))
            return
        assert isinstance(value, str) or not isinstance(value, (View, Elementwise))
        at = element(self.b, v, ())
        old = self.b.load(v.base, at)
        if op is not None:
            value = self.divided(op, self.b.temp(Op(fn, (old,))), value)
        kept = self.b.temp(Op(other, (old,)))
        made = self.b.temp(Op("complex", (value, kept) if fn == "np.real" else (kept, value)))
        self.b.emit(Store(v.base, at, made, self.b.loc))
