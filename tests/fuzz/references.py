"""Statements of random programs that bind one name to several arrays, and write through it."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tests.fuzz.choices import Choices
from tests.fuzz.expressions import Expressions
from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Scope, Var


class Writer(Protocol):
    """What the statements here need of the generator."""

    c: Choices
    e: Expressions
    scope: Scope
    used: set[str]
    fresh: Callable[[str], str]
    emit: Callable[[str], None]
    block: Callable[[], AbstractContextManager[Any]]


def conditional_alias(g: Writer) -> bool:
    """``u = p if a > 0.5 else q`` and a store through it. False where there are not two arrays to choose from."""
    vectors = g.scope.vectors()
    p = g.c.pick(vectors[::-1])
    same = [v for v in vectors if v.length == p.length and v.name != p.name]
    if not same:
        return False
    q, u = g.c.pick(same), g.fresh("u")
    g.used |= {"conditional-alias", "aliasing"}
    sides = [p.name, q.name]
    if p.length > 1 and g.c.chance(0.3):
        sides[1] = f"{q.name}[::-1]"
    g.emit(f"{u} = {sides[0]} if {g.e.condition(g.scope)} else {sides[1]}")
    g.scope.add(Var(u, "v", p.length, contiguous=False))
    g.emit(f"{u}[{g.e.index(g.scope, p.length)}] = {g.e.scalar(g.scope)}")
    return True


def carried_reference(g: Writer) -> bool:
    """A name that an iteration binds for the next. False where there are not two arrays to choose from."""
    whole = g.scope.vectors(LENGTH)
    p = g.c.pick(whole[::-1] or g.scope.vectors())
    others = [v for v in whole if v.name != p.name]
    if not others or p.length != LENGTH:
        return False
    q, u, before, i = g.c.pick(others), g.fresh("u"), g.fresh("u"), g.fresh("i")
    g.used |= {"carried-reference", "aliasing"}
    g.emit(f"{u} = {p.name}")
    g.emit(f"for {i} in range({g.c.pick(['2', '3', 'n', 'm'])}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=2, free=False))
        g.scope.add(Var(u, "v", LENGTH, contiguous=False))
        if g.c.chance(0.6):
            g.emit(f"{before} = {u}")
            g.scope.add(Var(before, "v", LENGTH, contiguous=False))
        g.emit(f"{u}[{g.e.index(g.scope, LENGTH)}] = {g.e.scalar(g.scope)}")
        g.emit(f"{u} = " + g.c.pick([q.name, f"{q.name} if {i} == 0 else {p.name}", f"{u}[::-1]",
                                     f"{q.name} if {g.e.condition(g.scope)} else {u}"]))
        if g.c.chance(0.7):
            g.emit(f"{u}[{g.e.index(g.scope, LENGTH)}] {g.c.pick(['=', '+='])} {g.e.scalar(g.scope)}")
    g.scope.add(Var(u, "v", LENGTH, contiguous=False))
    return True
