"""Structures at the boundary of an operator: blocks by output and by argument, arrays given for results, directions."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

from s2sad.api.arguments import Wrt
from s2sad.api.memory import arrays_in
from s2sad.api.outputs import leaves_written, resolve
from s2sad.api.program import Program
from s2sad.api.results import fitting, normal, require_zero
from s2sad.api.structures import given_for, gradient_form
from s2sad.driver import Interface, flattened
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import Node, Tree, mapped
from s2sad.ir.types import is_array, is_differentiable


def output_order(program: Program, layout: Layout, interface: Interface,
                 outputs: tuple[str, ...] | str | None) -> tuple[str, ...] | None:
    """The outputs in terms of the generated function's parameters; ``None`` stands for the returned value alone."""
    return leaves_written(layout, interface, resolve(program, layout, interface, outputs))


def output_form(program: Program, layout: Layout, interface: Interface,
                outputs: tuple[str, ...] | str | None, wrt: tuple[str, ...]) -> tuple[Tree, list[Any]]:
    """The structure of the outputs, its leaves the numbers of those with a derivative, and the types of these."""
    kinds: list[Any] = []

    def counted(t: Any) -> int | None:
        if not is_differentiable(t):
            return None
        kinds.append(t)
        return len(kinds) - 1

    def of_result() -> Tree:
        found = [counted(t) for t in flattened(normal(interface.result))]
        return mapped(program.result_tree(layout, interface), lambda k: None if k is None else found[k])

    if outputs is None:
        return of_result(), kinds
    params = layout.user.params

    def of_parameter(k: int | None) -> int | None:
        if k is None or params[k] in interface.mutated:
            return None if k is None else counted(layout.types[k])
        if params[k] in wrt:
            raise BadCall(f"outputs and wrt name an argument of {program.name}, of which '{params[k]}' is not written "
                          "to", code="S2S046", hint="name arguments that are written to as a whole")
        return None

    names = (outputs,) if isinstance(outputs, str) else outputs
    return Node(tuple(of_result() if n == "return" else mapped(layout.tree(n), of_parameter) for n in names)), kinds


def block_form(program: Program, layout: Layout, interface: Interface, outputs: tuple[str, ...] | str | None,
               wrt: Wrt) -> tuple[Tree, list[tuple[Any, Any]]]:
    """The structure of a Jacobian, and the types (output, argument) of its blocks in the order they are returned.

    It is the structure of the outputs, with that of the arguments in ``wrt`` in place of each leaf.
    """
    by = layout.leaves(wrt.names, floating=True)
    for n in wrt.names:
        if _has_records(layout.tree(n)):
            raise BadCall(f"the Jacobian of {program.name} by '{n}', which holds records, is not supported yet",
                          code="S2S043", hint="pass the fields as a tuple of arrays")
    outer, kinds = output_form(program, layout, interface, outputs, by)
    inner = gradient_form(layout, wrt)

    def blocks(k: int | None) -> Tree:
        return None if k is None else mapped(inner, lambda j: None if j is None else k * len(by) + j)

    return mapped(outer, blocks), [(t, layout.types[j]) for t in kinds for j in layout.positions(by)]


def _has_records(tree: Tree) -> bool:
    return isinstance(tree, Node) and (tree.container is not None and tree.container.what in ("records", "record")
                                       or any(map(_has_records, tree.items)))


def block_type(output: Any, by: Any) -> types.Array:
    """The type of an array for a block."""
    rank = sum(t.ndim if is_array(t) else 0 for t in (output, by))
    return types.Array(output.dtype if is_array(output) else output, rank, "C")


def arrays_for(form: Tree, given: object, wanted: list[types.Array], args: tuple[object, ...]) -> list[np.ndarray]:
    """The arrays that results are written to, in order, checked against their types; ``args`` must not share memory.

    Raises
    ------
    BadCall
        Where something does not fit.
    """
    found: dict[int, np.ndarray] = {}
    for k, a, what in given_for(form, given, "out"):
        if k is None:
            require_zero(a, what, "nothing is written there")
            continue
        t = wanted[k]
        if type(a) is not np.ndarray or (a.ndim, a.dtype) != (t.ndim, as_dtype(t.dtype)):
            got = f"one of {a.dtype} with {a.ndim}" if isinstance(a, np.ndarray) else type(a).__name__
            raise BadCall(f"{what} has to be an array of {t.dtype} with {t.ndim} axes, not {got}", code="S2S043",
                          hint="the axes of the output come first, then those of the argument")
        if not a.flags.writeable:
            raise BadCall(f"{what} is read-only", code="S2S043", hint="give an array that can be written to")
        for other in (*found.values(), *arrays_in(args)):
            if np.may_share_memory(a, other):
                raise BadCall(f"{what} overlaps an argument or another array for results", code="S2S051",
                              hint="give arrays of their own for results")
        found[k] = a
    return [found[k] for k in range(len(wanted))]


def array_types(form: Tree, given: Tree, wanted: list[types.Array], text: str) -> list[str]:
    """The same for types, in compiled code: the expressions of the arrays in order."""
    found: dict[int, str] = {}

    def fit(form: Tree, given: Tree, text: str) -> None:
        if isinstance(form, Node):
            if not isinstance(given, Node) or len(given.items) != len(form.items):
                raise BadCall(f"an array for each part of the result is wanted, not {given}", code="S2S043",
                              hint=f"give a tuple of {len(form.items)}")
            for k, (f, g) in enumerate(zip(form.items, given.items)):
                fit(f, g, f"{text}[{k}]")
        elif form is not None:
            t = wanted[form]
            if not is_array(given) or given.ndim != t.ndim or given.dtype != t.dtype:
                raise BadCall(f"a result is an array of {t.dtype} with {t.ndim} axes, and {given} is given for it",
                              code="S2S043", hint="the axes of the output come first, then those of the argument")
            found[form] = text

    fit(form, given, text)
    return [found[k] for k in range(len(wanted))]


def directions(layout: Layout, wrt: Wrt, given: object, args: tuple[object, ...]) -> Iterator[object]:
    """One direction for each independent number or array, checked against the argument it belongs to; ``None`` is zero.

    ``args`` are those of the generated function.
    """
    trees = tuple(layout.tree(n) for n in wrt.names)
    tree = trees[0] if wrt.single else Node(trees)
    for k, v, what in given_for(tree, given, "the direction"):
        if k is None or not is_differentiable(layout.types[k]):
            require_zero(v, what)
        else:
            yield fitting(v, args[k], layout.types[k], what)
