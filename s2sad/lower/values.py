"""What an array-valued name stands for while arrays are lowered: a view of a base array, or a delayed expression."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from s2sad.ir import Atom


@dataclass(frozen=True)
class Fixed:
    """A base axis at one index."""

    index: Atom


@dataclass(frozen=True)
class Sliced:
    """A base axis walked by view axis ``axis``: element ``i`` of the view is element ``offset + step * i``."""

    axis: int
    offset: Atom
    step: int


@dataclass(frozen=True)
class View:
    """Part (or all) of a base array; ``extents`` are the view's own, an axis of extent 1 may walk no base axis."""

    base: str
    axes: tuple[Fixed | Sliced, ...]
    extents: tuple[Atom, ...]

    @property
    def same_map(self) -> tuple:
        """Two views with equal maps put every index at the same place."""
        return (self.base, self.axes)


@dataclass(frozen=True)
class Elementwise:
    """``fn`` of its arguments element by element, not yet computed.

    ``maps[k]`` gives, for each axis of argument ``k`` (its trailing axes aligned with the result's), how the result's
    index becomes the argument's: ``"same"``, ``"zero"`` (extent 1), or the name of a 0-or-1 factor known at run time.
    """

    fn: str
    args: tuple[Value | Atom, ...]
    maps: tuple[tuple[str, ...], ...]
    extents: tuple[Atom, ...]


Value: TypeAlias = "View | Elementwise"


def leaves(v: Value | Atom) -> list[View]:
    """The views a value reads."""
    if isinstance(v, View):
        return [v]
    if isinstance(v, Elementwise):
        return [leaf for a in v.args for leaf in leaves(a)]
    return []


def scalars(v: Value | Atom) -> set[str]:
    """The scalar names a value reads when it is evaluated."""
    match v:
        case str():
            return {v}
        case View(_, axes, _):
            out = set()
            for a in axes:
                x = a.index if isinstance(a, Fixed) else a.offset
                if isinstance(x, str):
                    out.add(x)
            return out
        case Elementwise(_, args, maps, _):
            return {n for a in args for n in scalars(a)} | {m for ms in maps for m in ms if m not in ("same", "zero")}
    return set()
