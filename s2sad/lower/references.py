"""Array names that may refer to one of several arrays become reference variables.

Which arrays a name may refer to, and through which views, is a finite set, found for the whole function at once: its
*variants*. A reference is then a few integers (which variant, where it begins, how long it is), assigned where the name
is bound, and :mod:`s2sad.lower.resolve` makes each access a branch over the variants.

Before::

    c = a if k > 0 else b[1:]
    c[0] = 2.0

after (a reference's own fresh arrays get names, a parameter that is a reference is one variant of it)::

    which_c, c_at, n_c = 0, 0, n_a      # or 1, 1, n_b - 1
    if which_c == 0:
        a[c_at] = 2.0
    else:
        b[c_at] = 2.0
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from numba import types as nbt

from s2sad.analysis.liveness import live_after
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import (
    Assign,
    AugAssign,
    Call,
    Const,
    Ellipsis_,
    For,
    Function,
    GetItem,
    Index,
    NewAxis,
    Permute,
    Slice,
    Stmt,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.lower.bindings import Bindings, source_of
from s2sad.lower.copies import never_copies
from s2sad.lower.pools import Pools, refuse_earlier, with_pools
from s2sad.lower.referents import referents_before

MOST_VARIANTS = 24

Walk: TypeAlias = "tuple[int, int] | None"
"""How a storage axis is walked: by which axis of the reference with which step, or not at all."""

AT_RUN_TIME = 0
"""The step of a walk that an integer of the reference is."""


@dataclass(frozen=True)
class Variant:
    """One array a reference may refer to, and the static part of the view it is seen through."""

    storage: str
    walks: tuple[Walk, ...]


def plain(storage: str, rank: int) -> Variant:
    """All of an array, in its own order.

    >>> plain("a", 1)
    Variant(storage='a', walks=((0, 1),))
    """
    return Variant(storage, tuple((k, 1) for k in range(rank)))


@dataclass
class References:
    """The reference variables of a function: their variants, and the integers that stand for them.

    ``which`` is missing where there is one variant, ``places`` (one per storage axis) where every variant begins at its
    array's beginning and goes to its end. ``steps`` (one per place) are there where variants do not tell steps apart.
    """

    variants: dict[str, tuple[Variant, ...]] = field(default_factory=dict)
    which: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    steps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    codes: dict[Variant, int] = field(default_factory=dict)
    stepped: bool = False
    """Whether walks have their steps at run time: in ``steps``, or 1 where there are none."""
    evaluated: set[str] = field(default_factory=set)
    """Arrays whose new content may be computed from their old."""

    def __contains__(self, name: object) -> bool:
        return name in self.variants

    def scalars(self, name: str) -> tuple[str, ...]:
        which = (self.which[name],) if name in self.which else ()
        return (*which, *self.places.get(name, ()), *self.steps.get(name, ()), *self.extents[name])

    def all_scalars(self) -> frozenset[str]:
        return frozenset(x for name in self.variants for x in self.scalars(name))

    def storages(self, name: str) -> set[str]:
        """The arrays a name may refer to: a name that is no reference is an array itself."""
        return {v.storage for v in self.variants[name]} if name in self.variants else {name}

    def is_plain(self, name: str) -> bool:
        """Whether a name is all of some array, in its order, whichever it refers to."""
        return name not in self.variants or name not in self.places and all(
            v == plain(v.storage, len(v.walks)) for v in self.variants[name])


def with_references(fn: Function, referring: frozenset[str] = frozenset(),
                    copies: frozenset[str] = frozenset(), stepped: bool = False) -> tuple[Function, References]:
    """Find the reference variables of ``fn``, give their fresh arrays names of their own, and list their variants.

    ``referring`` are names that have to be some, ``copies`` those that a copy has to do for. With ``stepped`` the steps
    of views are integers, too, which takes where they are too many to list, or known at run time only.
    """
    given = fn
    origins: dict[str, str] = {}
    names: frozenset[str] = frozenset()
    pools: dict[str, frozenset[str]] = {}
    while True:
        bindings = Bindings(fn, names)
        found = _references(fn, bindings, referring - names, copies)
        if not found <= names:
            fn, names = _split(fn, frozenset(found), names, origins)
            continue
        if not names:
            return fn, References()
        variants = _Variants(fn, names, bindings, stepped)
        try:
            refs = variants.run()
        except _NoReference as no:
            if not stepped:
                return with_references(given, referring, copies, True)
            possible = {origins.get(n, n) for n in names - bindings.permuted}
            one = {origins.get(no.name, no.name)} & possible
            if possible <= copies:
                raise no.refusal from None
            return with_references(given, referring, copies | (one - copies or possible))
        conflicts = variants.settle_loops(refs, pools)
        if not conflicts:
            return fn, refs
        fn, more, new = with_pools(fn, conflicts)
        names |= more
        pools.update(new)


class _NoReference(Exception):
    """A name cannot be a reference; perhaps an array of its own does as well."""

    def __init__(self, name: str, refusal: UnsupportedSyntax) -> None:
        self.name, self.refusal = name, refusal


def _references(fn: Function, bindings: Bindings, referring: frozenset[str], copies: frozenset[str]) -> set[str]:
    """The names no cheaper form is right for, and the names these are bound to that change their array themselves."""
    refs = set(bindings.references) | _read_before_bound(fn) | referring
    permutes = [s for s in w.walk(fn.body) if isinstance(s, Permute) and s.targets[0] in bindings.arrays]
    refs |= {p for p in fn.params if p in bindings.rebound and bindings.written(p)}
    while True:
        before = len(refs)
        refs |= never_copies(bindings, refs)
        fed = {n for s, _ in bindings.copies if s.target in refs
               for n in bindings.chain(source_of(s.value, fn.types) or "", refs) if n in bindings.static}
        for s, rest in bindings.copies:
            source = source_of(s.value, fn.types)
            assert source is not None
            if s.target in refs:
                refs.update(n for n in bindings.chain(source, refs) if n in bindings.rebound or n in bindings.permuted)
            elif s.target not in copies and bindings.must_refer(s, source, rest, refs):
                refs.add(s.target)
            elif s.target in fed and not bindings.is_stable(s.target, bindings.base(source, refs), rest, refs):
                refs.add(s.target)              # a copy, if references to it were none
        for p in permutes:
            if not refs.isdisjoint(p.targets):
                refs.update(p.targets)
        if len(refs) == before:
            return refs


def _read_before_bound(fn: Function) -> set[str]:
    """Arrays a loop reads above the statement that binds them: what the iteration before left."""
    bound = set(fn.params)
    early: set[str] = set()
    for s in w.walk(fn.body):
        early.update(n for n in w.reads(s) if n not in bound and is_array(fn.types.get(n)))
        bound.update(w.binds(s))
    return early


def _split(fn: Function, found: frozenset[str], done: frozenset[str],
           origins: dict[str, str]) -> tuple[Function, frozenset[str]]:
    """Name the fresh arrays bound to the references found anew, and let a parameter that is one be an array of its own.

    ``c = np.zeros(3)`` becomes ``c_1 = np.zeros(3); c = c_1``.
    """
    names = Names(w.all_names(fn))
    types = dict(fn.types)
    new = found - done
    renaming = {p: names.fresh(p) for p in fn.params if p in new}
    types.update({r: types[p] for p, r in renaming.items()})
    origins.update({r: p for p, r in renaming.items()})

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        s = w.substitute_reads(s, renaming)
        match s:
            case Assign(target, value) if target in new:
                target = renaming.get(target, target)
                if source_of(value, fn.types) is not None or isinstance(value, str):
                    return (replace(s, target=target),)
                site = names.fresh(target)
                types[site] = types[target].copy(layout="C", readonly=False)
                return (replace(s, target=site), Assign(target, site, s.loc))
            case AugAssign(target):
                return (replace(s, target=renaming.get(target, target)),)
            case Permute(targets):
                return (replace(s, targets=tuple(renaming.get(t, t) for t in targets)),)
        return (s,)

    body = w.map_block(fn.body, visit)
    head = tuple(Assign(r, p, fn.loc) for p, r in renaming.items())
    result = w.map_result(fn.result, lambda a: renaming.get(a, a) if isinstance(a, str) else a)
    refs = frozenset(renaming.get(n, n) for n in found)
    return replace(fn, body=(*head, *body), result=result, types=types), refs


class _Variants:
    """A fixpoint over all bindings: what each name may refer to, and whether always to all of it."""

    def __init__(self, fn: Function, names: frozenset[str], bindings: Bindings, stepped: bool) -> None:
        self.fn, self.names, self.bindings, self.stepped = fn, names, bindings, stepped
        self.found: dict[str, dict[Variant, bool]] = {}
        self.opaque: set[str] = set()

    def run(self) -> References:
        aliases = [(s, source) for s in w.walk(self.fn.body) if isinstance(s, Assign) and is_array(
            self.fn.types.get(s.target)) and (source := source_of(s.value, self.fn.types)) is not None]
        wanted = [(s, source) for s, source in aliases if s.target in self.names or s.target in self.bindings.static]
        swaps = [s for s in w.walk(self.fn.body) if isinstance(s, Permute) and s.targets[0] in self.names]
        while True:
            before = self._size()
            for s, source in wanted:
                if _is_reshaped(s.value, self.stepped) or source in self.opaque:
                    self.refuse_opaque(s)
                    continue
                for v, whole in self.of(source).items():
                    new = self.seen_through(s, v, source)
                    self.add(s, s.target, new, whole and isinstance(s.value, str))
            for p in swaps:
                for t, source in zip(p.targets, p.sources):
                    for v, whole in self.of(source).items():
                        self.add(p, t, v, whole)
            if self._size() == before:
                break
        refs = self.named()
        self.refuse_parts(refs)
        return refs

    def refuse_opaque(self, s: Assign) -> None:
        """What is reshaped, or has a step known at run time, is a fixed view of its array and no referent."""
        self.opaque.add(s.target)
        if s.target in self.names:
            raise _NoReference(s.target, UnsupportedSyntax(
                f"`{s.target}` may refer to one of several arrays, one of them reshaped or with a step known at run "
                "time: not supported yet", loc=s.loc, code="S2S015", hint="copy that part with `.copy()`"))

    def _size(self) -> int:
        return sum(2 * len(of) - sum(of.values()) for of in self.found.values())

    def of(self, name: str) -> dict[Variant, bool]:
        if name in self.names or name in self.bindings.static:
            return dict(self.found.get(name, {}))
        return {plain(name, self.fn.types[name].ndim): True}

    def add(self, s: Stmt, name: str, v: Variant, whole: bool) -> None:
        if self.stepped:
            v = replace(v, walks=tuple(walk and (walk[0], AT_RUN_TIME) for walk in v.walks))
        of = self.found.setdefault(name, {})
        of[v] = of.get(v, True) and whole
        if len(of) > MOST_VARIANTS:
            raise _NoReference(name, UnsupportedSyntax(
                f"`{name}` may refer to too many different views of arrays: not supported yet",
                loc=s.loc, code="S2S015", hint="copy the part you mean with `.copy()`"))

    def seen_through(self, s: Assign, v: Variant, source: str) -> Variant:
        """The variant that a subscript or a transposition of a reference to ``v`` is."""
        rank = self.fn.types[source].ndim
        match s.value:
            case GetItem(_, index):
                axes = _walks(index, rank)
            case Call():
                axes = [(rank - 1 - k, 1) for k in range(rank)]
            case _:
                return v
        walks: list[Walk] = []
        for walk in v.walks:
            axis = None if walk is None else axes[walk[0]]
            walks.append(None if walk is None or axis is None else (axis[0], axis[1] * walk[1]))
        return Variant(v.storage, tuple(walks))

    def named(self) -> References:
        """Names for the integers of each reference."""
        refs = References(stepped=self.stepped)
        names = Names(w.all_names(self.fn))
        ordered = [n for n in dict.fromkeys(n for s in w.walk(self.fn.body) for n in w.binds(s)) if n in self.names]
        for r in ordered:
            of = self.found.get(r, {})
            refs.variants[r] = tuple(of)
            for v in of:
                refs.codes.setdefault(v, len(refs.codes))
            if len(of) > 1:
                refs.which[r] = names.fresh(f"which_{r}")
            if not all(of.values()):
                most = max(len(v.walks) for v in of)
                refs.places[r] = tuple(names.fresh(f"{r}_at" if k == 0 else f"{r}_at{k}") for k in range(most))
                if self.stepped:
                    refs.steps[r] = tuple(names.fresh(f"{r}_step" if k == 0 else f"{r}_step{k}") for k in range(most))
            rank = self.fn.types[r].ndim
            refs.extents[r] = tuple(names.fresh(f"n_{r}" if k == 0 else f"n{k}_{r}") for k in range(rank))
        return refs

    def refuse_parts(self, refs: References) -> None:
        """The real or imaginary part of a complex array is no array a reference may refer to, unless as a copy."""
        for name in refs.variants:
            for array in sorted(refs.storages(name) & set(self.bindings.parts)):
                if self.bindings.written(array):
                    raise UnsupportedSyntax(
                        f"`{name}` may refer to a part of a complex array that is written in place: not supported yet",
                        loc=self.bindings.parts[array].loc, code="S2S015", hint="write through the complex array")

    def settle_loops(self, refs: References, pools: Pools) -> dict[Stmt, frozenset[str]]:
        """An array made in each iteration is one array: the bindings where references still need an earlier one."""
        conflicts: dict[Stmt, frozenset[str]] = {}
        stands_for = self.bindings.shown(self.names)
        after = live_after(self.fn, stands_for)
        before = referents_before(self.fn, self.given)
        for s in _in_loops(self.fn):
            if not isinstance(s, Assign) or not is_array(self.fn.types.get(s.target)) or s.target in refs:
                continue
            holding = {n for n, arrays in before[s].items() if s.target in arrays}
            needed = after[s] & holding
            if s.target in pools:
                if needed - pools[s.target]:
                    raise refuse_earlier(s.loc, min(needed - pools[s.target]))
            elif needed:
                conflicts[s] = needed
            if any(m in holding for n in w.reads(s) for m in (n, *stands_for.get(n, ()))):
                refs.evaluated.add(s.target)
        return conflicts

    def given(self, s: Assign) -> str | frozenset | None:
        """What a reference is bound to: what another reference refers to, or one array."""
        source = source_of(s.value, self.fn.types) if s.target in self.names else None
        if source is None:
            return None
        *_, base = self.bindings.chain(source, self.names)
        return base if base in self.names else frozenset({base})


def _is_reshaped(value: object, stepped: bool) -> bool:
    """Whether a view is one of a kind that references do not follow: reshaped, or with a step known at run time."""
    if isinstance(value, GetItem):
        return not stepped and any(isinstance(i.step, str) for i in value.index if isinstance(i, Slice))
    return isinstance(value, Call) and not (value.fn == "np.transpose" and len(value.args) == 1)


def _in_loops(fn: Function) -> Iterator[Stmt]:
    for s in w.walk(fn.body):
        if isinstance(s, (For, While)):
            for block in w.blocks(s):
                yield from w.walk(block)


def _walks(index: tuple[Index, ...], rank: int) -> list[Walk]:
    """For each axis of what is subscripted, how the subscript walks it."""
    given = sum(1 for i in index if not isinstance(i, (NewAxis, Ellipsis_)))
    fill: list[Index] = [Slice(None, None, None)] * (rank - given)
    full: list[Index] = []
    for i in index:
        full += fill if isinstance(i, Ellipsis_) else [i]
        fill = [] if isinstance(i, Ellipsis_) else fill
    out: list[Walk] = []
    axis = 0
    for i in (*full, *fill):
        if isinstance(i, NewAxis):
            axis += 1
        elif isinstance(i, Slice):
            step: Any = 1 if i.step is None or i.step == Const(None) else i.step
            if isinstance(step, Const):
                step = step.value
            out.append((axis, step if isinstance(step, int) else AT_RUN_TIME))
            axis += 1
        else:
            out.append(None)
    return out


def reference_types(refs: References) -> dict[str, Any]:
    return {x: nbt.int64 for x in refs.all_scalars()}
