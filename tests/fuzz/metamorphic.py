"""Rewriting a program without changing what it means: dead code, other names, a statement moved into a helper."""
from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from s2sad.ir.names import RESERVED
from tests.fuzz.choices import Choices
from tests.fuzz.program import WRT

HOSTILE = ("b_x", "d_x", "tape", "tape_t1", "top", "b_value", "value", "t1", "t2", "t1_1", "x_1", "stop", "result",
           "n_x",
           "saved", "zmul", "nonzero", "needed", "capacity", "old_t1", "b_x_1", "cotangents", "clamp", "grown",
           "sech2", "i", "j", "_i", "step", "trips", "p", "at", "test", "aux", "range_", "f_grad",
           "f_adjoint", "njit", "numba")
"""Names that the compiler makes itself, or that its generated modules use."""
DEAD = ("{new} = math.sin(a) * x[1]", "{new} = x * 2.0", "{new} = b / 3.0", "{new} = np.zeros(n + 1)",
        "for {new} in range(3):\n    pass", "if n > 100:\n    x[0] = 7.0 * a",
        "while n > 100:\n    a = a * 2.0", "{new} = W[1, 2] * y[0]\n{new} = {new} * {new}")


def rewrite(source: str, choices: Choices) -> tuple[str, str, tuple[str, ...]]:
    """What was done, the other program, and what its parameters of interest are called."""
    match choices.below(3):
        case 0:
            return "dead code", dead_code(source, choices), WRT
        case 1:
            text, names = renaming(source, choices)
            return "renaming", text, tuple(names.get(p, p) for p in WRT)
        case _:
            return "outlining", outlined(source, choices), WRT


def main_function(tree: ast.Module) -> ast.FunctionDef:
    return next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "f")


