"""Statements with tuples in tuples and namedtuples, of numbers and of arrays."""
from __future__ import annotations

from tests.fuzz.scope import Scope, Var
from tests.fuzz.writer import Statement, Writer, begun, trips

FEATURES = {"structures": 0.18, "namedtuples": 0.6, "nested-tuples": 0.6, "tuples-of-arrays": 0.5, "tuple-loops": 0.5}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("structures"):
        return []
    found = [(3, statement) for feature, statement in (
        ("nested-tuples", nested), ("tuples-of-arrays", of_arrays), ("tuple-loops", looped), ("nested-tuples", carried))
        if g.has(feature) and (statement is not of_arrays or g.scope.vectors())] or [(3, nested)]
    if g.helpers["namedtuple"]:
        found += [(3, made), (3, stepped)]
    return found


def helper_functions(g: Writer) -> list[str]:
    """A class, and a function from one of its instances to the next."""
    if not (g.has("structures") and g.has("namedtuples")):
        return []
    name, step = g.fresh("Point_"), g.fresh("step_")
    g.helpers["namedtuple"] += [name, step]
    scope = Scope({"s.p": Var("s.p", "f"), "s.q": Var("s.q", "f"), "c": Var("c", "f")})
    return [f'{name} = namedtuple("{name}", ["p", "q"])', "", f"def {step}(s, c):",
            f"    return {name}({g.e.scalar(scope, 1)}, {g.e.scalar(scope, 1)})", ""]


def nested(g: Writer) -> None:
    pair, (p, q, r) = g.fresh("pair"), (g.fresh("t") for _ in range(3))
    e, scope = g.e, g.scope
    g.used |= {"tuple", "nested-tuple"}
    g.emit(f"{pair} = (({e.scalar(scope, 1)}, {e.atom(scope)}), {e.scalar(scope, 1)})")
    match g.c.pick(["unpacked", "swapped", "indexed", "rebound", "joined"]):
        case "unpacked":
            g.emit(f"({p}, {q}), {r} = {pair}")
        case "swapped":
            g.emit(f"{p}, ({q}, {r}) = {pair}[::-1]")
        case "indexed":
            g.emit(f"{p}, {q}, {r} = {pair}[0][1], {pair}[-1], {pair}[0][0]")
        case "rebound":
            g.emit(f"{pair} = (({pair}[1], {pair}[0][0] * {e.bounded(scope, 1)}), {pair}[0][1])")
            g.emit(f"({p}, {q}), {r} = {pair}")
        case _:
            g.emit(f"{p}, {q}, {r} = {pair}[0] + ({pair}[1],)")
    for t in (p, q, r):
        g.scope.add(Var(t, "f"))


def of_arrays(g: Writer) -> None:
    """A tuple that holds arrays, which are written to under its name or their own."""
    vectors = g.scope.vectors()
    v, w, pair = g.c.pick(vectors[::-1]), g.c.pick(vectors), g.fresh("pair")
    g.used |= {"tuple-of-arrays", "aliasing"}
    i = g.e.index(g.scope, v.length)
    g.emit(f"{pair} = ({v.name}, {g.c.pick([w.name, f'{w.name}.copy()'])}, {g.e.scalar(g.scope, 1)})")
    match g.c.pick(["through", "own name", "unpacked"]):
        case "through":
            g.emit(f"{pair}[0][{i}] = {g.e.scalar(g.scope, 1)} * {pair}[2]")
        case "own name":
            g.emit(f"{v.name}[{i}] = {g.e.scalar(g.scope, 1)}")
        case _:
            u, z, t = g.fresh("u"), g.fresh("u"), g.fresh("t")
            g.emit(f"{u}, {z}, {t} = {pair}")
            g.scope.add(Var(u, "v", v.length, contiguous=False))
            g.scope.add(Var(z, "v", w.length, contiguous=False))
            g.scope.add(Var(t, "f"))
            g.emit(f"{u}[{i}] = {g.e.scalar(g.scope, 1)}")
    g.define(f"{pair}[0][{i}] * {pair}[1][{g.e.index(g.scope, w.length)}]")


def looped(g: Writer) -> None:
    """A loop over a tuple, and a tuple indexed by a variable."""
    if g.indent > 2:
        return g.assign()
    row, element, t = g.fresh("row"), g.fresh("e"), begun(g)
    g.used |= {"tuple", "tuple-loop"}
    g.emit(f"{row} = ({', '.join(g.e.scalar(g.scope, 1) for _ in range(3))})")
    if g.c.chance(0.5):
        g.emit(f"for {element} in {row}:")
        with g.block():
            g.scope.add(Var(element, "f"))
            g.emit(f"{t} = 0.6 * {t} + {g.e.scalar(g.scope, 1)}")
            if g.c.chance(0.3):
                g.loop_body()
    else:
        i = g.fresh("i")
        g.emit(f"for {i} in range({trips(g, '3')}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=2, free=False))
            g.emit(f"{t} = 0.6 * {t} + {row}[{i}] * {g.e.scalar(g.scope, 1)}")


def carried(g: Writer) -> None:
    """A tuple that each iteration makes from the one before."""
    if g.indent > 2:
        return g.assign()
    state, i, p, q = g.fresh("state"), g.fresh("i"), g.fresh("t"), g.fresh("t")
    g.used |= {"tuple", "carried-tuple", "loop"}
    g.emit(f"{state} = ({g.e.scalar(g.scope, 1)}, {g.e.atom(g.scope)} * 1.0)")
    g.emit(f"for {i} in range({trips(g, '2', '3')}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=2, free=False))
        for name in (p, q):
            g.scope.add(Var(name, "f"))
        g.emit(f"{p}, {q} = {state}")
        g.emit(f"{state} = ({g.e.scalar(g.scope, 1)}, {p} * {g.e.bounded(g.scope, 1)} + 0.1)")
        if g.c.chance(0.4):
            g.loop_body()
    g.define(f"{state}[0] * {state}[1]")


def made(g: Writer) -> None:
    name, s = g.helpers["namedtuple"][0], g.fresh("s")
    g.used.add("namedtuple")
    p, q = g.e.scalar(g.scope, 1), g.e.scalar(g.scope, 1)
    g.emit(f"{s} = {g.c.pick([f'{name}({p}, {q})', f'{name}(q={q}, p={p})'])}")
    g.scope.add(Var(f"{s}.p", "f", free=False))
    g.scope.add(Var(f"{s}.q", "f", free=False))
    if g.c.chance(0.5):
        g.emit(f"{s} = {name}({s}.q * {g.e.bounded(g.scope, 1)}, {s}.p)")
    g.define(f"{s}.p * {s}[1]")


def stepped(g: Writer) -> None:
    """An instance handed to a function that gives the next."""
    if g.indent > 2:
        return g.assign()
    (name, step), s, i = g.helpers["namedtuple"], g.fresh("s"), g.fresh("i")
    g.used |= {"namedtuple", "loop", "helper"}
    g.emit(f"{s} = {name}({g.e.scalar(g.scope, 1)}, {g.e.scalar(g.scope, 1)})")
    g.scope.add(Var(f"{s}.p", "f", free=False))
    g.scope.add(Var(f"{s}.q", "f", free=False))
    g.emit(f"for {i} in range({trips(g, '2', '3')}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=2, free=False))
        g.emit(f"{s} = {step}({s}, {g.e.scalar(g.scope, 1)})")
    g.define(f"{s}.p * {s}.q")
