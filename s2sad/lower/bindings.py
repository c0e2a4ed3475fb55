"""How array names are bound: which are bound once, which are swapped, which get a new array later."""
from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from s2sad.analysis.liveness import live_at_entry
from s2sad.ir import (
    Assign,
    AugAssign,
    AugItem,
    Block,
    Call,
    Effect,
    For,
    Function,
    GetItem,
    Increment,
    Invoke,
    Op,
    Permute,
    Rhs,
    SetItem,
    Slice,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array

VIEWING = frozenset({"np.transpose", "np.reshape", "np.ravel", "np.swapaxes", "np.moveaxis", "np.expand_dims",
                     "np.flip", "np.flipud", "np.fliplr"})
"""Functions that give a view of their first argument."""


def source_of(value: Rhs, types: Mapping[str, Any]) -> str | None:
    """The array of which a right-hand side is another name or a view.

    >>> from numba import float64
    >>> source_of("a", {"a": float64[:]}), source_of("a", {"a": float64})
    ('a', None)
    """
    source: str
    match value:
        case str():
            source = value
        case GetItem(base, index) if not any(is_array(types.get(i)) for i in index if isinstance(i, str)):
            source = base
        case Call("np.ravel", (str() as source,), ()) if getattr(types.get(source), "layout", "") != "C":
            return None                                 # a copy
        case Call(fn, (str() as source, *_), ()) if fn in VIEWING:
            pass
        case _:
            return None
    return source if is_array(types.get(source)) else None


class Bindings:
    """Facts about the array names of a function, before lowering.

    ``rebound``: bound by more than one statement that is not a swap; such a name gets storage once and later bindings
    replace its content, which is the same thing as long as no other name sees that storage (:meth:`must_refer`).
    ``permuted``: taking part in a swap. ``static``: bound once, to another array or a view of one.
    ``references``: names lowered to reference variables; all the rest holds for the other names.
    """

    def __init__(self, fn: Function, references: frozenset[str] = frozenset()) -> None:
        self.fn = fn
        self.references = references
        self.arrays = arrays = {n for n, t in fn.types.items() if is_array(t)}
        self.permuted: set[str] = set()
        bound: dict[str, int] = {p: 1 for p in fn.params if p in arrays}
        self.copies: list[tuple[Assign, Block]] = []
        self._written: set[str] = set()
        self._aliases: list[tuple[str, str]] = []
        self._in_loops: set[str] = set()
        sources: dict[str, str] = {}

        def scan(block: Block, in_loop: bool) -> None:
            for k, s in enumerate(block):
                if in_loop:
                    self._in_loops.update(w.binds(s))
                if isinstance(s, Permute) and s.targets[0] in arrays:
                    self.permuted.update(s.targets)
                    self._aliases += [(s.targets[0], t) for t in s.targets[1:]]
                elif isinstance(s, Assign) and s.target in arrays:
                    bound[s.target] = bound.get(s.target, 0) + 1
                    source = source_of(s.value, fn.types)
                    if source is not None:
                        self.copies.append((s, block[k + 1:]))
                        self._aliases.append((s.target, source))
                        sources[s.target] = source
                if isinstance(s, (SetItem, AugItem, Store, Increment)):
                    self._written.add(s.base if isinstance(s, (SetItem, AugItem)) else s.array)
                elif isinstance(s, AugAssign) and s.target in arrays:
                    self._written.add(s.target)
                elif isinstance(s, Effect) and s.call.fn.endswith(".shuffle"):
                    self._written.update(w.reads(s))
                elif isinstance(s, Invoke):
                    self._written.update(s.written)
                for inner in w.blocks(s):
                    scan(inner, in_loop or isinstance(s, (For, While)))

        scan(fn.body, False)
        self.rebound = {n for n, c in bound.items() if c > 1}
        self.parts = {s.target: s for s in w.walk(fn.body) if isinstance(s, Assign) and s.target in arrays
                      and isinstance(s.value, Op) and s.value.fn in ("np.real", "np.imag")}
        self._aliases += [(n, x) for n, s in self.parts.items() for x in w.rhs_names(s.value) if x in arrays]
        self.static = {n: source for n, source in sources.items() if n not in self.rebound
                       and n not in self.permuted and n not in references}
        self.aliases = {n for pair in self._aliases for n in pair}
        self._carried = frozenset(n for names in live_at_entry(fn).values() for n in names) & self._in_loops

    def chain(self, name: str, references: Container[str]) -> Iterator[str]:
        """A name, what it is a view of, what that is a view of, ...: up to an array or a reference."""
        yield name
        while name in self.static and name not in references:
            name = self.static[name]
            yield name

    def base(self, name: str, references: Container[str]) -> str:
        """The array or reference whose elements a name shows, parts of complex numbers included."""
        *_, base = self.chain(name, references)
        if base in self.parts and base not in self.rebound and base not in references:
            return self.base(w.rhs_names(self.parts[base].value)[0], references)
        return base

    def shown(self, references: Container[str]) -> dict[str, frozenset[str]]:
        """For each name that shows elements of another array: the names that are read where it is."""
        views = {n: frozenset(self.chain(n, references)) for n in self.static if n not in references}
        parts = {n: frozenset(w.rhs_names(s.value)) for n, s in self.parts.items()}
        out: dict[str, frozenset[str]] = {}
        for n, names in (views | parts).items():
            while (more := names.union(*((views | parts).get(x, frozenset()) for x in names))) != names:
                names = more
            out[n] = names
        return out

    def must_refer(self, s: Assign, source: str, rest: Block, references: Container[str]) -> bool:
        """Whether a name bound to another array or a view is neither right as a copy nor as a fixed view."""
        t = s.target
        if t in self.permuted:
            return True
        *_, base = self.chain(source, references)
        if t in self.rebound:
            # A copy, unless `never_copies` finds it; but a copy has one shape.
            return isinstance(s.value, Call) or isinstance(s.value, GetItem) and any(
                isinstance(i, Slice) for i in s.value.index)
        return self.written(t, base) and not self.is_stable(t, base, rest, references)

    def written(self, *names: str) -> bool:
        """Whether elements of one of the arrays, or of a view or other name of one, are written."""
        group = set(names)
        while True:
            more = {x for pair in self._aliases for x in pair if group & set(pair)} - group
            if not more:
                return bool(group & self._written)
            group |= more

    def is_stable(self, name: str, base: str, rest: Block, references: Container[str] = ()) -> bool:
        """Whether ``base`` keeps its binding wherever ``name``, a view of it bound just before ``rest``, is used."""
        if name in self._carried and base in self._in_loops:
            return False                       # what an iteration sees may be what the one before has bound
        if not any(base in names for names in (self.permuted, self.rebound, self.references, references)):
            return True
        wanted = sum(list(w.reads(s)).count(name) for s in w.walk(self.fn.body))
        wanted += w.result_names(self.fn.result).count(name)
        for k, s in enumerate(rest):
            if any(base in w.binds(x) for x in w.walk((s,))):
                # the statement that rebinds may still read the view, as in `y = v + 1` with v a view of y
                seen = rest[:k] if w.blocks(s) or isinstance(s, Permute) else rest[:k + 1]
                break
        else:
            seen = rest
        return sum(list(w.reads(s)).count(name) for s in w.walk(seen)) == wanted


def copy_reassigned_parameters(fn: Function) -> tuple[Function, dict[str, str]]:
    """A parameter that is bound to another array later works on a copy, so that the caller's array is not overwritten.

    ``def f(x): for _ in range(3): x = 2 * x`` becomes ``def f(x): x_1 = np.copy(x); for _ in range(3): x_1 = 2 * x_1``.
    Also gives the parameters by the names of their copies.
    """
    arrays = {p for p in fn.params if is_array(fn.types[p])}
    changed = [p for p in fn.params if p in arrays and any(
        p in w.binds(s) for s in w.walk(fn.body) if isinstance(s, Assign))]
    if not changed:
        return fn, {}
    names = Names(w.all_names(fn))
    renaming: dict[str, str] = {}
    head: list[Stmt] = []
    types = dict(fn.types)
    for p in changed:
        new = names.fresh(p)
        renaming[p] = new
        types[new] = types[p].copy(layout="C", readonly=False)
        head.append(Assign(new, Call("np.copy", (p,)), fn.loc))

    def rename(s: Stmt) -> tuple[Stmt, ...]:
        s = w.substitute_reads(s, renaming)
        match s:
            case Assign(target):
                s = replace(s, target=renaming.get(target, target))
            case Permute(targets):
                s = replace(s, targets=tuple(renaming.get(t, t) for t in targets))
        return (s,)

    body = w.map_block(fn.body, rename)
    result = w.map_result(fn.result, lambda a: renaming.get(a, a) if isinstance(a, str) else a)
    return replace(fn, body=(*head, *body), result=result, types=types), {new: p for p, new in renaming.items()}
