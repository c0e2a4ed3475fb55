"""Names bound to one new array after another: one storage whose content is replaced, of one size or of several.

Where all bindings have the same shape, the storage is an array of that shape. Where they do not, it is flat and grows
where more is needed, and the shape is a few integers.

Before::

    a = x * 1.0
    while len(a) > 1:
        a = a[1:] * a[:-1]

after::

    a = np.empty(n_x)
    n_a = n_x
    for i in range(n_a):
        a[i] = x[i] * 1.0
    while n_a > 1:
        ...                             # new_a, of n_a - 1 elements
        n_a = n_a - 1
        for i in range(n_a):
            a[i] = new_a[i]

Which names are of which kind is found by lowering: :attr:`Rebinding.changing` are those whose bindings could not be
shown to have one shape, and the function is lowered again with them as names of changing shape. Two shapes that differ
only where an axis of extent 1 is stretched, or where a matrix that maps a vector to the next is not square, count as
one: there the shape is compared when the code runs.
"""
from __future__ import annotations

from dataclasses import replace

from numba import types as nbt

from s2sad.ir import Alloc, Assign, Atom, Op, Stmt
from s2sad.ir.types import dtype_name
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.scratch import FIRST_CAPACITY, strides_of
from s2sad.lower.stores import Stores
from s2sad.lower.values import Place, Value, View, leaves
from s2sad.lower.views import whole


class Rebinding(Stores):
    """New content for names that have a storage already.

    ``resized`` are the names of changing shape, ``changing`` those found to be some in this lowering.
    """

    def start_changing(self) -> None:
        """Let the names of changing shape stand for parts of their storages."""
        self._begun: set[str] = set()
        self.head: list[Stmt] = []
        for name, c in self.resized.items():
            self.types[c.storage] = nbt.Array(self.types[name].dtype, 1, "C")
            self.types.update({x: nbt.int64 for x in c.scalars})
            self.b.nonneg.update(c.scalars)
            self.growing.add(c.storage)
            self.unstable.add(c.storage)
            self.extents[c.storage] = (self.b.names.fresh("capacity"),)
            self.env[name] = c.view

    def assign_in_place(self, name: str, v: Value) -> None:
        """``name = value`` where ``name`` already has storage: its content is replaced."""
        if name in self.resized:
            self.replace_all(name, v)
        elif name not in self.allocated:
            self.materialise(name, v)
        else:
            self.require_shape(name, v.extents)
            target = whole(name, self.extents[name])
            self.store_all(target, replace(v, extents=target.extents))

    def replace_all(self, name: str, v: Value) -> None:
        """``name = value`` for a name of changing shape."""
        now = self.resized[name].view
        own = [leaf for leaf in leaves(v) if leaf.base == now.base]
        if own and not (v.extents == now.extents and all(leaf == now for leaf in own)):
            temp = self.b.names.fresh(f"new_{name}")
            self.types[temp] = self.types[name].copy(layout="C", readonly=False)
            v = self.materialise(temp, v)
        place = self.resize(name, v.extents)
        self.loops(place, replace(v, extents=place.extents))

    def resize(self, name: str, shape: tuple[Atom, ...]) -> View:
        """Make room for an array of a shape under a name of changing shape; gives the place for its content."""
        b, c = self.b, self.resized[name]
        if shape == c.extents:
            return c.view
        shape = tuple(b.stable(n) for n in shape)
        size = self.checked_size(shape)
        if c.storage in self._begun or len(b.blocks) > 1:
            self.grow(c.storage, size)
        else:
            b.alloc(c.storage, "empty", (size,), dtype_name(self.types[c.storage]))
        if c.storage not in self._begun and len(b.blocks) > 1:
            first = Alloc("empty", (FIRST_CAPACITY,), dtype_name(self.types[c.storage]))
            self.head.append(Assign(c.storage, first, b.loc))
        self._begun.add(c.storage)
        strides = strides_of(b, shape)
        for x, n in dict(zip((*c.strides, *c.extents), (*strides, *shape))).items():
            if isinstance(x, str):
                b.emit(Assign(x, n, b.loc))
        return replace(c.view, axes=(Place(ZERO, tuple(enumerate(strides))),), extents=shape)

    def require_shape(self, name: str, extents: tuple[Atom, ...]) -> None:
        """The storage of ``name`` has one shape, and ``extents`` is to be it."""
        for old, new in zip(self.extents[name], extents):
            if old != new:
                if not self.stretches(old, new):
                    self.changing.add(name)
                message = (f"line {self.b.loc.line}: array {name} changes its shape by broadcasting, which its "
                           "derivative does not support: give the new array another name")
                self.raise_unless_equal(old, new, message)

    def stretches(self, old: Atom, new: Atom) -> bool:
        """Whether two extents differ only where an axis of extent 1 is stretched, or a matrix is not square."""
        if old in (ZERO, ONE) or new in self.b.reassigned:
            return False
        if frozenset((old, new)) in self.squares:
            return True
        match self.b.defined.get(new) if isinstance(new, str) else None:
            case Op("extent", (m, n)) | Op("select", (_, n, m)):
                return any(e == old or self.stretches(old, e) for e in (m, n))
            case str(x):
                return x == old or self.stretches(old, x)
        return False
