"""Binding a reference variable: the integers that say which array it refers to, where it begins and how long it is.

Before::

    c = b[1:]

after, if ``c`` may refer to ``a`` (which is 0) and ``b``::

    which_c = 1
    c_at = 1
    n_c = n_b - 1
"""
from __future__ import annotations

from numba import types as nbt

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, Block, Const, If, Op, Rhs
from s2sad.lower.builder import ONE, ZERO
from s2sad.lower.references import AT_RUN_TIME, Variant, Walk, plain
from s2sad.lower.selections import Selections
from s2sad.lower.values import View


class Referring(Selections):
    """Assignments of reference variables."""

    def refer(self, target: str, v: View) -> None:
        """``target`` refers to what the view ``v`` shows."""
        b, refs = self.b, self.refs
        if v.base not in refs:
            self.refer_to(target, v, plain(v.base, len(v.axes)))
            return
        options = refs.variants[v.base]
        groups: dict[tuple, list[Variant]] = {}
        for o in options:
            groups.setdefault(self.signature(target, v, o), []).append(o)
        sides: list[tuple[list[Variant], Block]] = []
        for members in groups.values():
            b.open()
            self.refer_to(target, v, members[0])
            sides.append((members, b.close()))
        for s in self.chain(v.base, sides):
            b.emit(s)

    def signature(self, target: str, v: View, option: Variant) -> tuple:
        """What the integers of ``target`` depend on, where ``v`` shows part of ``option``."""
        code, walks = self.seen(target, v, option)
        kept = self.refs.steps.get(target)
        places = tuple(None if walk is None or kept is None and v.axes[walk[0]].offset == ZERO else walk
                       for walk in option.walks)
        same = target in self.refs.which and code == self.refs.codes[option]
        return (None if same else code, places if target in self.refs.places else None)

    def seen(self, target: str, v: View, option: Variant) -> tuple[int, tuple[Walk, ...]]:
        """The variant of ``target`` that part ``v`` of ``option`` is: its number and its walks."""
        stepped = self.refs.stepped
        odd = v.numbering is not None or any(
            a.walked and a.walks is None and not (stepped and len(a.walked) == 1) for a in v.axes)
        walks: list[Walk] = []
        for walk in option.walks:
            walked = () if walk is None else v.axes[walk[0]].walked
            if walk is None or not walked or odd:
                walks.append(None)
                continue
            (axis, stride), = walked
            walks.append((axis, AT_RUN_TIME if stepped else stride.value * walk[1]))  # type: ignore[union-attr]
        found = Variant(option.storage, tuple(walks))
        if odd or found not in self.refs.variants[target]:
            raise UnsupportedSyntax(f"`{target}` refers to part of an array in a way that is not supported yet",
                                    loc=self.b.loc, code="S2S015", hint="copy that part with `.copy()`")
        return self.refs.codes[found], found.walks

    def refer_to(self, target: str, v: View, option: Variant) -> None:
        """Assign the integers of ``target`` for one array that ``v`` may show part of."""
        b, refs = self.b, self.refs
        new: list[tuple[str, Atom]] = []
        code, _ = self.seen(target, v, option)
        if target in refs.which:
            same = v.base in refs.which and code == refs.codes[option]
            new.append((refs.which[target], refs.which[v.base] if same else Const(code)))
        if target in refs.places:
            base, steps = refs.places.get(v.base, ()), refs.steps.get(v.base, ())
            for k, x in enumerate(refs.places[target]):
                at: Atom = base[k] if k < len(base) else ZERO
                step: Atom = ONE
                walk = option.walks[k] if k < len(option.walks) else None
                if walk is not None:
                    seen = v.axes[walk[0]]
                    by = steps[k] if k < len(steps) else Const(walk[1] or 1)
                    at = b.add(at, b.mul(seen.offset, by))
                    for _, stride in seen.walked:
                        step = b.mul(stride, by)
                new.append((x, at))
                if target in refs.steps:
                    new.append((refs.steps[target][k], step))
        new += zip(refs.extents[target], v.extents)
        own = set(refs.scalars(target))
        kept = [(x, b.temp(a, "t") if a in own and a != x else a) for x, a in new]
        for x, a in kept:
            if a != x:
                b.emit(Assign(x, a, b.loc))

    def chain(self, base: str, sides: list[tuple[list[Variant], Block]]) -> Block:
        """A branch over what ``base`` refers to; its tests are computed before."""
        *first, (_, out) = sides
        for members, block in reversed(first):
            test = ""
            for o in members:
                one = self.b.temp(Op("eq", (self.refs.which[base], Const(self.refs.codes[o]))), "k")
                if test:
                    one = self.b.temp(Op("or_", (test, one)), "k")
                    self.b.types[one] = self.b.types[test]
                test = one
            out = (If(test, block, out, self.b.loc),)
        return out

    def unused(self, storage: str, holders: list[str]) -> Rhs:
        """Whether none of some references refers to an array."""
        test: Atom = Const(True)
        for name in holders:
            for v in self.refs.variants[name]:
                if v.storage != storage:
                    continue
                if name not in self.refs.which:
                    return Const(False)
                other = self.b.temp(Op("ne", (self.refs.which[name], Const(self.refs.codes[v]))), "k")
                if isinstance(test, str):
                    other = self.b.temp(Op("and_", (test, other)), "k")
                self.b.types[other] = nbt.boolean
                test = other
        return test

    def exchange(self, targets: tuple[str, ...], sources: tuple[str, ...]) -> None:
        """References swap what they refer to."""
        pairs = [p for t, s in zip(targets, sources)
                 for p in zip(self.refs.scalars(t), self.refs.scalars(s))]
        self.b.exchange(tuple(t for t, _ in pairs), tuple(s for _, s in pairs))
