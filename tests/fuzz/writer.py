"""What the families of statements need of the generator that calls them."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tests.fuzz.choices import Choices
from tests.fuzz.expressions import Expressions
from tests.fuzz.scope import Scope, Var


class Writer(Protocol):
    """A program in the making."""

    c: Choices
    e: Expressions
    scope: Scope
    used: set[str]
    features: frozenset[str]
    helpers: dict[str, list[str]]
    lines: list[str]
    indent: int
    has: Callable[[str], bool]
    fresh: Callable[[str], str]
    emit: Callable[[str], None]
    block: Callable[[], AbstractContextManager[Any]]
    assign: Callable[[], None]
    float: Callable[[], str]
    define: Callable[[str], None]
    body: Callable[[], None]
    loop_body: Callable[[], None]


Statement = Callable[[Writer], None]
"""Writes one or several lines."""


def named(scope: Scope, *variables: Var) -> Scope:
    """The scope with names that exist in one expression only: parameters of a lambda, the name in a comprehension."""
    inner = scope.inner()
    for v in variables:
        inner.add(v)
    return inner


def begun(g: Writer) -> str:
    """A new float with a first value."""
    value = g.e.atom(g.scope)
    name = g.float()
    g.emit(f"{name} = {value}")
    return name


def trips(g: Writer, *most: str) -> str:
    """The number of rounds of a loop: a literal, or a small argument where there is one."""
    return g.c.pick([*most, *(v.name for v in g.scope.of("i") if v.name in "nm")])
