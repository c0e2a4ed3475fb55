"""List comprehensions: loops that append to a list, with names of their own for what they go over."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.frontend import lists
from s2sad.frontend.iteration import iteration
from s2sad.frontend.scopes import targets
from s2sad.ir.nodes import For, If

if TYPE_CHECKING:
    from s2sad.frontend.flatten import Flattener


def list_comprehension(flat: Flattener, node: gast.ListComp) -> str:
    """Emit the loops and give the name of the list.

    ``[v * w for v in x if v > 0]`` becomes ``t = []`` and ``for v in x: if v > 0: t.append(v * w)``.
    """
    name = flat.temporary(lists.empty_list())
    own = set().union(*(targets(g.target) for g in node.generators))
    bases = {n: flat.names.fresh(n) for n in sorted(own)}
    frame = type(flat)(flat.user, flat.names, flat.prologue, flat.stack, own, bases)
    frame.caller, frame.handed = flat.caller, flat.handed
    frame.outer, frame.locals, frame.fleeting, frame.out, frame.loc = flat, own, set(), flat.out, flat.loc
    _loops(frame, node, 0, name)
    return name


def _loops(frame: Flattener, node: gast.ListComp, k: int, name: str) -> None:
    generator = node.generators[k]
    loc = frame.user.loc(generator.iter)
    # What the first goes over is evaluated outside: there, its names are those of the function.
    own, frame.locals = frame.locals, frame.locals if k else set()
    each = iteration(frame, generator.iter)
    start, stop, step, give = each.start, each.stop, each.step, each.give
    frame.locals = own
    counter = frame.names.flag("counter")

    def conditions(rest: list) -> None:
        if rest:
            test = frame.condition(rest[0])
            frame.emit(If(test, frame.nested(lambda: conditions(rest[1:])), (), frame.user.loc(rest[0])))
        elif k + 1 < len(node.generators):
            _loops(frame, node, k + 1, name)
        else:
            lists.append(frame, name, frame.atom(node.elt))

    def body() -> None:
        frame.store(generator.target, give(counter))
        conditions(generator.ifs)

    frame.emit(For(counter, start, stop, step, frame.nested(body), loc=loc))
