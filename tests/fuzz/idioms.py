"""What numerical code is full of: arrays filled where a test holds, neighbours where there are any, sums passed on."""
from __future__ import annotations

from contextlib import nullcontext

from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Var
from tests.fuzz.writer import Statement, Writer, begun, trips

FEATURES = {"idioms": 0.25, "gated-fills": 0.6, "guarded-elements": 0.6, "handed-on": 0.6, "shifted-results": 0.6,
            "searches": 0.6, "sums-and-chains": 0.6, "packed": 0.6, "products": 0.4}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("idioms") or not g.scope.vectors(LENGTH) or g.indent > 2:
        return []
    return [(3, statement) for feature, statement in (
        ("gated-fills", gated_fill), ("guarded-elements", guarded_element), ("handed-on", handed_on),
        ("shifted-results", shifted_results), ("searches", search),
        ("sums-and-chains", sums_and_chains), ("packed", packed), ("products", product)) if g.has(feature)
    ] or [(3, handed_on)]


def loop(g: Writer, *heads: str) -> Var:
    """The head of a loop is written; gives its variable, which the caller adds to the scope of the body."""
    i = g.fresh("i")
    g.emit(f"for {i} in range({g.c.pick(heads)}):")
    return Var(i, "i", low=0, high=LENGTH - 1, free=False)


def full_length(g: Writer) -> str:
    """A vector of full length: mostly one at hand."""
    return g.c.pick(g.scope.vectors(LENGTH)).name


def sums_and_chains(g: Writer) -> None:
    """A sum over an array, and a number or an element that steps change, in any order: each is wanted to the end."""
    g.used |= {"sum-and-chain", "loop"}
    for kind in g.c.pick([["sum", "chain"], ["sum", "chain"], ["sum", "element"], ["chain", "sum"], ["sum", "sum"]]):
        v = full_length(g)
        s = f"{v}[{g.e.index(g.scope, LENGTH)}]" if kind == "element" else begun(g)
        i = loop(g, "3", str(LENGTH), trips(g, "2"))
        with g.block():
            g.scope.add(i)
            element = f"{full_length(g)}[{i.name}]"
            if kind == "sum":
                g.emit(f"{s} += " + g.c.pick([f"math.exp(-abs({element})) * math.sin({element})",
                                              f"math.sin({element}) * {g.e.atom(g.scope)}",
                                              f"math.atan({element}) ** 2"]))
            else:
                g.emit(f"{s} = " + g.c.pick([f"math.sin({s} * {element})", f"{s} * {s} * 0.5 + {element}",
                                             f"math.hypot({s}, {element})"]))


def packed(g: Writer) -> None:
    """A triangle of elements, one after the other in an array: their place is counted."""
    g.used |= {"packed", "nested-loop", "triangular"}
    v, s, k = full_length(g), begun(g), g.fresh("k")
    first = g.c.chance(0.3)
    g.emit(f"{k} = {-1 if first else 0}")
    i = loop(g, "2")
    with g.block():
        g.scope.add(i)
        if g.c.chance(0.3):
            g.emit(f"{s} = 0.5 * {s} + {g.e.atom(g.scope)}")
        j = g.fresh("j")
        g.emit(f"for {j} in range({g.c.pick([f'{i.name} + 1', '2', f'{i.name}, 2', '1, -1, -1'])}):")
        with g.block():
            g.scope.add(Var(j, "i", low=0, high=1, free=False))
            element = f"{v}[{g.c.pick([k, k, f'{k} % {LENGTH}', f'{k} - {j}', f'3 - {k}'])}]"
            step = [f"{k} += 1"]
            work = [g.c.pick([f"{s} = {s} * 0.5 + {element} * {g.e.atom(g.scope)}", f"{s} += {element} * {v}[{j}]",
                              f"{element} = {element} * {g.e.bounded(g.scope, 1)}", f"{element} += math.sin({s})"])
                    for _ in range(1 + g.c.below(2))]
            for line in step + work if first else work + step:
                g.emit(line)


