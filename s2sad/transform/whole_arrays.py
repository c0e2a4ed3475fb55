"""Adjoints of operations on whole arrays: copies and products.

Before::

    c = np.dot(a, b)

after, in the reverse sweep (vectors ``b`` and ``c``)::

    b_a += np.outer(b_c, b)             # written as loops
    b_b += np.dot(np.transpose(a), b_c)
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s2sad.ir import Atom, Call, Dim, For, Increment, Load, Op
from s2sad.ir.types import is_complex
from s2sad.transform.context import ONE, ZERO, Context


class WholeArrays(Context):
    """Loops over all elements of an array, and what the adjoint of a product adds to its operands."""

    def loop_over(self, array: str, kind: Any, body: Callable[[tuple[Atom, ...]], None]) -> None:
        """A loop nest over all elements of an array; ``body`` gets the index."""
        ndim = kind.ndim
        index = tuple(self.names.fresh("ijk"[k]) for k in range(ndim))
        extents = [self.temp(Dim(array, k), "n") for k in range(ndim)]
        saved, self.out = self.out, []
        body(index)
        inner, self.out = tuple(self.out), saved
        for var, n in zip(reversed(index), reversed(extents)):
            inner = (For(var, ZERO, n, ONE, inner, loc=self.loc),)
        self.out.extend(inner)

    def increment_array(self, target: str, source: str) -> None:
        self.loop_over(target, self.types[target], lambda i: self.emit(
            Increment(target, i, self.temp(Load(source, i)), 1, self.loc)))

    def scaled_increment(self, target: str, sign: int, g: Atom, source: str) -> None:
        def body(i: tuple[Atom, ...]) -> None:
            amount = Op("zmul" if self.strong_zero else "mul", (g, self.conjugate_element(source, i)))
            self.emit(Increment(target, i, self.temp(amount), sign, self.loc))

        self.loop_over(source, self.types[source], body)

    def conjugate_element(self, array: str, index: tuple[Atom, ...]) -> Atom:
        """An element, of a complex array its conjugate."""
        t = self.temp(Load(array, index))
        return self.temp(Op("np.conj", (t,))) if is_complex(self.types[array]) else t

    def rev_dot(self, b_c: str, a: str, b: str) -> None:
        """``c = np.dot(a, b)``: ``b_a += np.dot(b_c, b.T)``, ``b_b += np.dot(a.T, b_c)`` and their vector forms.

        Of complex arrays the conjugates are taken.
        """
        ta, tb = self.types[a], self.types[b]
        if a in self.active:
            if ta.ndim == 2 and tb.ndim == 1:
                self.outer_increment(self.shadow[a], b_c, b, conjugate=b)
            else:
                right = self._conjugate(b)
                args = (b_c, self._array(Call("np.transpose", (right,)), tb)) if ta.ndim == 2 else (right, b_c)
                self.increment_array(self.shadow[a], self._array(Call("np.dot", args), ta))
        if b in self.active:
            if ta.ndim == 1 and tb.ndim == 2:
                self.outer_increment(self.shadow[b], a, b_c, conjugate=a)
            else:
                left = self._array(Call("np.transpose", (self._conjugate(a),)), ta)
                self.increment_array(self.shadow[b], self._array(Call("np.dot", (left, b_c)), tb))

    def _array(self, value: Call, kind: object) -> str:
        t = self.temp(value)
        self.types[t] = kind
        return t

    def _conjugate(self, array: str) -> str:
        """The conjugate of a complex array; of a real one the array itself."""
        kind = self.types[array]
        return self._array(Call("np.conj", (array,)), kind.copy(layout="C")) if is_complex(kind) else array

    def outer_increment(self, target: str, u: str, v: str, *, conjugate: str) -> None:
        def body(i: tuple[Atom, ...]) -> None:
            a, b = (self.conjugate_element(x, k) if x == conjugate else self.temp(Load(x, k))
                    for x, k in ((u, i[:1]), (v, i[1:])))
            self.emit(Increment(target, i, self.temp(Op("mul", (a, b))), 1, self.loc))

        self.loop_over(target, self.types[target], body)
