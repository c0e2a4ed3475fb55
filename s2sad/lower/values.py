"""What an array-valued name stands for while arrays are lowered: a view of a base array, or a delayed expression."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from s2sad.ir import Atom, Const


@dataclass(frozen=True)
class Place:
    """Where a view stands on one axis of its base: at ``offset`` plus the strides times the view's indices.

    ``walked`` lists (axis of the view, stride) for the axes that move along it; the strides may be names.

    >>> Place("k").walks, Place(Const(1), ((0, Const(2)),)).walks, Place("k", ((0, "m"), (1, Const(1)))).walks
    (None, (0, 2), None)
    """

    offset: Atom
    walked: tuple[tuple[int, Atom], ...] = ()

    @property
    def walks(self) -> tuple[int, int] | None:
        """The one axis that moves along the base axis and its step, where it is one and its step is literal."""
        match self.walked:
            case ((axis, Const(int() as step)),):
                return axis, step
        return None

    @property
    def is_fixed(self) -> bool:
        return not self.walked


@dataclass(frozen=True)
class View:
    """Part (or all) of a base array; ``extents`` are the view's own, an axis of extent 1 may walk no base axis.

    ``axes`` has a place for each base axis. With ``numbering``, a list of (base axis, its extent) with the slowest
    first, it has a single one, which is a number of an element of the base in that order: a reshaped array.
    """

    base: str
    axes: tuple[Place, ...]
    extents: tuple[Atom, ...]
    numbering: tuple[tuple[int, Atom], ...] | None = None

    @property
    def same_map(self) -> tuple:
        """Two views with equal maps put every index at the same place."""
        return (self.base, self.axes, self.numbering)


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
        case View(_, axes, _, numbering):
            used = [x for a in axes for x in (a.offset, *(stride for _, stride in a.walked))]
            used += [n for _, n in numbering or ()]
            return {x for x in used if isinstance(x, str)}
        case Elementwise(_, args, maps, _):
            return {n for a in args for n in scalars(a)} | {m for ms in maps for m in ms if m not in ("same", "zero")}
    return set()