def product(g: Writer) -> None:
    """Products of the matrix with vectors, alone or in a loop that changes the vector."""
    g.used |= {"product", "matrix"}
    v, u, s = full_length(g), g.fresh("u"), begun(g)
    looping = g.c.chance(0.5)
    if looping:
        i = loop(g, "3", "2", trips(g, "2"))
    with g.block() if looping else nullcontext():
        if looping:
            g.scope.add(i)
        g.emit(f"{u} = " + g.c.pick([f"W @ {v}", f"np.dot(W, {v})", f"np.dot({v}, W.T)",
                                     f"W @ ({v} * {g.e.atom(g.scope)})"]))
        k = f"{i.name} % 3" if looping else g.c.pick(["0", "-1", "2"])
        g.emit(f"{s} = {s} * 0.5 + math.sin({u}[{k}])")
        if g.c.chance(0.6):
            g.emit(f"{v}[{k}] = " + g.c.pick([f"math.sin({u}[0] * {s})", f"{u}[1] * 0.5", s]))
        if g.c.chance(0.3):
            g.emit(f"W[1, {k}] = math.sin({s})")


def gated_fill(g: Writer) -> None:
    """A step reads an array, overwrites it where a test holds, and one element in any case."""
    g.used |= {"gated-fill", "nested-loop", "stores"}
    v, s = full_length(g), begun(g)
    outer = loop(g, "3", "2", trips(g, "3"))
    with g.block():
        g.scope.add(outer)
        place = f"{v}[{g.e.index(g.scope, LENGTH)}]"
        g.emit(f"{s} = {g.c.pick([f'{s} * {place}', f'0.5 * {s}', f'math.sin({s} * {place})'])}"
               f" + math.sin({v}[{outer.name}] * {s})")
        inner = loop(g, str(LENGTH), f"len({v})", f"{v}.shape[0]")
        with g.block():
            g.scope.add(inner)
            test = g.c.pick([f"{full_length(g)}[{inner.name}] < -0.27", f"{inner.name} > {outer.name}",
                             g.e.condition(g.scope)])
            g.emit(f"if {test}:")
            g.emit(f"    {v}[{inner.name}] = {g.c.pick([s, g.e.scalar(g.scope, 1)])}")
        g.emit(f"{v}[{g.c.pick([outer.name, outer.name, g.e.index(g.scope, LENGTH)])}] "
               f"{g.c.pick(['=', '=', '*='])} {g.c.pick([s, g.e.bounded(g.scope, 1)])}")


def guarded_element(g: Writer) -> None:
    """An element read, in a loop, only where it exists; elsewhere its index may lie outside the array."""
    g.used |= {"guarded-element", "loop"}
    v, s = full_length(g), begun(g)
    kind = g.c.pick(["fixed", "neighbour", "fixed", "both"])
    k = g.fresh("k")
    if kind == "fixed":
        g.emit(f"{k} = {g.c.pick(['n', 'm'])} {g.c.pick(['+ 2', '+ 3', '- 2', '- 1', '+ 5'])}")
    i = loop(g, "3", str(LENGTH), trips(g, "2"))
    with g.block():
        g.scope.add(i)
        if g.c.chance(0.5):
            g.emit(f"{s} = 0.5 * {s} + {g.e.atom(g.scope)}")
        if kind != "fixed":
            g.emit(f"{k} = {i.name} {g.c.pick(['+ 1', '- 1', '+ 2', '- n'])}")
        guard = g.c.pick([f"0 <= {k} < {LENGTH}", f"{k} >= 0 and {k} < len({v})"])
        if kind == "both":
            guard = f"{guard} and {g.e.comparison(g.scope)}"
        g.emit(f"if {guard}:")
        element = f"{v}[{k}]"
        factor = g.e.bounded(g.scope, 1)
        g.emit("    " + g.c.pick([f"{s} += {element} * {factor}", f"{s} = {s} - {element}",
                                  f"{s} = {element} + 0.5 * {s}", f"{element} = {s} * {factor}",
                                  f"{element} += {factor}"]))
        if g.c.chance(0.4):
            g.emit("else:")
            g.emit(f"    {s} = {g.e.scalar(g.scope, 1)}")


