"""Statements with lists: of numbers as stacks, worklists and buffers, of vectors as histories.

Every list keeps at least one element, so that its first and last can be read anywhere.
"""
from __future__ import annotations

from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Scope, Var
from tests.fuzz.writer import Statement, Writer, begun, named, trips

FEATURES = {"lists": 0.18, "list-ends": 0.6, "list-middles": 0.4, "list-copies": 0.5, "list-loops": 0.6,
            "list-helpers": 0.4, "vector-lists": 0.5}


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("lists") or not g.scope.vectors():
        return []
    found: list[tuple[int, Statement]] = [(3 if not g.scope.of("l") else 1, new_list), (2, replace)]
    for feature, statement in (("list-ends", push_and_pop), ("list-ends", worklist), ("list-middles", in_the_middle),
                               ("list-copies", copied), ("list-loops", looped), ("vector-lists", history)):
        if g.has(feature):
            found.append((3, statement))
    if g.helpers["list"]:
        found.append((3, handed_over))
    return found


def helper_functions(g: Writer) -> list[str]:
    """Functions that change the list they are given."""
    if not (g.has("lists") and g.has("list-helpers")):
        return []
    name = g.fresh("push_")
    g.helpers["list"].append(name)
    scope = Scope({"c": Var("c", "f"), "s": Var("s", "l")})
    change = g.c.pick([[f"s.append({g.e.scalar(scope)})"],
                       [f"s[-1] = {g.e.scalar(scope)}", "s.append(c)"],
                       ["if len(s) > 2:", f"    c = s.pop() * {g.e.bounded(scope, 1)}", f"s[0] = {g.e.scalar(scope)}"],
                       ["for i in range(len(s)):", "    s[i] = c * math.sin(s[i])", f"    c = {g.e.scalar(scope)}"],
                       ["while len(s) > 2:", f"    c = 0.7 * c + s.pop() * {g.e.bounded(scope, 1)}"]])
    return [f"def {name}(s, c):", *("    " + line for line in change), f"    return {g.e.scalar(scope, 1)}", ""]


def some_list(g: Writer) -> str:
    """A list in scope, or a new one."""
    if not g.scope.of("l"):
        new_list(g)
    return g.c.pick(g.scope.of("l")[::-1]).name


def new_list(g: Writer) -> None:
    g.used.add("list")
    e, scope = g.e, g.scope
    v, name, element = g.c.pick(scope.vectors()), g.fresh("s"), g.fresh("e")
    inner = named(scope, Var(element, "f", free=False))
    match g.c.pick(["display", "repeated", "comprehension", "filtered", "of array", "counted"]):
        case "display":
            text = f"[{e.scalar(scope, 1)}, {e.atom(scope)}]"
        case "repeated":
            text = f"[{e.atom(scope)}] * {g.c.pick(['2', '4', '(n + 1)'])}"
        case "comprehension":
            g.used.add("comprehension")
            text = f"[{e.scalar(inner, 1)} for {element} in {e.part(scope, v, max(v.length - 1, 1)) or v.name}]"
        case "filtered":
            g.used.add("comprehension")
            text = f"[{e.scalar(inner, 1)} for {element} in {v.name} if {element} > 0.13] + [{e.atom(scope)}]"
        case "counted":
            g.used.add("comprehension")
            count = g.fresh("i")
            scope = named(scope, Var(count, "i", low=0, high=3, free=False))
            text = f"[{e.scalar(scope, 1)} for {count} in range({g.c.pick(['3', 'n + 1', '4'])})]"
        case _:
            text = f"list({v.name})"
    g.emit(f"{name} = {text}")
    g.scope.add(Var(name, "l"))


def place(g: Writer, s: str) -> str:
    """An index that every list of at least one element has."""
    counters = [v.name for v in g.scope.of("i")]
    return g.c.pick(["0", "-1", f"len({s}) - 1", f"-len({s})", f"{g.c.pick(counters)} % len({s})" if counters else "0"])


def replace(g: Writer) -> None:
    s = some_list(g)
    g.used.add("list-store")
    op = g.c.pick(["=", "+=", "*="])
    g.emit(f"{s}[{place(g, s)}] {op} {g.e.bounded(g.scope, 1) if op == '*=' else g.e.scalar(g.scope, 1)}")
    if g.c.chance(0.5):
        g.define(f"{s}[{place(g, s)}] * {s}[{place(g, s)}]")


def push_and_pop(g: Writer) -> None:
    s = some_list(g)
    g.used.add("list-push-pop")
    value = g.e.scalar(g.scope, 1)
    match g.c.pick(["push", "both", "guarded", "chosen", "all but one"]):
        case "push":
            g.emit(f"{s}.append({value})")
        case "both":
            g.emit(f"{s}.append({value})")
            g.emit(f"{s}[-1] = {g.e.scalar(g.scope, 1)}")
            g.define(f"{s}.pop() * {g.e.bounded(g.scope, 1)}")
        case "guarded":
            t = g.float()
            g.emit(f"{t} = {value}")
            g.emit(f"if len({s}) > 1{g.c.pick(['', f' and {g.e.comparison(g.scope)}'])}:")
            g.emit(f"    {t} = {s}.pop({g.c.pick(['', '0', '-1'])}) * {s}[0]")
        case "chosen":
            g.define(f"({s}.pop() if len({s}) > 1 else {value}) * {g.e.atom(g.scope)}")
        case _:
            t = begun(g)
            g.emit(f"while len({s}) > 1:")
            g.emit(f"    {t} = 0.6 * {t} + {s}.pop() * {g.e.bounded(g.scope, 1)}")


