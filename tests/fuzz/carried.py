"""Statements of random programs whose values are carried past what changes them, through loops and branches."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from tests.fuzz.choices import Choices
from tests.fuzz.expressions import Expressions
from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Scope, Var

FEATURES = ("accumulated", "self-applied", "rotated", "read-again", "flag-overwritten", "new-in-loop",
            "moving-bounds", "double-buffers", "long-loops", "walrus", "kept-views",
            "steps")


class Writer(Protocol):
    """What the statements here need of the generator."""

    c: Choices
    e: Expressions
    scope: Scope
    used: set[str]
    fresh: Callable[[str], str]
    emit: Callable[[str], None]
    block: Callable[[], AbstractContextManager[Any]]
    statements: Callable[..., None]
    has: Callable[[str], bool]


def kinds(g: Writer) -> list[tuple[int, Callable[[], None]]]:
    """The statements that the program may use, with their weights; all but the second contain a block."""
    return [(2, lambda s=s: s(g)) for feature, s in (  # type: ignore[misc]
        ("accumulated", accumulated), ("self-applied", self_applied), ("rotated", rotated), ("read-again", read_again),
        ("flag-overwritten", flag_overwritten), ("new-in-loop", new_in_loop), ("moving-bounds", moving_bound),
        ("double-buffers", double_buffer), ("long-loops", long_loop), ("walrus", walrus),
        ("kept-views", kept_view)) if g.has(feature)]


def _loop(g: Writer, low: int = 0) -> str:
    """The head of a short loop is written; gives its variable, which the caller adds to the scope."""
    i = g.fresh("i")
    heads = ["range(3)", "range(2)", "range(n)", f"range(m, {LENGTH})", "range(2, -1, -1)"]
    g.emit(f"for {i} in {g.c.pick(heads)}:")
    return i


@contextmanager
def _in_a_loop(g: Writer) -> Iterator[None]:
    _loop(g)
    with g.block():
        yield


def _counter(g: Writer, i: str) -> None:
    g.scope.add(Var(i, "i", low=0, high=LENGTH - 1, free=False))


def _inner(g: Writer) -> str | None:
    """The head of a loop or a branch; gives the loop's variable."""
    if g.c.chance(0.4):
        g.emit(f"if {g.e.condition(g.scope)}:")
        return None
    return _loop(g)


def accumulated(g: Writer) -> None:
    """A value changes in an inner loop or branch between the definition of an addend and its addition."""
    g.used |= {"accumulated", "nested-loop"}
    start = g.e.atom(g.scope)
    s, p = g.fresh("t"), g.fresh("t")
    g.emit(f"{s} = {start}")
    i = _loop(g)
    with g.block():
        _counter(g, i)
        g.emit(f"{p} = {g.e.scalar(g.scope, 1)}")
        j = _inner(g)
        with g.block():
            if j is not None:
                _counter(g, j)
            factor = g.e.bounded(g.scope, 1)
            g.emit(g.c.pick([f"{s} *= {factor}", f"{s} = {factor} * {s}", f"{s} = {factor} - 0.5 * {s}",
                         f"{s} = math.hypot({s}, {p})", f"{s} = {p} / (1.2 + {s} * {s})", f"{s} = math.sin({s})"]))
        g.emit(f"{s} " + g.c.pick([f"+= {p}", f"= {s} - {p}", f"= {p} - {s}", f"= {p} + 0.5 * {s}", f"-= {p}"]))
    g.scope.add(Var(s, "f"))


def self_applied(g: Writer) -> None:
    """``s = f(s, e)``, where the derivative takes the operand as it was before, and the result."""
    g.used.add("self-applied")
    floats = g.scope.of("f", free=True)
    s, e = g.c.pick(floats[::-1]).name, g.e.atom(g.scope)
    with _in_a_loop(g) if g.c.chance(0.4) else nullcontext():
        g.emit(f"{s} = " + g.c.pick([f"math.hypot({s}, {e})", f"math.hypot({e}, {s})", f"{s} / (1.3 + {s} * {s})",
                                     f"math.exp(-{s} * {s}) * {e}", f"math.sqrt(1.0 + {s} * {s})", f"math.sin({s})",
                                     f"abs({s}) ** math.sin({e})", f"{e} / (1.2 + {s} * {s})", f"math.exp(-abs({s}))",
                                     f"math.tanh({s})"]))


def rotated(g: Writer) -> None:
    """Values that an iteration hands on to the next, each under another name."""
    g.used |= {"rotated", "loop", "scalar-swap"}
    names = [g.fresh("t") for _ in range(2 + g.c.below(2))]
    for name in names:
        g.emit(f"{name} = {g.e.atom(g.scope)}")
    i = _loop(g)
    with g.block():
        _counter(g, i)
        for name in names:
            g.scope.add(Var(name, "f"))
        last = g.e.scalar(g.scope, 1)
        g.emit(f"{', '.join(names)} = {', '.join(names[1:])}, " + g.c.pick([
            names[0], f"0.5 * {names[0]} - {names[1]}", f"{names[0]} + {last}", last]))
    for name in names[:1 + g.c.below(2)]:
        g.scope.add(Var(name, "f"))


