"""Statements with arrays of other shapes: reshaped, without axes, of sizes and steps that only the run knows."""
from __future__ import annotations

from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Var
from tests.fuzz.writer import Statement, Writer, begun, trips

FEATURES = {"shapes": 0.22, "reshapes": 0.5, "run-time-steps": 0.5, "scratch": 0.5, "growing": 0.5, "row-loops": 0.4,
            "no-axes": 0.3}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("shapes") or not g.scope.vectors():
        return []
    return [(weight, statement) for feature, weight, statement in (
        ("reshapes", 3, reshaped), ("run-time-steps", 3, stepped), ("scratch", 3, scratch), ("growing", 3, growing),
        ("row-loops", 3, over_rows), ("no-axes", 2, without_axes)) if g.has(feature)] or [(3, reshaped)]


def reshaped(g: Writer) -> None:
    """A view where the array is contiguous, and a copy by ``flatten``."""
    g.used.add("reshape")
    wide = [w for w in g.scope.of("m") if w.contiguous]
    long = [v for v in g.scope.vectors(LENGTH) if v.contiguous]
    if wide and g.c.chance(0.6):
        w = g.c.pick(wide)
        size = w.rows * w.length
        kind = g.c.pick(["ravel()", "reshape(-1)", "flatten()", f"reshape({w.length}, {w.rows})", f"reshape({size})"])
    elif long:
        w = g.c.pick(long)
        size = w.length
        kind = g.c.pick(["reshape(2, 2)", "reshape((2, -1))", "reshape(1, 4)", "reshape(-1, 1)", "ravel()",
                         "flatten()"])
    else:
        return g.assign()
    name = g.fresh("r")
    g.used |= {"aliasing"} if kind != "flatten()" else {"flatten"}
    g.emit(f"{name} = {w.name}.{kind}")
    rows, length = {"reshape(2, 2)": (2, 2), "reshape((2, -1))": (2, 2), "reshape(1, 4)": (1, 4),
                    "reshape(-1, 1)": (4, 1), f"reshape({w.length}, {w.rows})": (w.length, w.rows)}.get(kind, (0, size))
    g.scope.add(Var(name, "m" if rows else "v", length, rows=rows))
    if g.has("stores") or g.c.chance(0.5):
        i = f"{g.e.index(g.scope, rows)}, " if rows else ""
        g.emit(f"{name}[{i}{g.e.index(g.scope, length)}] = {g.e.scalar(g.scope, 1)}")
        read = f"{w.name}[{g.e.index(g.scope, w.rows)}, {g.e.index(g.scope, w.length)}]" if w.kind == "m" else \
            f"{w.name}[{g.e.index(g.scope, w.length)}]"
        g.define(f"{read} * {g.e.bounded(g.scope, 1)}")


def stepped(g: Writer) -> None:
    """Slices whose start or step is a variable."""
    v, step = g.c.pick(g.scope.vectors()), g.fresh("k")
    g.used.add("run-time-step")
    counters = [i.name for i in g.scope.of("i")]
    g.emit(f"{step} = {g.c.pick(counters)} % 3 + 1")
    g.scope.add(Var(step, "i", low=1, high=3, free=False))
    part = g.c.pick([f"{v.name}[::{step}]", f"{v.name}[::-{step}]", f"{v.name}[{step}:]", f"{v.name}[:-{step}]",
                     f"{v.name}[1::{step}]", f"{v.name}[{step}::-1]", f"{v.name}[:{step}:2]"])
    match g.c.pick(["read", "set", "augmented", "view"]):
        case "read":
            g.define(g.c.pick([f"np.sum({part})", f"np.sum({part} * {part})", f"{part}.sum()"]))
        case "set":
            g.used.add("slice-store")
            g.emit(f"{part} = {g.e.scalar(g.scope, 1)}")
        case "augmented":
            g.used.add("slice-store")
            op = g.c.pick(["*=", "+="])
            g.emit(f"{part} {op} {g.e.bounded(g.scope, 1) if op == '*=' else g.e.scalar(g.scope, 1)}")
        case _:
            name, i = g.fresh("v"), g.fresh("i")
            g.used.add("aliasing")
            g.emit(f"{name} = {part}")
            t = begun(g)
            g.emit(f"for {i} in range(len({name})):")
            g.emit(f"    {name}[{i}] = {g.e.scalar(g.scope, 1)} * {name}[0]")
            g.emit(f"    {t} = 0.6 * {t} + {name}[-1] * {name}[len({name}) - 1 - {i}]")


