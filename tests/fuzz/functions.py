"""Statements with functions as values: made inside, passed, chosen, changing what is around them."""
from __future__ import annotations

from tests.fuzz.scope import Scope, Var
from tests.fuzz.writer import Statement, Writer, named, trips

FEATURES = {"functions": 0.16, "passed": 0.6, "nonlocals": 0.4, "chosen-functions": 0.4, "keywords": 0.4}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("functions") or not g.scope.vectors():
        return []
    found: list[tuple[int, Statement]] = [(3, inner)]
    if g.helpers["applied"]:
        found.append((4, passed))
    if g.has("nonlocals"):
        found.append((3, counting))
    if g.has("chosen-functions"):
        found.append((3, chosen))
    if g.helpers["keyword"]:
        found.append((3, by_keyword))
    return found


def helper_functions(g: Writer) -> list[str]:
    """Functions that call what they are given, or that are called by keywords."""
    text: list[str] = []
    scope = Scope({n: Var(n, "f") for n in "pq"})
    if g.has("functions") and g.has("passed"):
        name = g.fresh("apply_")
        g.helpers["applied"].append(name)
        body = g.c.pick([["return g(p) * g(q)"], [f"return g(g(p)) + {g.e.scalar(scope, 1)}"],
                         ["for i in range(2):", "    p = 0.5 * g(p) + q", "return p"],
                         [f"if {g.e.comparison(scope)}:", "    return g(p)", "return g(q) - p"]])
        text += [f"def {name}(g, p, q):", *("    " + line for line in body), ""]
    if g.has("functions") and g.has("keywords"):
        name = g.fresh("keyword_")
        g.helpers["keyword"].append(name)
        text += [f"def {name}(p, q=0.7, *, k=2):", f"    r = {g.e.scalar(scope, 1)}", "    for i in range(k):",
                 "        r = r * math.sin(q) + p", "    return r", ""]
    return text


def inner(g: Writer) -> None:
    """A function with statements of its own, which writes to what it sees or is made anew by a maker."""
    if g.indent > 2:
        return g.assign()
    name, p = g.fresh("inner_"), g.fresh("p")
    g.used.add("closure")
    scope = named(g.scope, Var(p, "f"))
    kind = g.c.pick(["writes", "loops", "branches", "maker"])
    v = g.c.pick(g.scope.vectors())
    body = {"writes": [f"{v.name}[{g.e.index(g.scope, v.length)}] = {g.e.scalar(scope, 1)}",
                       f"return {v.name}[0] * {p}"],
            "loops": ["r = 0.2", "for i in range(3):", f"    r = r * 0.5 + {g.e.scalar(scope, 1)} * r", "return r"],
            "branches": [f"if {g.e.comparison(scope)}:", f"    return {g.e.scalar(scope, 1)}",
                         f"return {p} * {g.e.bounded(scope, 1)}"],
            "maker": ["def held(q):", f"    return q * {g.e.bounded(scope, 1)} + {p}", "return held"],
            }[kind]
    g.emit(f"def {name}({p}):")
    for line in body:
        g.emit("    " + line)
    call = f"{name}({g.e.scalar(g.scope, 1)})"
    if kind == "maker":
        held = g.fresh("held_")
        g.emit(f"{held} = {call}")
        g.define(f"{held}({g.e.atom(g.scope)}) * {held}({g.e.atom(g.scope)})")
    else:
        g.define(call)
        t = g.scope.of("f")[-1].name
        seen = g.scope.of("f", free=True)
        if g.c.chance(0.5) and len(seen) > 1 and g.indent == 1:
            g.emit(f"{g.c.pick(seen[:-1]).name} = {g.e.scalar(g.scope, 1)}")     # what it sees has changed
        g.emit(f"{t} = {t} + {name}({g.e.atom(g.scope)}) * {g.e.bounded(g.scope, 1)}")


def function(g: Writer) -> str:
    """A function of one number."""
    p = g.fresh("p")
    return g.c.pick([f"lambda {p}: {g.e.scalar(named(g.scope, Var(p, 'f')), 1)}",
                     f"lambda {p}: {p} * {g.e.bounded(named(g.scope, Var(p, 'f')), 1)}", "math.sin", "np.tanh"])


def passed(g: Writer) -> None:
    g.used |= {"function-passed", "closure"}
    g.define(f"{g.c.pick(g.helpers['applied'])}({function(g)}, {g.e.scalar(g.scope, 1)}, {g.e.atom(g.scope)})")


def chosen(g: Writer) -> None:
    """A name for one of two functions."""
    if g.indent > 2:
        return g.assign()
    name = g.fresh("fun_")
    g.used |= {"function-chosen", "closure"}
    first, second = function(g), function(g)
    test = g.e.condition(g.scope)
    if g.c.chance(0.5):
        g.emit(f"{name} = ({first}) if {test} else ({second})")
    else:
        g.emit(f"{name} = {first}")
        g.emit(f"if {test}:")
        g.emit(f"    {name} = {second}")
    g.define(f"{name}({g.e.scalar(g.scope, 1)}) * {name}({g.e.atom(g.scope)})")


def counting(g: Writer) -> None:
    """A function that changes a variable around it."""
    if g.indent > 1:
        return g.assign()
    name, s, p, i = g.fresh("add_"), g.fresh("s"), g.fresh("p"), g.fresh("i")
    g.used |= {"nonlocal", "closure"}
    g.emit(f"{s} = {g.e.scalar(g.scope, 1)}")
    scope = named(g.scope, Var(p, "f"), Var(s, "f"))
    g.emit(f"def {name}({p}):")
    g.emit(f"    nonlocal {s}")
    g.emit(f"    {s} = {s} * {g.e.bounded(scope, 1)} + {p}")
    if g.c.chance(0.5):
        g.emit(f"    if {g.e.comparison(scope)}:")
        g.emit(f"        {s} = {g.e.scalar(scope, 1)}")
    g.emit(f"    return {s} * 0.5")
    g.scope.add(Var(s, "f"))
    g.define(f"{name}({g.e.atom(g.scope)})")
    t = g.scope.of("f")[-1].name
    g.emit(f"for {i} in range({trips(g, '2')}):")
    g.emit(f"    {t} = {t} + {name}({t} * 0.5) * {s}")


def by_keyword(g: Writer) -> None:
    g.used.add("keyword")
    name = g.c.pick(g.helpers["keyword"])
    p, q = g.e.scalar(g.scope, 1), g.e.atom(g.scope)
    g.define(g.c.pick([f"{name}({p})", f"{name}({p}, k=n)", f"{name}(q={q}, p={p})", f"{name}({p}, {q}, k=1)"]))
