"""Storing a value into a place: shapes checked, and what overlaps the place evaluated in full first.

Before::

    a[1:] = a[:-1]

after::

    rhs = np.empty(n_a)
    for i in range(k):
        rhs[i] = a[i]
    for i in range(k):
        a[i + 1] = rhs[i]
"""
from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import types as nbt
from numba.np.numpy_support import as_dtype

from s2sad.errors import TypeProblem, UnsupportedSyntax
from s2sad.ir import Atom, Const, If, Raise
from s2sad.ir.types import is_complex
from s2sad.lower.builder import ONE
from s2sad.lower.elementwise import Elements
from s2sad.lower.values import Elementwise, Value, View, leaves


class Stores(Elements):
    """Assignment and in-place operators between a view and a value."""

    def store_all(self, target: View, v: Value | Atom) -> None:
        """``target[...] = v`` with NumPy's semantics: shape check, and the right side evaluated in full first."""
        if isinstance(v, (View, Elementwise)):
            self.check_fits(target, v)
            if any(self.overlaps(leaf, target) for leaf in leaves(v)):
                v = self.evaluated_first(target, v)
        self.loops(target, v)

    def fill(self, target: View, v: Value | Atom, t: nbt.Type) -> None:
        """The output of a universal function: an operand that overlaps it is read element by element, as in numba."""
        to = self.types[target.base].dtype
        if not target.extents or not np.can_cast(as_dtype(getattr(t, "dtype", t)), as_dtype(to), "same_kind"):
            raise TypeProblem(f"`{target.base}` cannot be the output of this function, whose result is {t}",
                              loc=self.b.loc, hint="give an array whose elements are of the type of the result")
        if isinstance(v, (View, Elementwise)):
            self.check_fits(target, v)
        if isinstance(v, Elementwise):
            # an operand that is an expression itself was evaluated before
            args = tuple(self.in_new_array(a) if isinstance(a, Elementwise) and any(
                self.overlaps(leaf, target) for leaf in leaves(a)) else a for a in v.args)
            v = replace(v, args=args)
        self.loops(target, v)

    def update_all(self, target: View, op: str, v: Value | Atom) -> None:
        """``target op= v`` for all elements, in place."""
        if isinstance(v, (View, Elementwise)):
            self.check_fits(target, v)
            # An operand that is part of the same array is read as it is by then, element by element: so does numba.
            if isinstance(v, Elementwise) and any(self.overlaps(leaf, target) for leaf in leaves(v)):
                v = self.evaluated_first(target, v)
        if is_complex(self.types[target.base]):
            # As in numba, whose `a / b` raises at zero and whose `a /= b` does not.
            op = "np.divide" if op == "div" else op
        elif isinstance(v, str) and is_complex(self.types.get(v)) or any(
                is_complex(self.types[leaf.base]) for leaf in leaves(v) if isinstance(v, View)):
            raise TypeProblem(f"`{target.base}` is an array of real numbers, and what it is updated with is complex",
                              loc=self.b.loc, hint="make it an array of complex numbers")
        maps = (self.maps(target, target.extents), self.maps(v, target.extents))
        self.loops(target, Elementwise(op, (target, v), maps, target.extents))

    def overlaps(self, a: View, target: View) -> bool:
        """Whether a view may read what is written through another at a different place of the loop."""
        if a.base != target.base:
            return self.meet_elsewhere(a, target)
        same_place = a.same_map == target.same_map and a.extents == target.extents
        return not same_place and not self.apart(a, target)

    def meet_elsewhere(self, a: View, target: View) -> bool:
        """Whether two names, one of them a reference, may be one array seen through different views."""
        refs = self.refs
        if not self.may_be_one(a.base, target.base):
            return False
        same_place = a.same_map[1:] == target.same_map[1:] and refs.is_plain(a.base) and refs.is_plain(target.base)
        return not same_place

    def may_be_one(self, a: str, c: str) -> bool:
        """Whether two names may be the same array, or parts of it."""
        return not self.refs.storages(a).isdisjoint(self.refs.storages(c))

    def apart(self, a: View, c: View) -> bool:
        """Whether two views of one array certainly share no element: on some axis one ends before the other begins."""
        if a.numbering != c.numbering:
            return False
        for x, y in zip(a.axes, c.axes):
            for low, high in ((x, y), (y, x)):
                if low.is_fixed and all(isinstance(s, Const) and s.value > 0 for _, s in high.walked):
                    (b0, k0), (b1, k1) = self.b.affine(low.offset), self.b.affine(high.offset)
                    if b0 == b1 and k0 < k1 and (k0 >= 0 if b0 is None else self.b.is_nonneg(b0) and k0 >= 0):
                        return True
        return False

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
        shape = self.most(target)
        temp = self.b.names.fresh("rhs")
        self.types[temp] = self.types[target.base].copy(ndim=len(shape), layout="C", readonly=False)
        place = replace(self.make_array(temp, "empty", tuple(shape)), extents=target.extents)
        self.loops(place, v)
        return place

    def in_new_array(self, v: Value) -> View:
        """A value computed now, into an array that nothing else writes to."""
        kept = self.b.names.fresh("rhs")
        t = self.types[leaves(v)[0].base]
        self.types[kept] = t.copy(ndim=len(v.extents), layout="C", readonly=False)
        return self.materialise(kept, v)

    def most(self, v: View) -> list[Atom]:
        """For each axis of a view, the extent of what it is part of."""
        shape = list(v.extents)
        for k, a in enumerate(v.axes):
            if v.numbering is None and len(a.walked) == 1 and v.base not in self.growing:
                shape[a.walked[0][0]] = self.longest(v.base, k)
        return shape

    def longest(self, base: str, axis: int) -> Atom:
        """The extent of an axis of an array; of a reference, that of the longest it may refer to."""
        if base not in self.refs:
            return self.base_extents(base)[axis]
        extents = [self.base_extents(v.storage)[k] for v in self.refs.variants[base]
                   for k, walk in enumerate(v.walks) if walk is not None and walk[0] == axis]
        longest = extents[0] if extents else ONE
        for e in extents[1:]:
            longest = longest if e == longest else self.b.op("max", longest, e, hint="n")
        return longest

    def raise_unless_equal(self, a: Atom, c: Atom, message: str, or_one: bool = False) -> None:
        b = self.b
        test = b.op("ne", c, a)
        if or_one:
            inner = If(b.op("ne", c, ONE), (Raise("ValueError", message, b.loc),), (), b.loc)
            b.emit(If(test, (inner,), (), b.loc))
        else:
            b.emit(If(test, (Raise("ValueError", message, b.loc),), (), b.loc))
