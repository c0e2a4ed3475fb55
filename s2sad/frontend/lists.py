"""Lists of numbers: which displays make one, their methods, their truth.

Until :mod:`s2sad.lower.lists` a list is a name of the IR whose type numba gives; what is done with it are calls::

    s = [x]             s = Call("list", ((x,),))
    s.append(y)         Effect(Call("list.append", (s, y)))
    z = s.pop()         z = Call("list.pop", (s,))
    while s:            while len(s) > 0:

A display that is only taken apart (``p = [a, b]`` read at literal places) stays what a tuple is: its elements.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.frontend.iteration import iteration
from s2sad.frontend.source import Library, UserFunction
from s2sad.ir.nodes import Arg, Assign, Atom, Call, Const, Effect, For, GetItem, Op, Rhs, Slice, Stmt, TupleArg
from s2sad.ir.walk import walk

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions
    from s2sad.frontend.flatten import Flattener

METHODS = {"append": 1, "pop": (0, 1), "insert": 2, "extend": 1, "reverse": 0, "clear": 0}
REFUSED_METHODS = {"sort": "sort an array of indices yourself", "index": "search in a loop", "count": "count in a loop",
                   "remove": "find the place in a loop and `pop` it"}


def empty_list() -> Call:
    """The right-hand side that makes an empty list; fill it with :func:`append`."""
    return Call("list", (TupleArg(()),))


def append(flat: Expressions, name: str, value: Atom) -> None:
    """Emit ``name.append(value)``."""
    flat.emit(Effect(Call("list.append", (name, value)), flat.loc))


def yields_list(rhs: object, lists: set[str]) -> bool:
    """Whether a right-hand side is a list, given the names that are."""
    match rhs:
        case str():
            return rhs in lists
        case Call("list"):
            return True
        case Call("np.copy", (str(x),)):
            return x in lists
        case GetItem(base, (Slice(),)):
            return base in lists
        case Op("add" | "mul", args):
            return any(a in lists for a in args if isinstance(a, str))
    return False


def changes_memory(s: Stmt) -> bool:
    """Whether a statement changes a list (or draws a number) though it binds a name."""
    return isinstance(s, Assign) and isinstance(s.value, Call) and s.value.fn in ("list.pop",)


# ---------------------------------------------------------------------------- displays

def listed(flat: Expressions, node: gast.AST, target: gast.AST | None = None) -> Rhs | Arg | None:
    """A display that makes a list, for a target that is used as one; ``None`` for any other expression."""
    if not isinstance(node, gast.List):
        return None
    if node.elts and isinstance(target, gast.Name) and not needs_list(flat.user, target.id):
        return None
    return display(flat, node)


def display(flat: Expressions, node: gast.List) -> Call:
    items = []
    for e in node.elts:
        if isinstance(e, gast.Starred):
            flat.refuse("'*' in a list is not supported yet", e, hint="extend the list")
        items.append(flat.value(e))
    return Call("list", (TupleArg(tuple(items)),))


def needs_list(user: UserFunction, name: str, seen: frozenset[object] = frozenset()) -> bool:
    """Whether a function does something with a name that only a list can do (its elements do not suffice)."""
    if (user.key, name) in seen:
        return False
    seen |= {(user.key, name)}

    def is_it(node: object) -> bool:
        return isinstance(node, gast.Name) and node.id == name

    def used_as_list(node: gast.AST) -> bool:
        match node:
            case gast.Call(func=gast.Attribute(value=v)) if is_it(v):
                return True
            case gast.Subscript(value=v, slice=at, ctx=ctx) if is_it(v):
                return not isinstance(ctx, gast.Load) or not _literal(at)
            case gast.AugAssign(target=v) if is_it(v):
                return True
            case gast.Assign(targets=targets, value=v):
                others = {t.id for t in targets if isinstance(t, gast.Name)} - {name}
                if is_it(v) or isinstance(v, gast.IfExp) and (is_it(v.body) or is_it(v.orelse)):
                    return any(needs_list(user, n, seen) for n in others)
                return any(is_it(t) for t in targets) and (
                    isinstance(v, gast.List) and not v.elts or isinstance(v, gast.BinOp) and _has_display(v)
                    or isinstance(v, gast.ListComp))
            case gast.For(iter=v) if is_it(v):
                return True
            case gast.While(test=v) | gast.If(test=v) if is_it(v):
                return True
            case gast.Call(func=gast.Name(id=callee), args=args) if callee not in user.params and any(map(is_it, args)):
                return _handed_over(user, callee, [k for k, a in enumerate(args) if is_it(a)], seen)
        return False

    return any(used_as_list(n) for s in user.node.body for n in gast.walk(s))


def _handed_over(user: UserFunction, callee: str, places: list[int], seen: frozenset[object]) -> bool:
    try:
        meaning = user.lookup(callee)
    except Exception as e:  # noqa: BLE001  # what the name means is complained about where it is lowered
        del e
        return False
    if isinstance(meaning, UserFunction):
        return any(needs_list(meaning, meaning.params[k], seen) for k in places if k < len(meaning.params))
    return isinstance(meaning, Library) and meaning.name in ("len", "sum", "enumerate", "zip", "max", "min") \
        and meaning.name in ("enumerate", "zip")


def _literal(at: gast.AST) -> bool:
    if isinstance(at, gast.UnaryOp):
        at = at.operand
    return isinstance(at, gast.Constant)


def _has_display(node: gast.BinOp) -> bool:
    return any(isinstance(n, gast.List) for n in gast.walk(node))


# ---------------------------------------------------------------------------- what is done with lists

def truth(flat: Expressions, value: Atom) -> Atom:
    """A list as a condition: whether it has elements."""
    if isinstance(value, str) and value in flat.names.lists:
        return flat.temporary(Op("gt", (flat.temporary(Call("len", (value,))), Const(0))))
    return value


def found(flat: Expressions, value: Atom, name: str) -> str:
    """Whether an element of a list equals a value: a loop that stops where one does."""
    result, counter = flat.names.flag("found"), flat.names.flag("counter")
    flat.emit(Assign(result, Const(False), flat.loc))
    size = flat.temporary(Call("len", (name,)))

    def body() -> None:
        flat.emit(Assign(result, Op("eq", (flat.temporary(GetItem(name, (counter,))), value)), flat.loc))

    flat.emit(For(counter, Const(0), size, Const(1), flat.nested(body), exit=result, loc=flat.loc))
    return result


def method(flat: Expressions, name: str, attr: str, node: gast.Call) -> Rhs | Arg:
    """A method of the list ``name``."""
    if attr == "copy" and not node.args:
        return Call("np.copy", (name,))
    if attr in REFUSED_METHODS or attr not in METHODS:
        flat.refuse(f"the method '.{attr}' of a list is not supported", node, code="S2S010",
                    hint=REFUSED_METHODS.get(attr, "write it with `append` and `pop`"))
    wanted = METHODS[attr]
    if node.keywords or len(node.args) not in (wanted if isinstance(wanted, tuple) else (wanted,)):
        flat.refuse(f"this call of '.{attr}' is not supported", node, code="S2S011",
                    hint="pass the arguments it needs, by position")
    if attr == "extend":
        extend(flat, name, node.args[0])
        return Const(None)
    args = tuple(flat.atom(a) for a in node.args)
    call = Call(f"list.{attr}", (name, *args))
    if attr == "pop":
        return call
    flat.emit(Effect(call, flat.user.loc(node)))
    return Const(None)


def extend(flat: Expressions, name: str, node: gast.AST) -> None:
    """``name.extend(node)``."""
    if isinstance(node, gast.List):
        for value in [flat.atom(e) for e in node.elts]:
            append(flat, name, value)
        return
    if isinstance(node, gast.Name):
        held = flat.value(node)
        if isinstance(held, str) and held in flat.names.lists:
            flat.emit(Effect(Call("list.extend", (name, held)), flat.loc))
            return
    append_all(flat, name, node)  # type: ignore[arg-type]


def append_all(flat: Flattener, name: str, node: gast.AST) -> None:
    """Emit a loop that appends every value of an iterable."""
    loc = flat.user.loc(node)
    each = iteration(flat, node)
    start, stop, step, give = each.start, each.stop, each.step, each.give
    counter = flat.names.flag("counter")

    def body() -> None:
        append(flat, name, flat.as_atom(give(counter), node))

    flat.emit(For(counter, start, stop, step, flat.nested(body), loc=loc))


def list_call(flat: Expressions, node: gast.Call) -> Rhs | Arg:
    """``list()`` and ``list(iterable)``."""
    if node.keywords or len(node.args) > 1:
        flat.refuse("this call of 'list' is not supported", node, code="S2S011", hint="append in a loop")
    if not node.args:
        return empty_list()
    if isinstance(node.args[0], gast.List):
        return display(flat, node.args[0])
    name = flat.temporary(empty_list())
    append_all(flat, name, node.args[0])  # type: ignore[arg-type]
    return name


def returned_lists(body: tuple, lists: set[str]) -> None:
    """Names that a helper's ``return`` gives a list are lists."""
    for s in walk(body):
        if isinstance(s, Assign) and isinstance(s.value, str) and s.value in lists:
            lists.add(s.target)
