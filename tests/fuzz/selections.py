"""Statements with boolean masks and index arrays, read and written, and loops that go by them."""
from __future__ import annotations

from tests.fuzz.program import LENGTH, ROWS
from tests.fuzz.scope import Var
from tests.fuzz.writer import Statement, Writer, begun

FEATURES = {"selections": 0.22, "masks": 0.6, "masked-stores": 0.6, "index-arrays": 0.6, "scatters": 0.6,
            "selected-rows": 0.4}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("selections") or not g.scope.vectors():
        return []
    return [(weight, statement) for feature, weight, statement in (
        ("masks", 2, new_mask), ("masks", 2, masked), ("masked-stores", 3, masked_store),
        ("index-arrays", 2, new_indices), ("index-arrays", 2, gather), ("scatters", 3, scatter),
        ("index-arrays", 2, by_indices), ("selected-rows", 2, rows)) if g.has(feature)] or [(2, masked), (2, gather)]


# ---------------------------------------------------------------------------- masks

def test(g: Writer, v: Var) -> str:
    """A mask as an expression."""
    bound = g.c.pick(["0.13", "-0.27", g.e.atom(g.scope)])
    first = f"{v.name} {g.c.pick('<>')} {bound}"
    other = g.c.pick(g.scope.vectors(v.length)).name
    return g.c.pick([first, first, f"({first}) & ({other} < 0.91)", f"({first}) | ({other} > 0.37)", f"~({first})",
                     f"{v.name} * {v.name} > {other}"])


def mask_for(g: Writer, v: Var) -> str:
    known = [m.name for m in g.scope.of("k") if m.length == v.length]
    if known and g.c.chance(0.7):
        return g.c.pick([g.c.pick(known), f"~{g.c.pick(known)}"])
    return test(g, v)


