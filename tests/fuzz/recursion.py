"""Functions that call themselves, alone or through another, and their calls: depths are bounded by a counter."""
from __future__ import annotations

from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Scope, Var
from tests.fuzz.writer import Statement, Writer, begun, trips

FEATURES = {"recursion": 0.16, "array-recursion": 0.7, "mutual-recursion": 0.35}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    return [(weight, statement) for weight, kind, statement in (
        (4, "recursive", call), (4, "recursive reading", call_reading), (8, "recursive writing", call_writing))
        if g.helpers[kind] and (statement is call or g.scope.vectors())]


def helper_functions(g: Writer) -> list[str]:
    if not g.has("recursion"):
        return []
    text = mutual(g) if g.has("mutual-recursion") else of_numbers(g)
    if g.has("array-recursion"):
        text += writing(g) if g.c.chance(0.6) else reading(g)
    return text


def of_numbers(g: Writer) -> list[str]:
    name = g.fresh("rec_")
    g.helpers["recursive"].append(name)
    scope = Scope({n: Var(n, "f") for n in "pq"})
    again = f"{name}({g.e.scalar(scope, 1)}, {g.e.atom(scope)}, k - 1)"
    leave = g.c.pick(["k <= 0", "k <= 0", f"k <= 0 or {g.e.comparison(scope)}"])
    lines = [f"if {leave}:", f"    return {g.e.scalar(scope, 1)}"]
    match g.c.pick(["tail", "linear", "two", "branches", "overwritten"]):
        case "tail":
            lines.append(f"return {again}")
        case "linear":
            lines.append(f"return {again} * {g.e.bounded(scope, 1)} + {g.e.atom(scope)}")
        case "two":
            other = f"{name}({g.e.atom(scope)}, {g.e.scalar(scope, 1)}, k - 2)"
            lines.append(f"return math.sin({again}) * {g.e.atom(scope)} + {other} * 0.5")
        case "branches":
            lines += [f"if {g.e.comparison(scope)}:", f"    return {again} * {g.e.bounded(scope, 1)}"]
            lines.append(f"return {name}(q, math.sin(p), k - 1) + {g.e.scalar(scope, 1)}")
        case _:
            lines += [f"r = {again}", f"p = {g.e.scalar(scope, 1)}", "for i in range(k):",
                      "    r = r * math.cos(p) + q", f"return r + {name}(p, q, k - 2) * 0.3"]
    return [f"def {name}(p, q, k):", *("    " + line for line in lines), ""]


def mutual(g: Writer) -> list[str]:
    name, other = g.fresh("even_"), g.fresh("odd_")
    g.helpers["recursive"].append(name)
    scope = Scope({n: Var(n, "f") for n in "pq"})
    first, second = (f"{callee}({g.e.scalar(scope, 1)}, {g.e.atom(scope)}, k - 1)" for callee in (other, name))
    return [f"def {name}(p, q, k):", "    if k <= 0:", f"        return {g.e.scalar(scope, 1)}",
            f"    return {first} * {g.e.bounded(scope, 1)} + {g.e.atom(scope)}", "",
            f"def {other}(p, q, k):", "    if k <= 0:", "        return p * q",
            f"    t = {g.e.scalar(scope, 1)}", f"    return math.sin({second}) + t * {g.e.atom(scope)}", ""]


def reading(g: Writer) -> list[str]:
    name = g.fresh("tree_")
    g.helpers["recursive reading"].append(name)
    scope = Scope({"c": Var("c", "f"), "e": Var("e", "f")})
    if g.c.chance(0.5):
        return [f"def {name}(v, low, high, c):", "    if high - low <= 1:", "        e = v[low]",
                f"        return {g.e.scalar(scope, 1)}", "    k = (low + high) // 2",
                f"    e = {name}(v, low, k, c * 0.7)",
                f"    return e * {g.e.bounded(scope, 1)} + {name}(v, k, high, {g.e.scalar(scope, 1)})", ""]
    return [f"def {name}(v, low, high, c):", "    if low >= high:", "        return c", "    e = v[low]",
            f"    return {name}(v, low + 1, high, {g.e.scalar(scope, 1)}) + {g.e.scalar(scope, 1)}", ""]


