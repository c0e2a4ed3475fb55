"""Statements with complex numbers made of real ones, and what is real of them again."""
from __future__ import annotations

from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Var
from tests.fuzz.writer import Statement, Writer, trips

FEATURES = {"complex": 0.14, "complex-functions": 0.6, "complex-arrays": 0.6, "complex-loops": 0.5}
UNITS = ("1j", "(0.3 + 0.7j)", "(-0.6j)", "(1.1 - 0.4j)")
FUNCTIONS = ("cmath.exp({} * 0.4j)", "cmath.sin(0.3 * {})", "cmath.cos(0.3 * {})", "cmath.sqrt(2.5 + {})",
             "cmath.log(2.5 + {})", "np.exp(0.2 * {})", "np.sin(0.2 * {})", "np.sqrt({0} * {0} + 3.0)")


def statements(g: Writer) -> list[tuple[int, Statement]]:
    if not g.has("complex"):
        return []
    found: list[tuple[int, Statement]] = [(3, assigned), (3, back)]
    if g.has("complex-loops"):
        found.append((3, iterated))
    if g.has("complex-arrays") and g.scope.vectors():
        found.append((4, array))
    return found


def value(g: Writer, depth: int = 1) -> str:
    """A complex expression; where products are chained, one factor is small."""
    known = [z.name for z in g.scope.of("z")]

    def atom() -> str:
        if known and g.c.chance(0.7):
            return g.c.pick(known[::-1])
        return f"complex({g.e.scalar(g.scope, 1)}, {g.e.atom(g.scope)})"

    def inner() -> str:
        text = value(g, depth - 1)
        return f"({text})" if " " in text else text

    if depth <= 0:
        return atom()
    real = g.e.atom(g.scope)
    kinds = [lambda: f"{inner()} {g.c.pick('+-')} {inner()}", lambda: f"{inner()} * {g.c.pick(UNITS)}",
             lambda: f"{inner()} * {g.e.bounded(g.scope, 1)}", lambda: f"{inner()} + {real}",
             lambda: f"{inner()}.conjugate()", lambda: f"np.conj({inner()}) * 0.8",
             lambda: f"{inner()} / (1.4 + 0.3j + ({real}) ** 2)", lambda: f"{real} / ({inner()} * 0.2 + (2.1 + 0.9j))",
             lambda: f"{g.e.bounded(g.scope, 1)} * {inner()} * {inner()}", lambda: f"-{inner()}",
             lambda: f"{inner()} ** 2 * 0.5"]
    if g.has("complex-functions"):
        kinds += [lambda: g.c.pick(FUNCTIONS).format(inner())] * 3
    return g.c.pick(kinds)()


def assigned(g: Writer) -> None:
    g.used.add("complex")
    known = g.scope.of("z")
    if known and g.c.chance(0.4):
        name, op = g.c.pick(known).name, g.c.pick(["=", "+=", "-=", "*="])
        g.emit(f"{name} {op} {g.c.pick(UNITS) if op == '*=' else value(g, 2)}")
    else:
        text, name = value(g, 2), g.fresh("z")
        # A name is complex from the beginning, whatever the expression: numba wants one type of it.
        g.emit(f"{name} = {text} + 0.0j")
        g.scope.add(Var(name, "z"))


def back(g: Writer) -> None:
    """What is real of a complex number."""
    if not g.scope.of("z"):
        assigned(g)
    g.used.add("complex")
    z, w = g.c.pick(g.scope.of("z")[::-1]).name, g.c.pick(g.scope.of("z")).name
    g.define(g.c.pick([f"abs({z})", f"{z}.real", f"{z}.imag * {w}.real", f"np.abs({z} + 1.3)",
                       f"({z} * {w}).imag * 0.5", f"({z} * {w}.conjugate()).real", f"np.angle({z} + 2.5)",
                       f"cmath.phase({z} + (0.5 + 2.1j))", f"np.real({z}) * np.imag({w})", f"abs({value(g)})"]))


def iterated(g: Writer) -> None:
    """A map of the plane, iterated until it leaves a disc."""
    if g.indent > 2:
        return g.assign()
    if not g.scope.of("z"):
        assigned(g)
    g.used |= {"complex", "complex-loop", "loop"}
    z, i = g.c.pick(g.scope.of("z")).name, g.fresh("i")
    g.emit(f"for {i} in range({trips(g, '3', '4')}):")
    with g.block():
        g.scope.add(Var(i, "i", low=0, high=3, free=False))
        g.emit(f"{z} = {g.c.pick([f'{z} * {z} * 0.4 + {value(g)}', value(g, 2)])}")
        if g.c.chance(0.6):
            g.emit(f"if abs({z}) > 1.7:")
            g.emit(f"    {g.c.pick(['break', f'{z} = {z} * (0.1 - 0.2j)', 'continue'])}")
        if g.c.chance(0.4):
            g.loop_body()
    g.define(f"abs({z}) * {g.e.bounded(g.scope, 1)}")


def array(g: Writer) -> None:
    """An array of complex numbers, written by elements and by slices."""
    if g.indent > 2:
        return g.assign()
    u, i = g.fresh("c"), g.fresh("i")
    v = g.c.pick(g.scope.vectors(LENGTH))
    g.used |= {"complex", "complex-array", "loop"}
    if g.c.chance(0.6):
        g.emit(f"{u} = np.zeros({LENGTH}, np.complex128)")
        g.emit(f"for {i} in range({LENGTH}):")
        with g.block():
            g.scope.add(Var(i, "i", low=0, high=LENGTH - 1, free=False))
            g.emit(f"{u}[{i}] = {value(g)}")
            if g.c.chance(0.5):
                g.emit(f"{u}[{i} // 2] {g.c.pick(['*=', '+='])} {g.c.pick(UNITS)} * {u}[{i}]")
    else:
        g.emit(f"{u} = {v.name} * {g.c.pick(UNITS)} + {g.e.atom(g.scope)}")
    change = g.c.pick([f"{u}[1:] = {u}[:-1] * {g.c.pick(UNITS)}", f"{u}[{g.e.index(g.scope, LENGTH)}] = {value(g)}",
                       f"{u} *= {g.c.pick(UNITS)}", f"{u}[::2] += {g.e.atom(g.scope)}", ""])
    if change:
        g.emit(change)
    g.define(g.c.pick([f"np.sum({u}).real", f"np.sum(np.abs({u}))", f"abs(np.sum({u} * {u}))",
                       f"np.vdot({u}, {u}).real", f"({u}[0] * {u}[-1].conjugate()).imag",
                       f"np.sum({u}.real * {v.name})", f"np.sum({u}.imag)", f"np.sum(np.conj({u}) * {u}).real"]))