def scratch(g: Writer) -> None:
    """An array whose size grows with the iteration that makes it."""
    if g.indent > 2:
        return g.assign()
    i, j, s, t = g.fresh("i"), g.fresh("j"), g.fresh("s"), begun(g)
    g.used |= {"scratch", "nested-loop"}
    g.emit(f"for {i} in range({trips(g, '3', '4')}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=3, free=False))
        g.emit(f"{s} = {g.c.pick([f'np.zeros({i} + 1)', f'np.empty({i} + 1)', f'np.ones({i} + 1)'])}")
        g.emit(f"for {j} in range({i} + 1):")
        with g.block():
            g.scope.add(Var(j, "i", low=0, high=3, free=False))
            g.emit(f"{s}[{j}] = {g.e.scalar(g.scope, 1)}")
            if g.c.chance(0.5):
                g.emit(f"{s}[{i} - {j}] = {s}[{j}] * {s}[0]" if ".empty" not in g.lines[-3] else
                       f"{s}[{j}] = {s}[{j}] * {s}[0]")
        g.emit(f"{t} = 0.6 * {t} + np.sum({s} * {s}) * {g.e.bounded(g.scope, 1)}" if g.c.chance(0.5) else
               f"{t} = 0.6 * {t} * {s}[-1] + {s}[{i} // 2]")
        if g.c.chance(0.3):
            g.loop_body()


def growing(g: Writer) -> None:
    """A buffer filled from the left by slices that get longer."""
    if g.indent > 2:
        return g.assign()
    u, k, i = g.fresh("u"), g.fresh("k"), g.fresh("i")
    g.used |= {"growing", "loop", "slice-store"}
    v = g.c.pick(g.scope.vectors(LENGTH))
    g.emit(f"{u} = np.zeros(8)")
    g.emit(f"{u}[0] = {g.e.scalar(g.scope, 1)}")
    if g.c.chance(0.5):
        g.emit(f"{k} = 1")
        g.emit(f"while {k} < 8:")
        g.emit(f"    {u}[{k}:2 * {k}] = {u}[:{k}] * {g.e.bounded(g.scope, 1)} + 0.1")
        g.emit(f"    {k} = 2 * {k}")
    else:
        g.emit(f"for {i} in range({LENGTH}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=LENGTH - 1, free=False))
            g.emit(g.c.pick([f"{u}[:{i} + 1] += {v.name}[:{i} + 1] * {g.e.bounded(g.scope, 1)}",
                             f"{u}[{i}:2 * {i}] = {v.name}[:{i}] * {g.e.bounded(g.scope, 1)}",
                             f"{u}[{i}:{i} + 2] = {v.name}[1:3] * {u}[{i}] + {g.e.atom(g.scope)}"]))
    g.scope.add(Var(u, "v", 8))
    g.define(f"np.sum({u}) * {u}[{g.e.index(g.scope, 8)}]")


def over_rows(g: Writer) -> None:
    """Rows as loop variables, written through; all places of a matrix by ``np.ndindex``."""
    if g.indent > 2:
        return g.assign()
    w = g.c.pick(g.scope.of("m"))
    r, p, q = g.fresh("row"), g.fresh("p"), g.fresh("q")
    t = begun(g)
    g.used |= {"row-loop", "matrix", "loop"}
    kind = g.c.pick(["rows", "rows", "ndindex", "places", "numbered"])
    if kind in ("rows", "numbered"):
        g.emit(f"for {r} in {w.name}:" if kind == "rows" else f"for {p}, {r} in enumerate({w.name}):")
        with g.block():
            g.used.add("aliasing")
            g.scope.add(Var(r, "v", w.length, contiguous=False))
            if kind == "numbered":
                g.scope.add(Var(p, "i", low=0, high=w.rows - 1, free=False))
            g.emit(f"{r}[{g.e.index(g.scope, w.length)}] {g.c.pick(['=', '+='])} {g.e.scalar(g.scope, 1)}")
            g.emit(f"{t} = 0.7 * {t} + {r}[0] * {w.name}[{g.e.index(g.scope, w.rows)}, -1]")
            if g.c.chance(0.3):
                g.loop_body()
    elif kind == "ndindex":
        g.emit(f"for {p}, {q} in np.ndindex({w.rows}, {w.length}):")
        with g.block():
            g.scope.add(Var(p, "i", low=0, high=w.rows - 1, free=False))
            g.scope.add(Var(q, "i", low=0, high=w.length - 1, free=False))
            g.emit(f"{w.name}[{p}, {q}] {g.c.pick(['=', '*='])} {g.e.bounded(g.scope, 1)}")
            g.emit(f"{t} = 0.8 * {t} + {w.name}[{p}, {q}] * {w.name}[0, {q}]")
    else:
        g.emit(f"for {p}, {q} in np.ndindex({w.name}.shape):")
        g.emit(f"    {w.name}[{p}, {q}] = {w.name}[{p}, {q}] * {g.e.bounded(g.scope, 1)}")
        g.emit(f"    {t} = 0.8 * {t} + {w.name}[{p}, 0]")


def without_axes(g: Writer) -> None:
    """An array without axes is the number in it."""
    z, t = g.fresh("z"), begun(g)
    g.used.add("no-axes")
    v = g.c.pick(g.scope.vectors())
    g.emit(f"{z} = np.array({g.e.scalar(g.scope, 1)})")
    g.emit(g.c.pick([f"{t} = {z}[()] * {g.e.bounded(g.scope, 1)}", f"{t} = np.sum({z} * {v.name})",
                     f"{v.name}[{g.e.index(g.scope, v.length)}] = {z}[()]", f"{t} = {t} + np.sum({z})",
                     f"{v.name} *= np.sin({z})"]))