def new_mask(g: Writer) -> None:
    v, name = g.c.pick(g.scope.vectors()), g.fresh("mask")
    g.used.add("mask")
    if g.c.chance(0.25):
        i = g.fresh("i")
        g.emit(f"{name} = np.zeros({v.length}, np.bool_)")
        g.emit(f"for {i} in range({v.length}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=v.length - 1, free=False))
            g.emit(f"{name}[{i}] = {g.e.comparison(g.scope)}")
    else:
        g.emit(f"{name} = {test(g, v)}")
        if g.c.chance(0.3):
            g.emit(f"{name}[{g.e.index(g.scope, v.length)}] = {g.e.comparison(g.scope)}")
    g.scope.add(Var(name, "k", v.length))


def masked(g: Writer) -> None:
    """A copy of what a mask selects: of a length that only the run knows."""
    v = g.c.pick(g.scope.vectors())
    g.used.add("mask")
    chosen = f"{v.name}[{mask_for(g, v)}]"
    match g.c.pick(["sum", "sum", "copy", "loop"]):
        case "sum":
            g.define(g.c.pick([f"np.sum({chosen})", f"np.sum(np.sin({chosen}))", f"{chosen}.sum()"]))
        case "copy":
            u, i = g.fresh("u"), g.fresh("i")
            g.emit(f"{u} = {chosen}")
            t = begun(g)
            g.emit(f"for {i} in range(len({u})):")
            g.emit(f"    {u}[{i}] = {u}[{i}] * {g.e.bounded(g.scope, 1)}")
            g.emit(f"    {t} = 0.6 * {t} + {u}[{i}] * {u}[0]")
            g.emit(f"{t} = {t} + np.sum({u} * {u})")
        case _:
            t, element = begun(g), g.fresh("e")
            g.emit(f"for {element} in {chosen}:")
            with g.block():
                g.scope.add(Var(element, "f"))
                g.emit(f"{t} = 0.7 * {t} + {g.e.scalar(g.scope, 1)}")


def masked_store(g: Writer) -> None:
    v = g.c.pick(g.scope.vectors())
    g.used |= {"mask", "masked-store"}
    mask = mask_for(g, v)
    kind = g.c.pick(["number", "number", "array", "augmented", "augmented by array"])
    if kind == "number":
        g.emit(f"{v.name}[{mask}] = {g.e.scalar(g.scope, 1)}")
    elif kind == "augmented":
        op = g.c.pick(["*=", "+=", "-="])
        g.emit(f"{v.name}[{mask}] {op} {g.e.bounded(g.scope, 1) if op == '*=' else g.e.scalar(g.scope, 1)}")
    else:
        # The mask is made before anything it looks at is overwritten.
        name, other = g.fresh("mask"), g.c.pick(g.scope.vectors(v.length))
        g.emit(f"{name} = {mask}")
        g.scope.add(Var(name, "k", v.length))
        g.emit(f"{v.name}[{name}] {'=' if kind == 'array' else g.c.pick(['+=', '-='])} {other.name}[{name}]"
               f" * {g.e.bounded(g.scope, 1)}")
    if g.c.chance(0.4):
        g.define(f"{v.name}[{g.e.index(g.scope, v.length)}] * {g.e.bounded(g.scope, 1)}")


# ---------------------------------------------------------------------------- index arrays

def new_indices(g: Writer) -> None:
    name, size = g.fresh("idx"), g.c.pick([3, 4, 2])
    g.used.add("index-array")
    terms = [g.e.index(g.scope, LENGTH) for _ in range(size)]
    kind = g.c.pick(["display", "display", "arange", "filled"])
    if kind == "display":
        g.emit(f"{name} = np.array([{', '.join(terms)}])")
    elif kind == "arange":
        size = LENGTH
        g.emit(f"{name} = np.arange({LENGTH}){g.c.pick(['[::-1]', ' // 2', ''])}")
    else:
        i = g.fresh("i")
        g.emit(f"{name} = np.zeros({size}, np.int64)")
        g.emit(f"for {i} in range({size}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=size - 1, free=False))
            g.emit(f"{name}[{i}] = {g.e.index(g.scope, LENGTH)}")
    g.scope.add(Var(name, "j", size, low=-LENGTH, high=LENGTH - 1))
    if g.c.chance(0.3):
        g.emit(f"{name}[{g.e.index(g.scope, size)}] = {g.e.index(g.scope, LENGTH)}")


def indices(g: Writer) -> Var:
    if not g.scope.of("j"):
        new_indices(g)
    return g.c.pick(g.scope.of("j")[::-1])


def long(g: Writer) -> Var:
    """A vector that every index array fits."""
    return g.c.pick(g.scope.vectors(LENGTH)[::-1])


def gather(g: Writer) -> None:
    j, v = indices(g), long(g)
    g.used.add("gather")
    match g.c.pick(["sum", "copy", "copy", "product"]):
        case "sum":
            g.define(f"np.sum({v.name}[{j.name}])")
        case "product":
            g.define(f"np.sum({v.name}[{j.name}] * {long(g).name}[{j.name}])")
        case _:
            u = g.fresh("u")
            g.emit(f"{u} = {v.name}[{j.name}]")
            g.scope.add(Var(u, "v", j.length))
            if g.c.chance(0.5):
                g.emit(f"{u}[{g.e.index(g.scope, j.length)}] = {g.e.scalar(g.scope, 1)}")
                g.define(f"{v.name}[{j.name}[0]] * {u}[{g.e.index(g.scope, j.length)}]")


def scatter(g: Writer) -> None:
    """Duplicates among the indices: the last write wins, and ``+=`` adds once."""
    j, v = indices(g), long(g)
    g.used |= {"scatter", "stores"}
    op = g.c.pick(["=", "=", "+=", "-=", "*="])
    value = g.e.bounded(g.scope, 1) if op == "*=" else g.e.scalar(g.scope, 1)
    if op != "*=" and g.c.chance(0.6):
        value = g.e.vector(g.scope, j.length, 1) + " * 1.0"
    g.emit(f"{v.name}[{j.name}] {op} {value}")
    if g.c.chance(0.3):
        g.emit(f"{j.name}[{g.e.index(g.scope, j.length)}] = {g.e.index(g.scope, LENGTH)}")


def by_indices(g: Writer) -> None:
    """A loop over an index array, which may be overwritten in it."""
    if g.indent > 2:
        return g.assign()
    j, v, k, i = indices(g), long(g), g.fresh("k"), g.fresh("i")
    g.used |= {"index-loop", "loop", "stores"}
    if g.c.chance(0.5):
        g.emit(f"for {k} in {j.name}:")
        with g.block():
            g.scope.add(Var(k, "i", low=j.low, high=j.high, free=False))
            g.emit(f"{v.name}[{k}] {g.c.pick(['=', '+='])} {g.e.scalar(g.scope, 1)} * {v.name}[{k}]")
    else:
        g.emit(f"for {i} in range({j.length}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=j.length - 1, free=False))
            g.emit(f"{v.name}[{j.name}[{i}]] {g.c.pick(['=', '+='])} {g.e.scalar(g.scope, 1)}")
            if g.c.chance(0.5):
                g.emit(f"{j.name}[{g.e.index(g.scope, j.length)}] = {g.e.index(g.scope, j.high + 1)}")


def rows(g: Writer) -> None:
    """Rows or columns of a matrix by an index array, or elements by two of them."""
    w, name = g.c.pick([w for w in g.scope.of("m") if w.rows == ROWS and w.length == LENGTH]), g.fresh("idx")
    g.used |= {"selected-rows", "matrix"}
    size = g.c.pick([2, 3])
    first = ", ".join(g.e.index(g.scope, ROWS) for _ in range(size))
    g.emit(f"{name} = np.array([{first}])")
    g.scope.add(Var(name, "j", size, low=-ROWS, high=ROWS - 1))
    column = g.e.index(g.scope, LENGTH)
    match g.c.pick(["rows", "column", "pairs", "store", "augmented"]):
        case "rows":
            u = g.fresh("w")
            g.emit(f"{u} = {w.name}[{name}]")
            g.scope.add(Var(u, "m", LENGTH, rows=size))
            g.define(f"{u}[0, {column}] * {u}[-1, 0]")
        case "column":
            u = g.fresh("u")
            g.emit(f"{u} = {w.name}[{name}, {column}]")
            g.scope.add(Var(u, "v", size))
        case "pairs":
            g.define(f"np.sum({w.name}[{name}, {name}])")
        case "store":
            g.emit(f"{w.name}[{name}, {column}] = {g.e.vector(g.scope, size, 1)} * 1.0")
        case _:
            g.emit(f"{w.name}[{name}] *= {g.e.bounded(g.scope, 1)}")