def read_again(g: Writer) -> None:
    """An element is read, read again in a loop that changes the array, and perhaps after it."""
    g.used |= {"read-again", "loop", "stores"}
    v = g.c.pick(g.scope.vectors())
    place = f"{v.name}[{g.e.index(g.scope, v.length)}]"
    t = g.fresh("t")
    g.emit(f"{t} = {place} * {g.e.bounded(g.scope, 1)}")
    g.scope.add(Var(t, "f"))
    j = _inner(g)
    with g.block():
        if j is not None:
            _counter(g, j)
        g.emit(f"{t} = 0.5 * {t} + {place} * {g.e.bounded(g.scope, 1)}")
        g.emit(f"{v.name}[{g.e.index(g.scope, v.length)}] {g.c.pick(['=', '=', '+='])} {g.e.scalar(g.scope, 1)}")
    if g.c.chance(0.5):
        g.emit(f"{t} = {t} * {place}")


def flag_overwritten(g: Writer) -> None:
    """A boolean decides a branch that changes it."""
    g.used |= {"flag-overwritten", "bool", "branch-overwritten"}
    q, t = g.fresh("q"), g.fresh("t")
    g.emit(f"{q} = {g.e.condition(g.scope)}")
    g.emit(f"{t} = {g.e.atom(g.scope)}")
    g.scope.add(Var(t, "f"))
    i = _loop(g) if g.c.chance(0.5) else None

    def branch() -> None:
        g.emit(f"if {q}:")
        with g.block():
            g.emit(f"{t} = {t} * {g.e.bounded(g.scope, 1)}")
            g.emit(f"{q} = {g.e.condition(g.scope)}")
        if g.c.chance(0.5):
            g.emit("else:")
            with g.block():
                g.emit(f"{t} = 0.3 - {t}")
                g.emit(f"{q} = not {q}")

    if i is None:
        branch()
    else:
        with g.block():
            _counter(g, i)
            branch()
    g.emit(f"if {q}:")
    g.emit(f"    {t} = {t} * {g.e.atom(g.scope)}")


def new_in_loop(g: Writer) -> None:
    """An array made anew in each iteration, of which one element is written and another read."""
    g.used |= {"new-in-loop", "loop", "stores"}
    u, t = g.fresh("u"), g.fresh("t")
    g.emit(f"{t} = {g.e.atom(g.scope)}")
    i = _loop(g)
    with g.block():
        _counter(g, i)
        g.scope.add(Var(t, "f"))
        zeros = f"np.zeros({LENGTH})"
        g.emit(f"{u} = {g.c.pick([zeros, zeros, f'np.ones({LENGTH})', 'x.copy()', f'np.full({LENGTH}, {t})'])}")
        g.emit(f"{u}[{g.e.index(g.scope, LENGTH)}] {g.c.pick(['=', '+='])} {g.e.scalar(g.scope, 1)}")
        g.scope.add(Var(u, "v", LENGTH))
        g.emit(f"{t} = 0.5 * {t} + {u}[{g.e.index(g.scope, LENGTH)}] * {g.e.bounded(g.scope, 1)}")
    g.scope.add(Var(t, "f"))


def moving_bound(g: Writer) -> None:
    """An inner loop whose number of iterations changes from one of the outer loop to the next."""
    g.used |= {"moving-bound", "nested-loop", "bound-overwritten"}
    start = g.e.atom(g.scope)
    s, k = g.fresh("t"), g.fresh("k")
    g.emit(f"{s} = {start}")
    g.emit(f"{k} = {g.c.below(LENGTH)}")
    i = _loop(g)
    with g.block():
        _counter(g, i)
        j = g.fresh("i")
        g.emit(f"for {j} in range({g.c.pick([k, f'{k}, {LENGTH}', f'{k} - 1, -1, -1', f'0, {k}, 2'])}):")
        with g.block():
            _counter(g, j)
            g.emit(f"{s} = {g.e.bounded(g.scope, 1)} * {s} + {g.e.atom(g.scope)}")
        g.emit(f"{k} = {g.c.pick([f'({k} + {1 + g.c.below(3)}) % {LENGTH}', f'{LENGTH - 1} - {k}'])}")
    g.scope.add(Var(s, "f"))


