"""Accesses through reference variables become branches over the arrays they may refer to.

Before::

    c[i] = t

after, where ``c`` may refer to ``a`` (which is 0) or to part of ``b``::

    if which_c == 0:
        a[i] = t
    else:
        b[c_at + i] = t
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from math import prod

from numba import types as nbt

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.definite import define_everywhere
from s2sad.ir import Assign, Atom, Block, Const, For, Function, If, Increment, Load, Op, Raise, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.lower.references import AT_RUN_TIME, References, Variant, Walk
from s2sad.lower.referents import Referents, referents_before
from s2sad.optimise.copies import propagate_copies
from s2sad.optimise.hoist import hoist_invariants

MOST_NESTS = 4
"""A loop nest of one array statement is written once per variant, up to so many times; else each access branches."""


def resolve_references(fn: Function, refs: References, nests: frozenset[Stmt]) -> Function:
    """Remove the reference variables from a lowered function. ``nests`` are the outermost loops of array statements.

    An array made in a loop and read above that place, as what the iteration before made, is allocated before the loop.
    """
    fn = _without_impossible(fn, refs)
    fn = _Resolver(fn, refs, nests).run()
    # A reference that some path leaves unbound is asked about too, where an array looks for a storage of its own.
    fn = define_everywhere(fn, {x: nbt.int64 for x in refs.all_scalars()})
    fn = hoist_invariants(propagate_copies(fn))
    bound = set(fn.params)
    for s in w.walk(fn.body):
        late = next((n for n in w.reads(s) if n not in bound and is_array(fn.types.get(n))), None)
        if late is not None:
            made = next(x for x in w.walk(fn.body) if late in w.binds(x))
            raise UnsupportedSyntax("an array made in a loop is used in the next iteration, and its size changes: not "
                                    "supported yet", loc=made.loc, code="S2S018",
                                    hint="make it once before the loop with its largest size")
        bound.update(w.binds(s))
    return fn


def _numbers_before(fn: Function, refs: References) -> dict[Stmt, Referents]:
    """Which variants each reference may be before each statement, by their numbers."""
    which = frozenset(refs.which.values())
    followed = which | {s.target for s in w.walk(fn.body) if isinstance(s, Assign) and s.value in which}

    def given(s: Assign) -> str | frozenset[Hashable] | None:
        if s.target not in followed or not isinstance(s.value, (str, Const)):
            return None
        return s.value if isinstance(s.value, str) else frozenset({s.value.value})

    return referents_before(fn, given)


def _without_impossible(fn: Function, refs: References) -> Function:
    """Leave out the bindings of references by what the referred reference cannot refer to at that place."""
    tests: dict[str, tuple[str, int]] = {}
    for t in w.walk(fn.body):
        match t:
            case Assign(target, Op("eq", (str(name), Const(int(number))))) if name in refs.which.values():
                tests[target] = name, number

    def block(body: Block) -> Block:
        out = tuple(x for s in body for x in statement(s))
        return body if out == body else out

    def statement(s: Stmt, excluded: frozenset[Hashable] = frozenset()) -> Block:
        """``excluded``: what tests before have found a reference not to be, where ``s`` is the next test of a chain."""
        if isinstance(s, If) and isinstance(s.test, str) and s.test in tests:
            name, number = tests[s.test]
            possible = before[s].get(name, frozenset()) - excluded
            if possible == {number}:
                return block(s.then)
            match s.orelse:
                case (If(str(test)) as following,) if tests.get(test, ("",))[0] == name:
                    orelse = statement(following, excluded | {number})
                case _:
                    orelse = block(s.orelse)
            if number not in possible:
                return orelse
            then = block(s.then)
            return (s,) if then is s.then and orelse == s.orelse else (replace(s, then=then, orelse=orelse),)
        nested = w.blocks(s)
        new = tuple(block(b) for b in nested)
        return (s,) if new == nested else (w.with_blocks(s, new),)

    while True:
        before = _numbers_before(fn, refs)
        body = block(fn.body)
        if body is fn.body:
            return fn
        fn = replace(fn, body=body)


class _Resolver:
    def __init__(self, fn: Function, refs: References, nests: frozenset[Stmt]) -> None:
        self.fn, self.refs, self.nests = fn, refs, nests
        self.types = dict(fn.types)
        self.names = Names(w.all_names(fn) | set(refs.variants))
        self.counts = w.definition_counts(fn)
        self.known = _settled(fn, refs.all_scalars())
        self.before = _numbers_before(fn, refs)

    def run(self) -> Function:
        body = self.block(self.fn.body, {})
        result = w.map_result(self.fn.result, lambda a: self.known.get(a, a) if isinstance(a, str) else a)
        types = {n: t for n, t in self.types.items() if n not in self.refs and n not in self.known}
        return replace(self.fn, body=body, result=result, types=types)

    def block(self, body: Block, chosen: Mapping[str, Variant]) -> Block:
        return tuple(x for s in body for x in self.statement(s, chosen))

    def statement(self, s: Stmt, chosen: Mapping[str, Variant]) -> Block:
        if isinstance(s, Assign) and s.target in self.known:
            return ()
        if s in self.nests and not chosen:
            open_ = [r for r in dict.fromkeys(_accessed(x) for x in w.walk((s,))) if r in self.refs.which]
            if open_ and prod(len(self.possible(s, r)) for r in open_) <= MOST_NESTS:
                return self.each_variant(s, s, open_, {})
        here = s
        s = w.substitute_reads(s, self.known)
        nested = w.blocks(s)
        if nested:
            return (w.with_blocks(s, tuple(self.block(b, chosen) for b in nested)),)
        r = _accessed(s)
        if r not in self.refs:
            return (s,)
        if r in chosen:
            return self.access(s, r, chosen[r])
        return self.branch(here, r, lambda v: self.access(s, r, v))

    def each_variant(self, here: Stmt, nest: Stmt, open_: list[str], chosen: dict[str, Variant]) -> Block:
        """A loop nest once per combination of what the references in it refer to."""
        if not open_:
            assert isinstance(nest, For)
            return self.block((self.copied(nest),), chosen)
        r, *others = open_
        return self.branch(here, r, lambda v: self.each_variant(here, nest, others, {**chosen, r: v}))

    def branch(self, here: Stmt, r: str, side: Callable[[Variant], Block]) -> Block:
        """A branch over what a reference may refer to at a statement."""
        variants = self.possible(here, r)
        if not variants:
            return (Raise("UnboundLocalError", f"{r} is not bound"),)
        if len(variants) == 1:
            return side(variants[0])
        which = self.refs.which[r]
        *first, last = variants
        out = side(last)
        for v in reversed(first):
            test = self.names.fresh("k")
            self.types[test] = nbt.boolean
            out = (Assign(test, Op("eq", (which, Const(self.refs.codes[v]))), out[0].loc),
                   If(test, side(v), out, out[0].loc))
        return out

    def possible(self, here: Stmt, r: str) -> list[Variant]:
        """What a reference may refer to at a statement."""
        variants = list(self.refs.variants[r])
        if r in self.refs.which:
            codes = self.before[here].get(self.refs.which[r], frozenset())
            return [v for v in variants if self.refs.codes[v] in codes]
        return variants

    def access(self, s: Stmt, r: str, v: Variant) -> Block:
        """The access on the array that one variant is of."""
        out: list[Stmt] = []
        places, steps = (tuple(self.known.get(x, x) for x in of.get(r, ()))
                         for of in (self.refs.places, self.refs.steps))
        match s:
            case Assign(_, Load(_, index)):
                at = tuple(self.place(walk, index, places, steps, k, s, out) for k, walk in enumerate(v.walks))
                out.append(replace(s, value=Load(v.storage, at)))
            case Store(_, index) | Increment(_, index):
                at = tuple(self.place(walk, index, places, steps, k, s, out) for k, walk in enumerate(v.walks))
                out.append(replace(s, array=v.storage, index=at))
        return tuple(out)

    def place(self, walk: Walk, index: tuple[Atom, ...], places: tuple[Atom, ...], steps: tuple[Atom, ...], k: int,
              s: Stmt, out: list[Stmt]) -> Atom:
        """The index on storage axis ``k``: where the reference begins, and its own index in steps."""
        at: Atom = places[k] if places else Const(0)
        if walk is None:
            return at
        axis, step = walk
        i = index[axis]
        if step == AT_RUN_TIME:
            by = steps[k] if steps else Const(1)
            if isinstance(by, str):
                return self.sum(at, self.op("mul", i, by, s, out), s, out)
            step = by.value
        if step == 1:
            return self.sum(at, i, s, out)
        if isinstance(i, Const):
            return self.sum(at, Const(step * i.value), s, out)
        if step == -1:
            return self.op("sub", at, i, s, out)
        return self.sum(at, self.op("mul", i, Const(step), s, out), s, out)

    def sum(self, a: Atom, i: Atom, s: Stmt, out: list[Stmt]) -> Atom:
        if isinstance(a, Const) and isinstance(i, Const):
            return Const(a.value + i.value)
        if a == Const(0):
            return i
        if i == Const(0):
            return a
        if isinstance(i, Const) and i.value < 0:
            return self.op("sub", a, Const(-i.value), s, out)
        return self.op("add", a, i, s, out)

    def op(self, fn: str, a: Atom, i: Atom, s: Stmt, out: list[Stmt]) -> str:
        name = self.names.fresh("k")
        self.types[name] = nbt.int64
        out.append(Assign(name, Op(fn, (a, i)), s.loc))
        return name

    def copied(self, nest: Stmt) -> Stmt:
        """A copy of a loop nest with temporaries of its own."""
        inside = Counter(n for x in w.walk((nest,)) for n in w.binds(x))
        renamed = {}
        for n, count in inside.items():
            if count == self.counts[n]:
                renamed[n] = self.names.fresh(n)
                if n in self.types:
                    self.types[renamed[n]] = self.types[n]

        def copy(s: Stmt) -> tuple[Stmt, ...]:
            s = w.substitute_reads(replace(s), renamed)
            match s:
                case Assign(target):
                    s = replace(s, target=renamed.get(target, target))
                case For(var):
                    s = replace(s, var=renamed.get(var, var))
            return (s,)

        return w.map_block((nest,), copy)[0]


def _accessed(s: Stmt) -> str:
    """The array of which the statement accesses an element."""
    match s:
        case Assign(_, Load(array, _)) | Store(array) | Increment(array):
            return array
    return ""


def _settled(fn: Function, scalars: frozenset[str]) -> dict[str, Atom]:
    """What the integers of references always are: a literal, or a name computed before everything that matters.

    Optimistic: ``n_c = n_a`` before a loop and ``n = n_c; n_c = n`` in it leave ``n_c`` what ``n_a`` is.
    """
    counts = w.definition_counts(fn)
    copies = {s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, str)
              and counts[s.target] == 1 and s.target in fn.types and not is_array(fn.types[s.target])}
    given: dict[str, set[Atom]] = {}
    first: dict[str, int] = {}
    made: dict[str, int] = {p: -1 for p in fn.params}
    for k, top in enumerate(fn.body):
        if isinstance(top, Assign):
            made.setdefault(top.target, k)
        for s in w.walk((top,)):
            for n in (*w.reads(s), *w.binds(s)):
                first.setdefault(n, k)
            if isinstance(s, Assign) and (s.target in scalars or s.target in copies):
                given.setdefault(s.target, set()).add(s.value if isinstance(s.value, (str, Const)) else s.target)
    known: dict[str, Atom | None] = {}                 # None: not always the same

    def value(a: Atom, x: str) -> Atom | None:
        if isinstance(a, Const):
            return a
        if a in given:
            return known.get(a, "")
        return a if counts[a] == 1 and made.get(a, len(fn.body)) < first[x] else None

    while True:
        before = dict(known)
        for x, values in given.items():
            found = {value(v, x) for v in values if v != x} - {""} | ({None} if x in values else set())
            found = {a if not isinstance(a, str) or made[a] < first[x] else None for a in found}
            if found:
                known[x] = next(iter(found)) if len(found) == 1 else None
        if known == before:
            return {x: a for x, a in known.items() if a is not None}
