"""Statements with random numbers: located and scaled by active values, in arrays, deciding where control goes.

The program seeds its generator first, so that every execution draws the same.
"""
from __future__ import annotations

from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Var
from tests.fuzz.writer import Statement, Writer, begun, trips

FEATURES = {"draws": 0.12, "drawn-arrays": 0.6, "drawn-branches": 0.5, "rearranged": 0.4}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("draws"):
        return []
    found: list[tuple[int, Statement]] = [(4, number)]
    if g.scope.vectors():
        found += [(3, statement) for feature, statement in (
            ("drawn-arrays", array), ("drawn-arrays", walk), ("rearranged", rearranged)) if g.has(feature)]
    if g.has("drawn-branches"):
        found.append((3, decided))
    return found


def located(g: Writer, size: str = "") -> str:
    """A draw whose location and scale are active."""
    mu, sigma = g.e.scalar(g.scope, 1), f"0.3 + 0.2 * {g.e.bounded(g.scope, 1)}"
    name = g.c.pick(["normal", "uniform", "normal", "laplace", "logistic", "gumbel"])
    if g.c.chance(0.15):
        return f"np.random.exponential({sigma}{size})"
    return f"np.random.{name}({mu}, {sigma}{size})"


def number(g: Writer) -> None:
    g.used.add("draw")
    text = g.c.pick([located(g), located(g), "np.random.random()", "np.random.standard_normal()"])
    g.define(f"{text} * {g.e.bounded(g.scope, 1)}" if g.c.chance(0.5) else text)


def array(g: Writer) -> None:
    g.used |= {"draw", "drawn-array"}
    u = g.fresh("u")
    text = g.c.pick([located(g, f", {LENGTH}"), located(g, f", size={LENGTH}"),
                     f"np.random.standard_normal({LENGTH}) * {g.e.bounded(g.scope, 1)}"])
    g.emit(f"{u} = {text}")
    g.scope.add(Var(u, "v", LENGTH))


def walk(g: Writer) -> None:
    """A chain of draws, each located at the one before."""
    if g.indent > 2:
        return g.assign()
    g.used |= {"draw", "drawn-chain", "loop"}
    t, i = begun(g), g.fresh("i")
    v = g.c.pick(g.scope.vectors())
    g.emit(f"for {i} in range({trips(g, '3', '4')}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=3, free=False))
        g.emit(f"{t} = np.random.normal(0.7 * {t}, 0.2 + 0.1 * {g.e.bounded(g.scope, 1)})")
        g.emit(f"{v.name}[{g.e.index(g.scope, v.length)}] = {g.e.scalar(g.scope, 1)}")
        if g.c.chance(0.4):
            g.loop_body()


def decided(g: Writer) -> None:
    """A branch by a draw, or an index that is drawn."""
    g.used |= {"draw", "drawn-branch", "branch"}
    if g.scope.vectors() and g.c.chance(0.4):
        k, v = g.fresh("k"), g.c.pick(g.scope.vectors())
        g.emit(f"{k} = np.random.randint(0, {v.length})")
        g.scope.add(Var(k, "i", low=0, high=v.length - 1))
        g.emit(f"{v.name}[{k}] = {g.e.scalar(g.scope, 1)}")
        return
    t = begun(g)
    g.emit(f"if np.random.random() < {g.c.pick(['0.5', '0.8'])}:")
    if g.c.chance(0.4) and g.indent < 3:
        g.body()
    g.emit(f"    {t} = {g.e.scalar(g.scope, 1)}")


def rearranged(g: Writer) -> None:
    v = g.c.pick(g.scope.vectors())
    g.used |= {"draw", "rearranged"}
    u = g.fresh("u")
    match g.c.pick(["shuffle", "permutation", "choice"]):
        case "shuffle":
            g.emit(f"np.random.shuffle({v.name})")
        case "permutation":
            g.emit(f"{u} = np.random.permutation({v.name})")
            g.scope.add(Var(u, "v", v.length))
        case _:
            g.define(f"np.random.choice({v.name})")