def writing(g: Writer) -> list[str]:
    name = g.fresh("sweep_")
    g.helpers["recursive writing"].append(name)
    scope = Scope({"c": Var("c", "f"), "e": Var("e", "f")})
    before = [f"e = v[{g.c.pick(['k', 'k - 1', '-1', '-1 - k'])}]",
              f"v[{g.c.pick(['k', 'k', '0', '-1'])}] {g.c.pick(['=', '+=', '='])} {g.e.scalar(scope, 1)}"]
    after = [f"v[{g.c.pick(['k', '0', '-1'])}] *= {g.e.bounded(scope, 1)}"] if g.c.chance(0.5) else []
    again = f"{name}(v, {g.e.scalar(scope, 1)}, k - 1)"
    if g.c.chance(0.5):
        return [f"def {name}(v, c, k):", "    if k <= 0:", "        return c * v[0]", *("    " + s for s in before),
                f"    r = {again}", *("    " + s for s in after),
                f"    return r * {g.e.bounded(scope, 1)} + v[k]", ""]
    return [f"def {name}(v, c, k):", "    if k > 0:", *("        " + s for s in before), f"        {again}",
            *("        " + s for s in after), "    return c", ""]


def depth(g: Writer) -> str:
    return trips(g, "3", "2", "1", "0")


def call(g: Writer) -> None:
    g.used |= {"recursion", "mutual-recursion"} if g.has("mutual-recursion") else {"recursion"}
    made = f"{g.c.pick(g.helpers['recursive'])}({g.e.scalar(g.scope, 1)}, {g.e.atom(g.scope)}, {depth(g)})"
    g.define(f"{made} * {g.e.bounded(g.scope, 1)}" if g.c.chance(0.5) else made)


def call_reading(g: Writer) -> None:
    v = g.c.pick(g.scope.vectors())
    g.used |= {"recursion", "array-recursion"}
    part, length = g.c.pick([(v.name, v.length), (f"{v.name}[1:]", v.length - 1), (f"{v.name}[::-1]", v.length)])
    if length < 1:
        part, length = v.name, v.length
    g.define(f"{g.c.pick(g.helpers['recursive reading'])}({part}, 0, {g.c.pick([str(length), '1', '0'][:2])}, "
             f"{g.e.scalar(g.scope, 1)})")


def call_writing(g: Writer) -> None:
    """The array is read before and after, so that what the callee overwrites is needed again."""
    v = g.c.pick(g.scope.vectors(LENGTH))
    g.used |= {"recursion", "array-recursion", "mutating-helper"}
    where = f"{v.name}[{g.e.index(g.scope, v.length)}]"
    made = f"{g.c.pick(g.helpers['recursive writing'])}({v.name}, {g.e.scalar(g.scope, 1)}, {depth(g)})"
    if g.indent < 3 and g.c.chance(0.6):
        return swept(g, v, made)
    if g.c.chance(0.5):
        g.define(f"{where} * {g.e.bounded(g.scope, 1)}")
    if g.c.chance(0.5):
        g.define(f"{made} + {where}")
    else:
        g.emit(made)
        g.define(f"{where} * {where}")


def swept(g: Writer, v: Var, made: str) -> None:
    """Each iteration reads what the call in the one before has written."""
    s, i = begun(g), g.fresh("i")
    g.emit(f"for {i} in range({trips(g, '2', '3')}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=LENGTH - 1, free=False))
        first, second = (f"{v.name}[{g.e.index(g.scope, v.length)}]" for _ in range(2))
        g.emit(f"{s} = {g.c.pick([f'{s} * {first}', f'{s} + math.sin({first} * {second})', f'0.5 * {s}'])}")
        g.emit(f"{s} = {s} + {made}")