def handed_on(g: Writer) -> None:
    """What a loop has summed, or made an array of, is copied elsewhere before it is used."""
    g.used |= {"handed-on", "loop"}
    v, w = full_length(g), full_length(g)
    element = g.c.pick(["{v}[{i}] * math.exp(-{w}[{i}] * {w}[{i}])", "math.sin({v}[{i}]) * {w}[{i}]",
                        "math.exp(-{v}[{i}] * {v}[{i}])", "math.tanh({v}[{i}]) * {w}[{i}]"])
    target = g.fresh("t")
    sums = g.c.chance(0.5)
    g.emit(f"{target} = {g.c.pick(['0.0', g.e.atom(g.scope)]) if sums else f'np.zeros({LENGTH})'}")
    i = loop(g, str(LENGTH), f"len({v})")
    g.emit(f"    {target if sums else f'{target}[{i.name}]'} {g.c.pick(['+=', '-='])} "
           f"{element.format(v=v, w=w, i=i.name)}")
    other = g.fresh("u")
    if sums:
        g.scope.add(Var(target, "f"))
        g.emit(f"{other} = {g.c.pick([f'np.zeros({LENGTH})', f'np.full({LENGTH}, {target})', f'{v}.copy()'])}")
        g.emit(g.c.pick([f"{other}[0] = {target}", f"{other}[:] += {target}", f"{other}[-1] -= 0.5 * {target}"]))
    else:
        g.scope.add(Var(target, "v", LENGTH))
        j = g.fresh("i")
        g.emit(g.c.pick([f"{other} = {target} + {v}", f"{other} = {target}.copy()", f"{other} = 0.5 * {target}[::-1]"]))
        if g.c.chance(0.5):
            g.emit(f"for {j} in range({LENGTH}):")
            g.emit(f"    {other}[{j}] = {g.c.pick([f'{target}[{j}]', f'{target}[{LENGTH - 1} - {j}] - {v}[{j}]'])}")
    g.scope.add(Var(other, "v", LENGTH))
    g.define(f"{other}[{g.e.index(g.scope, LENGTH)}] * {other}[{g.e.index(g.scope, LENGTH)}]")


def shifted_results(g: Writer) -> None:
    """Each result of a loop that carries a value is kept, at a place computed from the loop's variable."""
    g.used |= {"shifted-result", "loop", "stores"}
    v, s = full_length(g), begun(g)
    kept = g.fresh("u")
    size, where = g.c.pick([(2 * LENGTH, "{i} + n"), (2 * LENGTH, f"{{i}} + {LENGTH}"), (2 * LENGTH, "2 * {i}"),
                            (LENGTH, f"{LENGTH - 1} - {{i}}"), (2 * LENGTH, "{i} + 1")])
    g.emit(f"{kept} = np.zeros({size})")
    i = loop(g, str(LENGTH), "3", f"1, {LENGTH}")
    with g.block():
        g.scope.add(i)
        g.emit(f"{s} = 0.5 * {s} + {g.e.bounded(g.scope, 1)} * {g.c.pick([s, f'{v}[{i.name}]'])}")
        result = g.c.pick(["math.exp(-{0} * {0})", "math.sin({0})", "math.sqrt(1.0 + {0} * {0})",
                           "1.0 / (1.3 + {0} * {0})", "math.tanh({0})"]).format(g.c.pick([s, f"{v}[{i.name}]"]))
        g.emit(f"{kept}[{where.format(i=i.name)}] = {result}")
    g.scope.add(Var(kept, "v", size))
    g.define(f"{kept}[{size - 1}] * {s} + {kept}[{size // 2}] * {kept}[1] + np.sum({kept})")


def search(g: Writer) -> None:
    """A loop that passes over elements, stops at one, and may end the function, each from within two branches."""
    g.used |= {"search", "loop", "branch"}
    v, s = full_length(g), begun(g)
    i = loop(g, str(LENGTH), f"len({v})", "3")
    ways = g.c.pick([("continue",), ("break", "return"), ("continue", "break"), ("return", "break", "continue"),
                     ("return",), ("break",)])
    with g.block():
        g.scope.add(i)
        g.emit(f"{s} = {g.e.bounded(g.scope, 1)} * {s} + {v}[{i.name}]")
        for way in ways:
            first, second = (g.c.pick([f"{v}[{i.name}] {g.c.pick('<>')} 0.13", f"{i.name} {g.c.pick(['> 0', '!= 1'])}",
                                       g.e.comparison(g.scope)]) for _ in range(2))
            g.emit(f"if {first}:")
            g.emit(f"    {s} = {s} + {g.e.atom(g.scope)}")
            g.emit(f"    if {second}:")
            g.used.add("early-return" if way == "return" else way)
            g.emit(f"        {way}" if way != "return" else f"        return {s} * {g.e.bounded(g.scope, 1)} + a * b")
            if g.c.chance(0.5):
                g.emit(f"    {s} *= {g.e.bounded(g.scope, 1)}")
        g.emit(f"{s} = {g.c.pick([f'0.5 * {s}', f'math.sin({s})', f'-{s}'])} + {g.e.atom(g.scope)}")