def worklist(g: Writer) -> None:
    """Elements are taken, used, and perhaps put back changed, in a bounded number of steps."""
    if g.indent > 2:
        return g.assign()
    s, k, element = some_list(g), g.fresh("k"), g.fresh("e")
    g.used |= {"worklist", "while"}
    t = begun(g)
    g.emit(f"{k} = 0")
    g.emit(f"while len({s}) > 1 and {k} < {2 + g.c.below(5)}:")
    with g.block():
        g.emit(f"{k} += 1")
        g.emit(f"{element} = {s}.pop({g.c.pick(['', '0', '1'])})")
        g.scope.add(Var(k, "i", low=0, high=6, free=False))
        g.scope.add(Var(element, "f"))
        if g.c.chance(0.7):
            g.emit(f"if {g.e.condition(g.scope)}:")
            g.emit(f"    {s}.append({g.e.scalar(g.scope, 1)})")
        g.emit(f"{t} = 0.7 * {t} + {g.e.scalar(g.scope, 1)}")
        if g.c.chance(0.4):
            g.loop_body()


def in_the_middle(g: Writer) -> None:
    s = some_list(g)
    g.used.add("list-middle")
    value = g.e.scalar(g.scope, 1)
    g.emit(g.c.pick([f"{s}.insert({place(g, s)}, {value})", f"{s}.extend([{g.e.atom(g.scope)}, {value}])",
                     f"{s}.reverse()", f"{s} += [{value}]",
                     f"{s}.extend({g.c.pick(g.scope.vectors()).name})",
                     f"{s}.append({value})\n{'    ' * g.indent}{s} = {s}[1:]",
                     f"{s}[0] = {value}\n{'    ' * g.indent}{s} = [{s}[0]]"]))
    if g.c.chance(0.2):
        value = g.e.scalar(g.scope, 1)
        t = g.float()
        g.emit(f"{t} = {value}")
        g.emit(f"{s}.clear()")
        g.emit(f"{s}.append({t} * {t})")


def copied(g: Writer) -> None:
    s, r = some_list(g), g.fresh("s")
    g.used.add("list-copy")
    kinds = [f"{s}.copy()", f"{s}[:]", f"list({s})", f"{s}[::-1]", f"{s}[1:] + [{g.e.atom(g.scope)}]"]
    if g.indent == 1:                       # in a loop it would double each time
        kinds += [f"{s} + {s}", f"{s} * 2"]
    others = [v.name for v in g.scope.of("l") if v.name != s]
    if not others and g.indent == 1 and g.c.chance(0.3):
        new_list(g)
        others = [g.scope.of("l")[-1].name]
    if others and g.c.chance(0.5):
        g.used.add("list-swap")
        other = g.c.pick(others)
        g.emit(f"{s}, {other} = {other}, {s}")
    elif g.c.chance(0.2):
        g.used |= {"list-alias", "aliasing"}
        g.emit(f"{r} = {s}")
        g.emit(f"{r}.append({g.e.scalar(g.scope, 1)})")
        g.define(f"{s}[-1] * {r}[0]")
        return
    else:
        g.emit(f"{r} = {g.c.pick(kinds)}")
        g.scope.add(Var(r, "l"))
        g.emit(f"{s}[{place(g, s)}] = {g.e.scalar(g.scope, 1)}")
        g.define(f"{r}[-1] * {s}[{place(g, s)}] + {r}[0]")


def looped(g: Writer) -> None:
    """A loop over a list, or a reduction of it."""
    s, element, count = some_list(g), g.fresh("e"), g.fresh("i")
    g.used.add("list-loop")
    v = g.c.pick(g.scope.vectors()).name
    kind = g.c.pick(["elements", "counted", "paired", "indexed", "sum", "extreme", "array"])
    if kind == "sum":
        g.define(f"sum({g.c.pick([s, f'{s}[1:]', f'[{element} * {element} for {element} in {s}]'])})")
    elif kind == "extreme":
        g.define(f"{g.c.pick(['max', 'min'])}({s})")
    elif kind == "array":
        made = g.fresh("u")
        g.emit(f"{made} = np.array({s})")
        g.emit(f"{made}[0] = {g.e.scalar(g.scope, 1)}")
        g.define(f"np.sum({made} * {made}) + {s}[0] * {made}[-1]")
    elif g.indent > 2:
        g.define(f"{s}[0]")
    else:
        t = begun(g)
        g.emit({"elements": f"for {element} in {s}:", "counted": f"for {count}, {element} in enumerate({s}):",
                "paired": f"for {element}, {count} in zip({s}, {v}):", "indexed": f"for {count} in range(len({s})):",
                }[kind])
        with g.block():
            if kind == "counted":
                g.scope.add(Var(count, "i", low=None, high=None, free=False))
            elif kind == "paired":
                g.scope.add(Var(count, "f", free=False))
            if kind == "indexed":
                g.emit(f"{s}[{count}] = {g.e.scalar(g.scope, 1)} * {s}[len({s}) - 1 - {count}]")
                g.emit(f"{t} = 0.7 * {t} + {s}[{count}] * {s}[0]")
            else:
                g.scope.add(Var(element, "f"))
                g.emit(f"{t} = 0.7 * {t} + {g.e.scalar(g.scope, 1)}")
                if g.c.chance(0.3):
                    # The list may not grow while it is gone through.
                    for other in g.scope.of("l"):
                        g.scope.remove(other.name)
                    helpers, g.helpers["list"] = g.helpers["list"], []
                    features, g.features = g.features, g.features - {"lists"}
                    g.loop_body()
                    g.helpers["list"], g.features = helpers, features


