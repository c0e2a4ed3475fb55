"""Statements in the rarer forms of Python's grammar."""
from __future__ import annotations

from tests.fuzz.scope import Var
from tests.fuzz.writer import Statement, Writer, named, trips

FEATURES = {"syntax": 0.16, "match": 0.6, "walrus": 0.6, "chains": 0.6}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("syntax"):
        return []
    return [(3, statement) for feature, statement in (("match", cases), ("walrus", walrus), ("chains", chain))
            if g.has(feature) and (statement is not cases or g.scope.of("i"))] or [(3, walrus)]


def cases(g: Writer) -> None:
    if g.indent > 2:
        return g.assign()
    t = g.fresh("t")
    g.used |= {"match", "branch"}
    subject = g.e.integer(g.scope)
    g.emit(f"match {g.c.pick([subject, trips(g, '2')])}:")
    g.indent += 1
    k = g.fresh("k")
    second = g.c.pick(["1 | 2", "2", f"{k} if {k} > 2", f"3 if {g.e.comparison(g.scope)}"])
    patterns = [g.c.pick(["0", "1"]), second, "_"]
    for pattern in patterns:
        g.emit(f"case {pattern}:")
        if g.c.chance(0.3):
            g.body()
        g.emit(f"    {t} = {g.e.scalar(g.scope, 1)}")
    g.indent -= 1
    g.scope.add(Var(t, "f"))


def walrus(g: Writer) -> None:
    s, t = g.fresh("t"), g.fresh("t")
    g.used.add("walrus")
    value = f"({s} := {g.e.scalar(g.scope, 1)})"
    kind = g.c.pick(["operand", "test", "argument", "while"])
    if kind == "while" and g.indent < 3:
        k = g.fresh("k")
        g.emit(f"{k} = 0")
        g.emit(f"while {value} < 0.9 and {k} < 4:")
        with g.block():
            g.emit(f"{k} += 1")
            g.scope.add(Var(k, "i", low=0, high=4, free=False))
            g.scope.add(Var(s, "f"))
            g.loop_body()
        g.emit(f"{t} = {s} * 0.5")
    elif kind == "test":
        g.emit(f"{t} = {g.e.atom(g.scope)}")
        g.emit(f"if {value} > 0.13:")
        g.emit(f"    {t} = {s} * {s}")
    elif kind == "argument":
        g.emit(f"{t} = math.sin({value}) * {s}")
    else:
        g.emit(f"{t} = {value} * {g.e.bounded(named(g.scope, Var(s, 'f')), 1)} + {s}")
    g.scope.add(Var(s, "f"))
    g.scope.add(Var(t, "f"))


def chain(g: Writer) -> None:
    """Chained comparisons and assignments, starred targets, a name deleted."""
    g.used.add("chain")
    p, q = g.fresh("t"), g.fresh("t")
    first, second = g.e.scalar(g.scope, 1), g.e.scalar(g.scope, 1)
    kind = g.c.pick(["assignment", "comparison", "starred", "membership"])
    if kind == "assignment":
        g.emit(f"{p} = {q} = {first}")
        g.emit(f"{p} = {p} * {g.e.bounded(g.scope, 1)}")
    elif kind == "comparison":
        g.emit(f"{p}, {q} = {first}, {g.e.atom(g.scope)}")
        g.emit(f"if {p} < {second} < 0.93 * {q} + 2.0:")
        g.emit(f"    {p} = {p} * {q}")
    elif kind == "starred":
        r = g.fresh("rest")
        g.emit(f"{p}, *{r} = ({first}, {second}, {g.e.atom(g.scope)})")
        g.emit(f"{q} = {r}[0] * {r}[-1]")
    else:
        g.emit(f"{p}, {q} = {first}, {second}")
        g.emit(f"if {trips(g, '1')} {g.c.pick(['in', 'not in'])} (0, 2):")
        g.emit(f"    {q} = {p} * {q}")
    g.scope.add(Var(p, "f"))
    g.scope.add(Var(q, "f"))
