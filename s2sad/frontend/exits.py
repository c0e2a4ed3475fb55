"""One exit: ``break``, ``continue`` and early ``return`` become branches and flags.

Where one side of a branch always leaves, the rest of the block moves to the other side; what is left over is steered
by flags, which are also the ``exit`` of the loops they leave.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.naming import LocalNames
from s2sad.ir.nodes import (
    NOWHERE,
    Arg,
    Assign,
    Block,
    Const,
    DType,
    ElementType,
    For,
    If,
    Loc,
    Op,
    Raise,
    ShapeOf,
    Stmt,
    TupleArg,
    While,
)
from s2sad.ir.walk import blocks

TRUE, FALSE = Const(True), Const(False)


@dataclass(frozen=True, eq=False)
class Break:
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class Continue:
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class Return:
    value: Arg | None
    loc: Loc = NOWHERE


@dataclass(frozen=True, eq=False)
class LoopElse:
    """A loop with an ``else`` block."""

    loop: For | While
    orelse: Block
    loc: Loc = NOWHERE


LEAVING = (Break, Continue, Return)


def one_exit(body: Block, names: LocalNames, result: str, loc: Loc) -> tuple[Block, Arg | None]:
    """Remove every statement that leaves a block, and give the value of the function.

    ::

        for i in range(n):                        returned = False
            if x[i] > 1.0: return x[i]            for i in range(n):        # exit: returned
        return 0.0                                    returned = False
                                                      if x[i] > 1.0: result = x[i]; returned = True
                                                  if not returned: result = 0.0
    """
    returns = [s for s in _raw_walk(body) if isinstance(s, Return)]
    valued = [r for r in returns if r.value is not None]
    if not returns or (len(returns) == 1 and body[-1] is returns[0]):
        last = body[-1:] if returns else ()
        out = _OneExit(names, None, "").sequence(body[:len(body) - len(last)], None)[0]
        return tuple(out), returns[0].value if returns else None
    if valued and len(valued) < len(returns):
        bare = next(r for r in returns if r.value is None)
        raise UnsupportedSyntax("a value is returned on some paths only", loc=bare.loc, code="S2S005",
                                hint="return a value of the same kind everywhere")
    target: Arg | None = None
    if valued:
        target = _targets(valued[0].value, names, result)
        for r in valued:
            if _structure(r.value) != _structure(valued[0].value):
                raise UnsupportedSyntax("tuples of different lengths are returned", loc=r.loc, code="S2S005",
                                        hint="return values of the same structure everywhere")
    pass_ = _OneExit(names, target, names.flag("returned"))
    out, left = pass_.sequence(body, None)
    if valued and left.falls:
        raise UnsupportedSyntax("a value is returned on some paths only", loc=valued[0].loc, code="S2S005",
                                hint="return a value at the end of the function too")
    # Flags nobody looks at are removed later, with everything else that is dead.
    return (Assign(pass_.returned, FALSE, loc), *out), target


@dataclass
class _Left:
    """How a block may be left: ``kinds`` of leaving that need a flag looked at, and whether its end is reached."""

    kinds: frozenset[str]
    falls: bool


@dataclass
class _Loop:
    """The flags of the loop being rewritten: ``stop`` ends the loop, ``skip`` ends the iteration."""

    stop: str
    skip: str | None = None


class _OneExit:
    def __init__(self, names: LocalNames, target: Arg | None, returned: str) -> None:
        self.names, self.target, self.returned = names, target, returned

    # -- what a block may do

    def left(self, block: tuple) -> _Left:
        kinds: frozenset[str] = frozenset()
        for s in block:
            one = self.left_by(s)
            kinds |= one.kinds
            if not one.falls:
                return _Left(kinds, False)
        return _Left(kinds, True)

    def left_by(self, s: object) -> _Left:
        match s:
            case Break():
                return _Left(frozenset({"break"}), False)
            case Continue():
                return _Left(frozenset({"continue"}), False)
            case Return():
                return _Left(frozenset({"return"}), False)
            case Raise():
                return _Left(frozenset(), False)
            case If(_, then, orelse):
                a, b = self.left(then), self.left(orelse)
                return _Left(a.kinds | b.kinds, a.falls or b.falls)
            case LoopElse(loop, orelse):
                a, b = self.left_by(loop), self.left(orelse)
                broken = "break" in self.left(loop.body).kinds
                return _Left(a.kinds | b.kinds, broken or (a.falls and b.falls))
            case For(body=body):
                return _Left(self.left(body).kinds & {"return"}, True)
            case While(_, test, body):
                inside = self.left(body)
                endless = test == TRUE and s.exit is None and "break" not in inside.kinds
                return _Left(inside.kinds & {"return"}, not endless)
        return _Left(frozenset(), True)

    # -- rewriting

    def sequence(self, block: tuple, loop: _Loop | None) -> tuple[list[Stmt], _Left]:
        out: list[Stmt] = []
        kinds: frozenset[str] = frozenset()
        for k, s in enumerate(block):
            rest = tuple(block[k + 1:])
            if isinstance(s, LEAVING):
                out += self.leave(s, loop)
                return out, self.left((s,))
            if isinstance(s, LoopElse):
                return self.loop_else(s, rest, loop, out, kinds)
            one = self.left_by(s)
            if isinstance(s, If) and one.kinds:
                a, b = self.left(s.then), self.left(s.orelse)
                if rest and a.falls != b.falls:
                    then, orelse = (s.then + rest, s.orelse) if a.falls else (s.then, s.orelse + rest)
                    moved = replace(s, then=then, orelse=orelse)
                    more, left = self.sequence((moved,), loop)
                    return out + more, _Left(kinds | left.kinds, left.falls)
            out += self.statement(s, loop)
            kinds |= one.kinds
            if not one.falls:
                return out, _Left(kinds, False)
            if one.kinds and rest:
                more, left = self.sequence(rest, loop)
                out += self.guarded(one.kinds, more, loop, s.loc)
                return out, _Left(kinds | left.kinds, left.falls)
        return out, _Left(kinds, True)

    def statement(self, s: Stmt, loop: _Loop | None) -> list[Stmt]:
        match s:
            case If(_, then, orelse):
                a, b = self.sequence(then, loop)[0], self.sequence(orelse, loop)[0]
                return [replace(s, then=tuple(a), orelse=tuple(b))]
            case For() | While():
                return self.loop(s, loop)[0]
        return [s]

    def leave(self, s: object, loop: _Loop | None) -> list[Stmt]:
        match s:
            case Break(loc):
                assert loop is not None
                return [Assign(loop.stop, TRUE, loc)]
            case Continue(loc):
                assert loop is not None
                return [] if loop.skip is None else [Assign(loop.skip, TRUE, loc)]
            case Return(value, loc):
                out: list[Stmt] = _assign_leaves(self.target, value, loc)
                out.append(Assign(self.returned, TRUE, loc))
                if loop is not None and loop.stop != self.returned:
                    out.append(Assign(loop.stop, TRUE, loc))
                return out
        raise AssertionError(s)

    def guarded(self, kinds: frozenset[str], rest: list[Stmt], loop: _Loop | None, loc: Loc) -> list[Stmt]:
        """What runs only where none of the ``kinds`` of leaving has happened."""
        if not rest:
            return []
        out = rest
        for flag in dict.fromkeys(self.flag(kind, loop) for kind in sorted(kinds)):
            test = self.names.temp()
            out = [Assign(test, Op("not", (flag,)), loc), If(test, tuple(out), (), loc)]
        return out

    def flag(self, kind: str, loop: _Loop | None) -> str:
        if kind == "return" and loop is None:
            return self.returned
        assert loop is not None
        if kind == "continue":
            assert loop.skip is not None
            return loop.skip
        return loop.stop

    def loop(self, s: For | While, outer: _Loop | None) -> tuple[list[Stmt], _Loop]:
        inside = self.left(s.body)
        breaks, returns = "break" in inside.kinds, "return" in inside.kinds
        if s.exit is not None:
            # A helper's loop, already rewritten when the helper was.
            return [s], _Loop(s.exit)
        mine = _Loop("")
        if returns and not breaks:
            mine.stop = self.returned
        elif breaks:
            mine.stop = self.names.flag("stop")
        if _continues_inside(s.body):
            mine.skip = self.names.flag("skip")
        body, _ = self.sequence(s.body, mine)
        start: list[Stmt] = []
        if mine.skip is not None:
            start.append(Assign(mine.skip, FALSE, s.loc))
        if returns:
            start.append(Assign(self.returned, FALSE, s.loc))
        if breaks:
            start.append(Assign(mine.stop, FALSE, s.loc))
        out: list[Stmt] = [replace(s, body=(*start, *body), exit=mine.stop or None)]
        if returns and outer is not None and outer.stop != self.returned:
            out.append(Assign(outer.stop, self.returned, s.loc))
        return out, mine

    def loop_else(self, s: LoopElse, rest: tuple, outer: _Loop | None, out: list[Stmt],
                  kinds: frozenset[str]) -> tuple[list[Stmt], _Left]:
        inside = self.left(s.loop.body)
        if "break" not in inside.kinds:
            more, left = self.sequence((s.loop, *s.orelse, *rest), outer)
            return out + more, _Left(kinds | left.kinds, left.falls)
        loops, mine = self.loop(s.loop, outer)
        out = [*out, Assign(mine.stop, FALSE, s.loc), *loops]
        # Left by break: the else block is skipped; left by return: so is the rest.
        followed = (If(mine.stop, (), s.orelse, s.loc), *rest)
        more, left = self.sequence(followed, outer)
        out += self.guarded(inside.kinds & {"return"}, more, outer, s.loc) if "return" in inside.kinds else more
        return out, _Left(kinds | left.kinds | (inside.kinds & {"return"}), left.falls)


def _raw_walk(block: tuple) -> Iterator[object]:
    for s in block:
        yield s
        if isinstance(s, LoopElse):
            yield from _raw_walk((s.loop, *s.orelse))
        else:
            for b in blocks(s):
                yield from _raw_walk(b)


def _continues_inside(block: tuple) -> bool:
    """Whether a ``continue`` of this very loop stands in the block."""
    for s in block:
        match s:
            case Continue():
                return True
            case If(_, then, orelse):
                if _continues_inside(then) or _continues_inside(orelse):
                    return True
            case LoopElse(_, orelse):
                if _continues_inside(orelse):
                    return True
    return False



def _structure(value: Arg | None) -> object:
    if isinstance(value, TupleArg):
        return value.container, tuple(_structure(i) for i in value.items)
    return None


def _targets(value: Arg | None, names: LocalNames, base: str) -> Arg:
    if isinstance(value, TupleArg):
        return replace(value, items=tuple(_targets(i, names, f"{base}_{k}") for k, i in enumerate(value.items)))
    return names.fresh(base)


def _assign_leaves(target: Arg | None, value: Arg | None, loc: Loc) -> list[Stmt]:
    if target is None or value is None:
        return []
    if isinstance(target, TupleArg):
        assert isinstance(value, TupleArg)
        return [s for t, v in zip(target.items, value.items) for s in _assign_leaves(t, v, loc)]
    if isinstance(value, (ShapeOf, DType, ElementType)):
        what, hint = ("shape", "return its elements") if isinstance(value, ShapeOf) else ("type", "return the array")
        raise UnsupportedSyntax(f"a {what} returned early is not supported yet", loc=loc, code="S2S007", hint=hint)
    if not isinstance(value, (str, Const)):
        raise UnsupportedSyntax("a function returned early is not supported yet", loc=loc, code="S2S023",
                                hint="return one function at the end")
    assert isinstance(target, str)
    return [Assign(target, value, loc)]