def handed_over(g: Writer) -> None:
    s = some_list(g)
    g.used |= {"list-helper", "mutating-helper"}
    call = f"{g.c.pick(g.helpers['list'])}({s}, {g.e.scalar(g.scope, 1)})"
    if g.c.chance(0.5):
        g.define(f"{call} + {s}[-1] * {s}[0]")
    else:
        g.emit(call)


def history(g: Writer) -> None:
    """A list of vectors: states kept while a loop computes the next, or rows filled later."""
    if g.indent > 1:
        return g.assign()
    q, i, k, v = g.fresh("q"), g.fresh("i"), g.fresh("k"), g.fresh("v")
    u = g.c.pick(g.scope.vectors(LENGTH))
    t = begun(g)
    g.used |= {"vector-list", "loop"}
    j = g.c.below(LENGTH)
    kind = g.c.pick(["history", "rows", "ragged"])
    count = trips(g, "2", "3")
    if kind == "rows":
        g.emit(f"{q} = [np.zeros({LENGTH}) for {k} in range({count} + 1)]")
        g.emit(f"for {i} in range(len({q})):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=3, free=False))
            g.emit(f"{q}[{i}][{j}] = {g.e.scalar(g.scope, 1)}")
            g.emit(f"{q}[0][{g.e.index(g.scope, LENGTH)}] += {q}[{i}][{j}] * {g.e.bounded(g.scope, 1)}")
    elif kind == "ragged":
        g.emit(f"{q} = [{u.name}[:1] * 1.0]")
        g.emit(f"for {i} in range({count}):")
        g.emit(f"    {q}.append({u.name}[:{i} + 1] * {g.e.bounded(g.scope, 1)})")
        j = 0
    else:
        g.emit(f"{q} = [{u.name}.copy()]")
        g.emit(f"for {i} in range({count}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=2, free=False))
            g.emit(f"{u.name}[{g.e.index(g.scope, LENGTH)}] = {g.e.scalar(g.scope, 1)} * {q}[-1][{j}]")
            g.emit(f"{q}.append({g.c.pick([f'{u.name}.copy()', f'{u.name} * {g.e.bounded(g.scope, 1)}'])})")
            if g.c.chance(0.4):
                g.loop_body()
    if g.c.chance(0.35):
        popped(g, q, v, t)
    elif g.c.chance(0.5):
        g.emit(f"for {v} in {q}:")
        g.emit(f"    {t} = 0.5 * {t} + {v}[0] * {v}[-1]")
    else:
        g.emit(f"for {k} in range(len({q})):")
        g.emit(f"    {t} = 0.5 * {t} + {q}[{k}][{j}] * {q}[-1 - {k}][0]")
    g.define(f"{t} * np.sum({q}[-1]) + {q}[0][{j}] * len({q})")


def popped(g: Writer, q: str, v: str, t: str) -> None:
    """A list of vectors worked off as a stack, or from its other end; what is taken may be changed and put back."""
    g.used.add("vector-stack")
    k, again = g.fresh("k"), g.c.chance(0.5)
    if again:
        g.emit(f"{k} = 0")
    g.emit(f"while len({q}) > 1:")
    g.emit(f"    {v} = {q}.pop({g.c.pick(['', '', '0', '-1', '1'])})")
    if g.c.chance(0.5):
        value = g.c.pick([t, "0.5", f"math.sin({t})"])
        g.emit(f"    {v}[{g.c.pick(['0', '-1'])}] {g.c.pick(['=', '*=', '+='])} {value}")
    g.emit(f"    {t} = 0.5 * {t} + {v}[0] * {g.c.pick([f'{v}[-1]', f'{q}[-1][0]', f'np.sum({v})'])}")
    if again:
        g.emit(f"    if {v}[0] > -0.27 and {k} < 2:")
        g.emit(f"        {k} += 1")
        g.emit(f"        {q}.append({g.c.pick([f'{v} * 0.5', f'{v}.copy()', f'np.sin({v})'])})")