def double_buffer(g: Writer) -> None:
    """Two arrays, one computed from the other, that change their names after each iteration."""
    g.used |= {"double-buffer", "nested-loop", "array-swap", "aliasing", "stores"}
    given = [v.name for v in g.scope.vectors(LENGTH)]
    made = [f"{g.c.pick(given)}.copy()" if given and g.c.chance(0.6) else f"np.zeros({LENGTH})" for _ in range(2)]
    u, v = g.fresh("u"), g.fresh("u")
    for name, text in zip((u, v), made, strict=True):
        g.emit(f"{name} = {text}")
    i, j = _loop(g), g.fresh("i")
    with g.block():
        _counter(g, i)
        g.emit(f"for {j} in range({g.c.pick([str(LENGTH), f'1, {LENGTH}', 'n'])}):")
        with g.block():
            _counter(g, j)
            g.emit(f"{u}[{j}] = {g.e.bounded(g.scope, 1)} * {v}[{g.e.index(g.scope, LENGTH)}] + 0.5 * {v}[{j}]")
        g.emit(f"{u}, {v} = {v}, {u}")
        if g.c.chance(0.5):
            g.emit(f"{g.c.pick([u, v])}[{i}] *= {g.e.bounded(g.scope, 1)}")
    g.scope.add(Var(u, "v", LENGTH))
    g.scope.add(Var(v, "v", LENGTH))


def long_loop(g: Writer) -> None:
    """More iterations than tapes have room for at first, and nobody knows how many."""
    g.used |= {"long-loop", "while"}
    s, k, e = g.fresh("t"), g.fresh("k"), g.e.atom(g.scope)
    g.emit(f"{s} = {g.e.atom(g.scope)}")
    g.emit(f"{k} = 0")
    g.emit(f"while {k} < 70{g.c.pick(['', f' and {s} > -50.0'])}:")
    with g.block():
        g.emit(f"{k} += 1")
        g.emit(f"{s} = {g.c.pick(['0.9', '-0.8'])} * math.sin({s} + {e}) + 0.1 * {g.c.pick([s, e, f'{s} * {s}'])}")
    g.scope.add(Var(s, "f"))


def walrus(g: Writer) -> None:
    """A loop whose condition computes what its body, and what follows, goes on with."""
    g.used |= {"walrus", "while"}
    s, t, k = g.fresh("t"), g.fresh("t"), g.fresh("k")
    g.emit(f"{s} = {g.e.atom(g.scope)}")
    g.emit(f"{k} = 0")
    g.scope.add(Var(s, "f"))
    g.emit(f"while ({t} := {g.e.scalar(g.scope, 1)} - 0.5 * {s}) > -20.0 and {k} < {1 + g.c.below(3)}:")
    with g.block():
        g.emit(f"{k} += 1")
        g.emit(f"{s} = {s} * {g.e.bounded(g.scope, 1)} + {g.c.pick([t, f'{t} * {t}', f'math.sin({t})'])}")
    g.scope.add(Var(t, "f"))


def kept_view(g: Writer) -> None:
    """What an iteration has made is seen, whole or in part, by the next one, which makes it anew."""
    g.used |= {"kept-view", "loop", "aliasing"}
    v = g.c.pick(g.scope.vectors())
    u, kept, t = g.fresh("u"), g.fresh("v"), g.fresh("t")
    part, length = g.c.pick([("[1:]", v.length - 1), ("", v.length), ("[::-1]", v.length)])
    if length < 1:
        part, length = "", v.length
    g.emit(f"{t} = {g.e.atom(g.scope)}")
    g.emit(f"{kept} = {v.name}{part}")
    i = _loop(g)
    with g.block():
        _counter(g, i)
        g.emit(f"{u} = {g.c.pick([f'{v.name} * {t}', f'np.sin({v.name}) + {t}', f'np.full({v.length}, {t})'])}")
        if g.c.chance(0.5):
            g.emit(f"{u}[{g.e.index(g.scope, v.length)}] = {g.e.scalar(g.scope, 1)}")
        g.emit(f"{t} = 0.5 * {t} + {kept}[{g.c.below(length)}] * {g.e.bounded(g.scope, 1)}")
        g.emit(f"{kept} = {u}{part}")
        if g.c.chance(0.4):
            g.emit(f"{kept}[{g.c.below(length)}] {g.c.pick(['=', '+=', '*='])} {g.e.atom(g.scope)}")
    g.scope.add(Var(t, "f"))
    g.scope.add(Var(kept, "v", length, contiguous=False))


@contextmanager
def nested_leave(g: Writer, how: str) -> Iterator[None]:
    """``break`` or ``continue`` in a branch of a branch, with something to run after it."""
    g.emit(f"if {g.e.condition(g.scope)}:")
    with g.block():
        g.emit(f"if {g.e.condition(g.scope)}:")
        with g.block():
            yield
            g.emit(how)
        g.statements(1, True)
