"""What stands for a name that is bound to arrays of different shapes: a flat storage that grows, and a few integers."""
from __future__ import annotations

from dataclasses import dataclass

from numba import types as nbt

from s2sad.ir import Atom
from s2sad.ir.names import Names
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.values import Place, View


@dataclass(frozen=True)
class Changing:
    """A name of changing shape: its storage, its extents, and how far apart neighbours along each axis are."""

    storage: str
    extents: tuple[str, ...]
    strides: tuple[Atom, ...]

    @property
    def scalars(self) -> tuple[str, ...]:
        return (*self.extents, *(s for s in self.strides if isinstance(s, str) and s not in self.extents))

    @property
    def view(self) -> View:
        return View(self.storage, (Place(ZERO, tuple(enumerate(self.strides))),), self.extents)


def changing_name(name: str, t: nbt.Array, names: Names) -> Changing:
    """Names for what stands for ``name``.

    >>> from numba import float64
    >>> changing_name("a", float64[:, ::1], Names({"a"}))
    Changing(storage='a_flat', extents=('n_a', 'n1_a'), strides=('n1_a', Const(value=1)))
    """
    storage = name if t.ndim == 1 and t.layout == "C" else names.fresh(f"{name}_flat")
    extents = tuple(names.fresh(f"n_{name}" if k == 0 else f"n{k}_{name}") for k in range(t.ndim))
    outer = tuple(names.fresh(f"step_{name}" if k == 0 else f"step{k}_{name}") for k in range(t.ndim - 2))
    inner = (extents[-1],) if t.ndim > 1 else ()
    return Changing(storage, extents, (*outer, *inner, ONE))