def text_of(tree: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def outside_functions(f: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside it."""
    yield f
    waiting: list[ast.AST] = [*f.body]
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            yield node
            waiting += ast.iter_child_nodes(node)


def dead_code(source: str, choices: Choices) -> str:
    """Statements that nothing depends on, in up to three places."""
    tree = ast.parse(source)
    f = main_function(tree)
    for k in range(1 + choices.below(3)):
        blocks = [b for n in outside_functions(f) for b in (getattr(n, "body", None), getattr(n, "orelse", None))
                  if isinstance(b, list) and b]
        block = choices.pick(blocks)
        statements = ast.parse(choices.pick(DEAD).format(new=f"unused_{k}")).body
        at = choices.below(len(block) + 1)
        if at == len(block) and isinstance(block[-1], (ast.Return, ast.Break, ast.Continue)):
            at -= 1
        block[at:at] = statements
    return text_of(tree)


def renaming(source: str, choices: Choices) -> tuple[str, dict[str, str]]:
    """All names of the main function replaced by hostile ones."""
    tree = ast.parse(source)
    f = main_function(tree)
    local = list(dict.fromkeys([a.arg for a in f.args.args] + [
        n.id for n in ast.walk(f) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]))
    taken = {n.id for n in ast.walk(f) if isinstance(n, ast.Name)} | set(local)
    free = [h for h in HOSTILE if h not in taken]
    start = choices.below(len(free))
    free = free[start:] + free[:start]
    parameters = len(f.args.args)
    names: dict[str, str] = {}
    for k, name in enumerate(local):
        # A parameter may not have a name that generated code uses; that is documented.
        fit = next((h for h in free if k >= parameters or h not in RESERVED), None)
        if fit is not None:
            names[name] = fit
            free.remove(fit)
    for module in ("np", "math"):
        if module not in taken and len(local) > parameters:
            names[choices.pick(local[parameters:])] = module
            break
    for n in ast.walk(f):
        if isinstance(n, ast.Name):
            n.id = names.get(n.id, n.id)
        elif isinstance(n, ast.arg):
            n.arg = names.get(n.arg, n.arg)
        elif isinstance(n, ast.Nonlocal):
            n.names = [names.get(name, name) for name in n.names]
        elif isinstance(n, ast.MatchAs) and n.name is not None:
            n.name = names.get(n.name, n.name)
    return text_of(tree), names


def outlined(source: str, choices: Choices) -> str:
    """The right side of an assignment, or a whole store, becomes a helper function of what it reads."""
    tree = ast.parse(source)
    f = main_function(tree)
    known = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)} | {"math", "cmath", "np"} | set(dir(builtins))
    known |= {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
    # Lists that a helper makes are structures; the others bind names.
    unfit = (ast.NamedExpr, ast.Lambda, ast.comprehension, ast.List)
    places = [n for n in outside_functions(f) if isinstance(n, ast.Assign) and not isinstance(n.targets[0], ast.Tuple)
              and not isinstance(n.value, (ast.Name, ast.Subscript)) or isinstance(n, ast.Return)]
    # A helper is given the values that names had before it was called: none may change while it runs.
    changing = {n.name for n in ast.walk(f) if isinstance(n, ast.FunctionDef) and n is not f and any(
        isinstance(inside, ast.Nonlocal) for inside in ast.walk(n))}
    places = [n for n in places if not any(isinstance(inside, unfit) or isinstance(inside, ast.Name)
                                           and inside.id in changing for inside in ast.walk(n))]
    place = choices.pick(places)
    whole = isinstance(place, ast.Assign) and isinstance(place.targets[0], ast.Subscript) and choices.chance(0.6)
    inside: ast.AST = place if whole else place.value
    free = list(dict.fromkeys(n.id for n in ast.walk(inside) if isinstance(n, ast.Name) and n.id not in known))
    body: list[ast.stmt] = [ast.parse(ast.unparse(place)).body[0] if whole
                            else ast.Return(value=ast.parse(ast.unparse(inside), mode="eval").body)]
    helper = ast.parse(f"def outlined({', '.join(free)}): pass").body[0]
    assert isinstance(helper, ast.FunctionDef)
    helper.body = body
    call = ast.Call(func=ast.Name("outlined", ast.Load()), args=[ast.Name(n, ast.Load()) for n in free], keywords=[])
    if whole:
        for n in ast.walk(f):
            for field in ("body", "orelse"):
                block = getattr(n, field, None)
                if isinstance(block, list) and place in block:
                    block[block.index(place)] = ast.Expr(value=call)
    else:
        place.value = call
    tree.body.insert(tree.body.index(f), helper)
    return text_of(tree)


SCHEDULES = ("snapshots=1", "snapshots=2", "snapshots=3", "snapshots=2, schedule='periodic'", "schedule='sqrt'",
             "schedule='store_all'", "memory='1kB'")
ONLINE = ("snapshots=1", "snapshots=2", "snapshots=3", "memory='200 B'")


def read_at_the_end(source: str) -> list[str]:
    """Variables that have a value where the program's one ``return`` is, at its end; none if it has others."""
    tree = ast.parse(source)
    f = main_function(tree)
    returns = [n for n in outside_functions(f) if isinstance(n, ast.Return)]
    if returns != f.body[-1:]:
        return []
    known = {n.id for n in ast.walk(f) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    known |= {p.arg for p in f.args.args}
    bound = {s.targets[0].id for s in f.body if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)}
    return sorted(bound | {n.id for n in ast.walk(returns[0]) if isinstance(n, ast.Name)} & known)


def with_aux(source: str, names: list[str]) -> str:
    """The program that returns variables beside its value."""
    tree = ast.parse(source)
    returned = main_function(tree).body[-1]
    aux = ast.Tuple([ast.Name(n, ast.Load()) for n in names], ast.Load())
    returned.value = ast.Tuple([returned.value, aux], ast.Load())  # type: ignore[attr-defined]
    return text_of(tree)


def checkpointed(source: str, choices: Choices) -> str | None:
    """A loop or two, over ranges or of unknown length, keep snapshots; none if there are no such loops."""
    tree = ast.parse(source)
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.While) or isinstance(n, ast.For)
             and isinstance(n.iter, ast.Call) and isinstance(n.iter.func, ast.Name) and n.iter.func.id == "range"]
    if not loops:
        return None
    for loop in dict.fromkeys(choices.pick(loops) for _ in range(2 if choices.chance(0.3) else 1)):
        ranged = isinstance(loop, ast.For)
        call = ast.parse(f"s2sad.checkpointed(r, {choices.pick(SCHEDULES if ranged else ONLINE)})", mode="eval").body
        assert isinstance(call, ast.Call)
        if isinstance(loop, ast.For):
            call.args = [loop.iter]
            loop.iter = call
        else:
            call.args = [loop.test]
            loop.test = call
    return "import s2sad\n" + text_of(tree)
